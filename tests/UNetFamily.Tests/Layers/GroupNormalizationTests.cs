namespace UNetFamily.Tests.Layers;

/// <summary>Group and instance norms with the channels last, and their gradients, against libtorch's in float64.</summary>
public class GroupNormalizationTests
{
    public static TheoryData<string, long, long, long[], double> Cases() => new()
    {
        // kind, channels, groups, sides, mean
        { "group", 32, 32, [9, 8, 7], 0 },
        { "group", 48, 4, [5, 70, 31], 0 },
        { "group", 16, 1, [64, 65], 0 },
        { "group", 32, 32, [60, 61], 100 },
        { "group", 64, 8, [12, 13], -100 },
        { "group", 16, 16, [1, 2], 0 },
        { "instance", 32, 32, [17, 18], 3 },
        { "plain", 32, 32, [6, 7, 8], 3 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_gradients_are_those_of_libtorch(string kind, long channels, long groups, long[] sides, double mean)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var norm = Layer(kind, channels, groups, sides.Length);
        var input = (randn([2, channels, .. sides]) + mean).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var slope = randn([2, channels, .. sides]);

        var output = Run(norm, input);
        var found = Gradients(output, slope, input, norm);
        output.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        found[0].IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();

        norm.to(ScalarType.Float64);
        var exactInput = input.detach().to(ScalarType.Float64).requires_grad_();
        var exact = norm.call(exactInput);
        // float32 at 100 has steps of 8e-6, and deviations are about 1.
        var tolerance = mean is 100 or -100 ? 5e-5 : 1e-5;
        if (sides.Sum() > 3) TensorAssert.Close(output, exact, tolerance);
        else TensorAssert.Close(output, exact, 1e-3);
        foreach (var (gradient, wanted) in found.Zip(Gradients(exact, slope.to(ScalarType.Float64), exactInput, norm)))
        {
            // Of two positions nearly nothing is left.
            var scale = wanted.abs().max() + (sides.Sum() > 3 ? 0 : 1);
            TensorAssert.Close(gradient / scale, wanted / scale, sides.Sum() > 3 ? tolerance : 1e-2);
        }
    }

    [Theory]
    [InlineData("group", 4)]
    [InlineData("instance", 32)]
    [InlineData("plain", 32)]
    public void Gradients_have_gradients(string kind, long groups)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var norm = Layer(kind, 32, groups, 2);
        var input = randn([2, 32, 7, 9]).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var found = Penalties(Run(norm, input), input);
        norm.to(ScalarType.Float64);
        var exact = input.detach().to(ScalarType.Float64).requires_grad_();
        foreach (var (gradient, wanted) in found.Zip(Penalties(norm.call(exact), exact)))
        {
            var scale = wanted.abs().max();
            TensorAssert.Close(gradient / scale, wanted / scale, 1e-4);
        }

        List<Tensor> Penalties(Tensor output, Tensor input)
        {
            Tensor[] all = [input, .. norm.parameters().Take(1)];
            var gradients = autograd.grad([output.pow(3).sum()], all, retain_graph: true, create_graph: true);
            return [.. autograd.grad([gradients.Select(gradient => gradient.square().sum()).Aggregate((sum, next) => sum + next)], all)];
        }
    }

    [Fact]
    public void Threads_change_nothing()
    {
        using var scope = NewDisposeScope();
        var norm = Layer("group", 32, 8, 3);
        var input = randn([2, 32, 20, 21, 22]).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var slope = randn([2, 32, 20, 21, 22]);
        var before = get_num_threads();
        try
        {
            var found = new List<List<Tensor>>();
            foreach (var threads in (int[])[1, 3, 3])
            {
                set_num_threads(threads);
                var output = Run(norm, input);
                found.Add([output, .. Gradients(output, slope, input, norm)]);
            }
            foreach (var other in found[1..])
                foreach (var (tensor, expected) in other.Zip(found[0])) TensorAssert.Equal(tensor, expected);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Only_what_is_trained_gets_gradients()
    {
        using var scope = NewDisposeScope();
        var norm = (GroupNorm)Layer("group", 32, 8, 2);
        var input = randn([1, 32, 5, 6]).CopyIn(MemoryLayout.ChannelsLast);
        norm.weight!.requires_grad_(false);
        Run(norm, input).sum().backward();
        norm.weight!.grad.Should().BeNull();
        norm.bias!.grad.Should().NotBeNull();
        norm.bias!.requires_grad_(false);
        Run(norm, input).requires_grad.Should().BeFalse();
        using (no_grad()) TensorAssert.Equal(Run(norm, input), Run(norm, input.requires_grad_()));
    }

    [Fact]
    public void Other_norms_are_libtorchs()
    {
        using var scope = NewDisposeScope();
        var norm = (GroupNorm)Layer("group", 32, 8, 2);
        var last = randn([1, 32, 5, 6]).CopyIn(MemoryLayout.ChannelsLast);
        Of(last).Should().NotBeNull();
        Of(last.contiguous()).Should().BeNull();
        Of(last.to(ScalarType.Float64)).Should().BeNull();
        Of(last.narrow(1, 0, 24)).Should().BeNull();
        Of(last[.., .., .., ..3]).Should().BeNull("it isn't dense");
        var called = 0;
        norm.register_forward_hook((_, _, output) =>
        {
            called++;
            return output;
        });
        Run(norm, last);
        called.Should().Be(1);

        GroupNormalization? Of(Tensor x) => GroupNormalization.Of(x, 8, 1e-5, norm.weight, norm.bias);
    }

    [Fact]
    public void Nothing_but_the_output_stays()
    {
        using var norm = Layer("group", 32, 8, 2);
        using var contiguous = randn([2, 32, 5, 6]);
        using var input = contiguous.CopyIn(MemoryLayout.ChannelsLast);
        using (no_grad()) NoLeaks.During(() => Run(norm, input).Dispose()).Should().Be(0);
        NoLeaks.During(() => Run(norm, input).Dispose()).Should().Be(0);
        NoLeaks.During(() =>
        {
            using var step = NewDisposeScope();
            Run(norm, input).sum().backward();
            norm.zero_grad();
        }).Should().Be(0);
    }

    private static Tensor Run(Module<Tensor, Tensor> norm, Tensor input) => KnownLayers.Find(norm)!.Run([input]);

    private static List<Tensor> Gradients(Tensor output, Tensor slope, Tensor input, nn.Module norm) => [.. autograd.grad([(output * slope).sum()], [input, .. norm.parameters()])];

    private static Module<Tensor, Tensor> Layer(string kind, long channels, long groups, int axes)
    {
        Module<Tensor, Tensor> norm = kind is "group" ? GroupNorm(groups, channels) : axes == 2 ? InstanceNorm2d(channels, affine: kind is "instance") : InstanceNorm3d(channels, affine: kind is "instance");
        using var noGradient = no_grad();
        foreach (var parameter in norm.parameters()) parameter.uniform_(0.5, 1.5);
        return norm;
    }
}
