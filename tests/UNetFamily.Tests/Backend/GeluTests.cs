namespace UNetFamily.Tests.Backend;

/// <summary>
/// The float32 backward of GELU on CPU in libtorch 1.13 reads the gradient under the input's layout. No backend may expose that: the gradient must be
/// that of float64 whatever the layouts of the input and of the gradient that comes in are.
/// </summary>
public class GeluTests
{
    public static TheoryData<string, string> Layouts()
    {
        var data = new TheoryData<string, string>();
        foreach (var input in (string[])["contiguous", "channels last", "permuted", "sliced"])
        {
            foreach (var grad in (string[])["contiguous", "channels last", "permuted", "sliced", "expanded"]) data.Add(input, grad);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Gradient_is_that_of_float64(string inputLayout, string gradLayout)
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        long[] shape = [2, 5, 6, 7];
        var x = randn(shape);
        var g = gradLayout == "expanded" ? randn(1, 5, 1, 1).expand(shape) : randn(shape);
        foreach (var activation in (Func<Tensor, Tensor>[])[functional.gelu, t => t.gelu(), t => t.clone().gelu_(), nn.GELU().call])
        {
            Gradient(Layout(x, inputLayout), Layout(g, gradLayout), activation)
                .allclose(Gradient(x.to(ScalarType.Float64), g.to(ScalarType.Float64), activation).to(ScalarType.Float32), rtol: 1e-4, atol: 1e-5)
                .Should().BeTrue();
        }
    }

    [Fact]
    public void Gradient_of_the_gradient_is_that_of_float64()
    {
        using var scope = NewDisposeScope();
        var x = randn(2, 3, 4, 5);
        Second(x).allclose(Second(x.to(ScalarType.Float64)).to(ScalarType.Float32), rtol: 1e-4, atol: 1e-5).Should().BeTrue();

        static Tensor Second(Tensor value)
        {
            var input = value.detach().requires_grad_();
            var first = autograd.grad([functional.gelu(input).permute(0, 2, 3, 1).pow(2).sum()], [input], retain_graph: true, create_graph: true)[0];
            return autograd.grad([first.sum()], [input])[0];
        }
    }

    private static Tensor Gradient(Tensor value, Tensor grad, Func<Tensor, Tensor> activation)
    {
        var input = value.detach().requires_grad_();
        activation(input).backward([grad]);
        return input.grad!;
    }

    private static Tensor Layout(Tensor t, string layout) => layout switch
    {
        "channels last" => t.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        "permuted" => t.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        "sliced" => cat([t, t], 3)[.., .., .., ..(int)t.shape[3]],
        _ => t,
    };
}
