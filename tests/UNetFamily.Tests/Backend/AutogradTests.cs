using System.Runtime.InteropServices;

namespace UNetFamily.Tests.Backend;

/// <summary>Gradients, the modes that switch them off, and functions with a derivative of one's own.</summary>
public class AutogradTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Backward_fills_the_gradients_of_leaves_and_adds_to_them()
    {
        var x = tensor([1f, 2f, 3f], requires_grad: true);
        x.grad.Should().BeNull();
        (x * x).sum().backward();
        x.grad!.data<float>().ToArray().Should().Equal(2, 4, 6);
        (x * x).sum().backward();
        x.grad!.data<float>().ToArray().Should().Equal(4, 8, 12);
        x.grad = null;
        x.grad.Should().BeNull();
        x.is_leaf.Should().BeTrue();
        (x * 2).is_leaf.Should().BeFalse();
        x.detach().requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Gradients_of_gradients()
    {
        var x = tensor([1f, 2f], requires_grad: true);
        var first = autograd.grad([x.pow(3).sum()], [x], create_graph: true)[0];
        first.data<float>().ToArray().Should().Equal(3, 12);
        first.sum().backward();
        x.grad!.data<float>().ToArray().Should().Equal(6, 12);
    }

    [Fact]
    public void An_unused_input_is_an_error_unless_allowed()
    {
        var x = ones(1).requires_grad_();
        var unused = ones(1).requires_grad_();
        FluentActions.Invoking(() => autograd.grad([(x * 2).sum()], [x, unused])).Should().Throw<ExternalException>();
        autograd.grad([(x * 2).sum()], [x], [ones(1).sum() * 3])[0].item<float>().Should().Be(6);
    }

    [Fact]
    public void A_graph_is_freed_unless_it_is_retained()
    {
        var x = ones(2, requires_grad: true);
        var y = x.exp().sum();
        y.backward(retain_graph: true);
        y.backward();
        y.Invoking(t => t.backward()).Should().Throw<ExternalException>().WithMessage("*second time*");
    }

    [Fact]
    public void A_vector_needs_the_gradient_that_comes_in()
    {
        var x = ones(2, requires_grad: true);
        var y = x * 3;
        y.Invoking(t => t.backward()).Should().Throw<ExternalException>().WithMessage("*scalar*");
        y.backward([tensor([1f, 10f])]);
        x.grad!.data<float>().ToArray().Should().Equal(3, 30);
    }

    [Fact]
    public void Modes_hold_until_they_are_disposed()
    {
        var x = ones(2, requires_grad: true);
        is_grad_enabled().Should().BeTrue();
        using (no_grad())
        {
            is_grad_enabled().Should().BeFalse();
            (x * 2).requires_grad.Should().BeFalse();
            using (enable_grad()) (x * 2).requires_grad.Should().BeTrue();
            is_grad_enabled().Should().BeFalse();
        }

        is_grad_enabled().Should().BeTrue();
        using (inference_mode())
        {
            is_inference_mode_enabled().Should().BeTrue();
            (x * 2).requires_grad.Should().BeFalse();
        }

        is_inference_mode_enabled().Should().BeFalse();
        (x * 2).requires_grad.Should().BeTrue();
    }

    [Fact]
    public void A_leaf_that_needs_a_gradient_is_not_changed_in_place_outside_no_grad()
    {
        var x = ones(2, requires_grad: true);
        x.Invoking(t => t.add_(1)).Should().Throw<ExternalException>().WithMessage("*leaf*");
        using (no_grad()) x.add_(1);
        x.data<float>().ToArray().Should().Equal(2, 2);
    }

    [Fact]
    public void A_kept_gradient_of_an_inner_tensor_is_there()
    {
        var x = ones(2, requires_grad: true);
        var y = x * 2;
        y.retain_grad();
        y.sum().backward();
        y.grad!.data<float>().ToArray().Should().Equal(1, 1);
    }

    [Fact]
    public void A_function_of_ones_own_has_its_own_derivative()
    {
        var x = tensor([1f, 2f], requires_grad: true);
        var y = Scaled.apply(x, 5f);
        y.data<float>().ToArray().Should().Equal(5, 10);
        y.sum().backward();
        x.grad!.data<float>().ToArray().Should().Equal(500, 500);
        Scaled.apply(ones(2), 5f).requires_grad.Should().BeFalse();
    }

    [Fact]
    public void A_function_of_several_tensors_gets_what_it_saved()
    {
        var a = tensor([2f], requires_grad: true);
        var b = tensor([3f], requires_grad: true);
        var made = Both.apply(a, b);
        (made[0] + made[1]).sum().backward();
        a.grad!.item<float>().Should().Be(4);
        b.grad!.item<float>().Should().Be(3);
    }

    private sealed class Scaled : autograd.SingleTensorFunction<Scaled>
    {
        public override string Name => nameof(Scaled);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("factor", vars[1]);
            return ((Tensor)vars[0]).mul((float)vars[1]);
        }

        // A hundred times too much, so that nothing else can have computed it.
        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output * ((float)ctx.get_data("factor") * 100), null!];
    }

    private sealed class Both : autograd.MultiTensorFunction<Both>
    {
        public override string Name => nameof(Both);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (a, b) = ((Tensor)vars[0], (Tensor)vars[1]);
            ctx.save_for_backward([a, b]);
            return [a * b, a + b];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var saved = ctx.get_saved_variables();
            return [grad_outputs[0] * saved[1] + grad_outputs[1], grad_outputs[0] * saved[0] + grad_outputs[1]];
        }
    }
}
