using TorchSharp.Modules;

namespace UNetFamily.Tests.Layers;

/// <summary>Depthwise convolutions by this library's kernel against libtorch's in float64.</summary>
public class DepthwiseConvolutionTests
{
    private const int Channels = 6;

    public static TheoryData<string, int[], int[], int[], int[], int[], int> Cases() => new()
    {
        // kind, sides, kernel, stride, padding, dilation, batch
        { "conv", [9, 7, 8], [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], 1 },
        { "conv", [9, 7, 8], [5, 5, 5], [1, 1, 1], [2, 2, 2], [1, 1, 1], 2 },
        { "conv", [9, 7, 33], [7, 3, 1], [1, 1, 1], [0, 1, 0], [1, 1, 1], 1 },
        { "conv", [9, 7, 8], [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], 2 },
        { "conv", [8, 9, 10], [5, 3, 2], [2, 1, 3], [2, 1, 0], [1, 1, 1], 1 },
        { "conv", [8, 9, 10], [3, 3, 3], [1, 2, 1], [2, 3, 4], [2, 3, 4], 1 },
        { "conv", [4, 4, 4], [1, 1, 1], [2, 2, 2], [0, 0, 0], [1, 1, 1], 1 },
        { "conv", [1, 1, 1], [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], 3 },
        { "conv", [40, 50], [7, 7], [1, 1], [3, 3], [1, 1], 2 },
        { "conv", [40, 50], [7, 7], [2, 3], [3, 3], [1, 2], 2 },
        { "conv", [5, 130], [3, 9], [1, 1], [1, 4], [1, 1], 1 },
        { "reflect", [9, 7, 8], [3, 5, 3], [1, 1, 1], [1, 2, 2], [1, 1, 1], 2 },
        { "reflect", [40, 50], [7, 7], [1, 1], [3, 3], [1, 1], 2 },
        { "reflect", [9, 8], [7, 3], [2, 3], [3, 2], [1, 2], 1 },
        { "replicate", [1, 2], [7, 7], [1, 1], [3, 3], [1, 1], 1 },
        { "replicate", [6, 7, 8], [3, 3, 3], [2, 1, 2], [1, 1, 1], [1, 1, 1], 2 },
        { "circular", [6, 20], [3, 5], [1, 1], [1, 2], [1, 1], 2 },
        { "transposed", [4, 5, 6], [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], 2 },
        { "transposed", [4, 5, 6], [5, 5, 5], [2, 2, 2], [2, 2, 2], [1, 1, 1], 1 },
        { "transposed", [4, 5, 6], [1, 2, 4], [3, 2, 1], [0, 0, 1], [1, 1, 2], 1 },
        { "transposed", [9, 11], [2, 2], [2, 2], [0, 0], [1, 1], 2 },
        // Long enough for several positions at once.
        { "conv", [3, 4, 41], [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], 2 },
        { "replicate", [3, 4, 35], [3, 3, 5], [1, 1, 2], [2, 1, 6], [1, 1, 2], 2 },
        { "circular", [5, 64], [3, 9], [1, 1], [1, 4], [1, 1], 1 },
        { "transposed", [2, 3, 21], [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], 2 },
        { "transposed", [4, 40], [4, 5], [2, 3], [1, 2], [1, 2], 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_gradients_are_those_of_libtorch(string kind, int[] sides, int[] kernel, int[] stride, int[] padding, int[] dilation, int batch)
    {
        // Neither the input nor its gradient need be dense.
        Compare(Channels, kind, sides, kernel, stride, padding, dilation, batch, input => input.transpose(-1, -2).contiguous().transpose(-1, -2));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void So_they_are_with_the_channels_last(string kind, int[] sides, int[] kernel, int[] stride, int[] padding, int[] dilation, int batch)
    {
        var output = Compare(32, kind, sides, kernel, stride, padding, dilation, batch, input => input.InLayout(MemoryLayout.ChannelsLast));
        output.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
    }

    [Fact]
    public void Threads_change_nothing_with_the_channels_last()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var conv = Layer("conv", [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], bias: true, channels: 16);
        var input = randn([2, 16, 20, 21, 22]).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var before = get_num_threads();
        try
        {
            var found = new List<List<Tensor>>();
            foreach (var threads in (int[])[1, 3, 3])
            {
                set_num_threads(threads);
                var output = Run(conv, input);
                found.Add([output, .. Gradients(output, output.detach(), input, conv)]);
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
    public void A_map_wider_than_the_vectors_has_the_same_output_with_and_without_gradients()
    {
        using var scope = NewDisposeScope();
        var conv = Layer("conv", [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], bias: true);
        var input = randn([1, Channels, 5, 66, 65]);
        var output = Run(conv, input);
        output.requires_grad.Should().BeTrue();
        using var noGradient = no_grad();
        var plain = Run(conv, input);
        plain.requires_grad.Should().BeFalse();
        TensorAssert.Equal(plain, output.detach());
    }

    [Fact]
    public void Only_what_is_trained_gets_gradients()
    {
        using var scope = NewDisposeScope();
        var conv = Layer("conv", [3, 3], [1, 1], [1, 1], [1, 1], bias: true);
        var input = randn([1, Channels, 8, 8]);
        conv.bias!.requires_grad_(false);
        Run(conv, input).sum().backward();
        conv.weight!.grad.Should().NotBeNull();
        conv.bias!.grad.Should().BeNull();
        input.grad.Should().BeNull();

        conv.weight!.requires_grad_(false);
        Run(conv, input).requires_grad.Should().BeFalse();
        input.requires_grad_();
        Run(conv, input).sum().backward();
        input.grad.Should().NotBeNull();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_graph_may_be_run_through_twice_and_gradients_have_gradients(string kind, int[] sides, int[] kernel, int[] stride, int[] padding, int[] dilation, int batch)
    {
        foreach (var layout in Enum.GetValues<MemoryLayout>()) RunTwice(layout, kind, sides, kernel, stride, padding, dilation, batch);
    }

    private static void RunTwice(MemoryLayout layout, string kind, int[] sides, int[] kernel, int[] stride, int[] padding, int[] dilation, int batch)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var channels = layout is MemoryLayout.ChannelsLast ? 16 : Channels;
        var conv = Layer(kind, kernel, stride, padding, dilation, bias: true, channels);
        var input = randn([batch, channels, .. sides.Select(side => (long)side)]).CopyIn(layout).requires_grad_();

        var squares = Run(conv, input).square().sum();
        squares.backward(retain_graph: true);
        var once = conv.weight!.grad!.clone();
        squares.backward();
        TensorAssert.Close(conv.weight!.grad!, 2 * once, 1e-3);

        if (kind is "reflect" or "replicate" or "circular")
        {
            autograd.backward([Run(conv, input).square().sum()], create_graph: true);
            FluentActions.Invoking(() => Run(conv, input)).Should().Throw<InvalidOperationException>().WithMessage($"*create_graph can't go through*{kind}*", "the gradients of the pass before are NaN");
            return;
        }
        var found = Penalties(Run(conv, input), input, conv);
        conv.to(ScalarType.Float64);
        var exact = input.detach().to(ScalarType.Float64).requires_grad_();
        foreach (var (gradient, wanted) in found.Zip(Penalties(conv.call(exact), exact, conv)))
        {
            var scale = wanted.abs().max();
            TensorAssert.Close(gradient / scale, wanted / scale, 1e-5);
        }

        // The gradients of what the gradients of input and weights are.
        static List<Tensor> Penalties(Tensor output, Tensor input, Convolution conv)
        {
            var gradients = autograd.grad([output.square().sum()], [input, conv.weight!], retain_graph: true, create_graph: true);
            gradients.Should().OnlyContain(gradient => gradient.requires_grad, "they were computed with a graph");
            return [.. autograd.grad([gradients[0].square().sum() + gradients[1].square().sum()], [input, conv.weight!])];
        }
    }

    [Fact]
    public void A_map_changed_before_its_gradients_is_an_error()
    {
        using var scope = NewDisposeScope();
        var conv = Layer("conv", [3, 3], [1, 1], [1, 1], [1, 1], bias: true);
        var input = randn([1, Channels, 8, 8]);
        var output = Run(conv, input).sum();
        input.add_(1);
        output.backward();
        conv.weight!.grad!.isnan().all().ToBoolean().Should().BeTrue();
        FluentActions.Invoking(() => Run(conv, input)).Should().Throw<InvalidOperationException>().WithMessage("*depthwise*could not be computed*NaN*inplace*");
        FluentActions.Invoking(() => Run(conv, input)).Should().NotThrow("it has been said");
    }

    [Fact]
    public void Hooks_of_the_layer_are_called()
    {
        using var scope = NewDisposeScope();
        var conv = (Conv2d)Layer("conv", [3, 3], [1, 1], [1, 1], [1, 1], bias: true);
        var called = 0;
        conv.register_forward_hook((_, _, output) =>
        {
            called++;
            return output;
        });
        Run(conv, randn([1, Channels, 8, 8]));
        called.Should().Be(1);
    }

    [Fact]
    public void Other_convolutions_are_libtorchs()
    {
        using var scope = NewDisposeScope();
        var volume = randn([1, 4, 6, 6, 6]);
        Convolution[] others = [Conv3d(4, 4, 3), Conv3d(4, 8, 3, groups: 4), Conv3d(4, 4, 3, groups: 2), ConvTranspose3d(4, 4, 3), Conv3d(4, 4, (2, 2, 2), Padding.Same, groups: 4), Conv3d(1, 1, 3)];
        foreach (var conv in others) DepthwiseConvolution.Of((ConvolutionOperation)KnownLayers.Find(conv)!, volume).Should().BeNull();
        DepthwiseConvolution.Of((ConvolutionOperation)KnownLayers.Find(Conv3d(4, 4, (1, 1, 1), padding: (300, 300, 300), groups: 4))!, volume).Should().BeNull("its padded map has more than 2^27 positions");
        DepthwiseConvolution.Of((ConvolutionOperation)KnownLayers.Find(Conv2d(4, 4, (65, 65), padding: (32, 32), groups: 4))!, volume[0]).Should().BeNull("it has more than 4,096 taps");
        DepthwiseConvolution.Of((ConvolutionOperation)KnownLayers.Find(Conv3d(4, 4, 3, groups: 4))!, volume.to(ScalarType.Float64)).Should().BeNull();
    }

    [Theory]
    [InlineData("conv", MemoryLayout.Contiguous)]
    [InlineData("transposed", MemoryLayout.Contiguous)]
    [InlineData("conv", MemoryLayout.ChannelsLast)]
    [InlineData("transposed", MemoryLayout.ChannelsLast)]
    public void Nothing_but_the_output_stays(string kind, MemoryLayout layout)
    {
        using var conv = Layer(kind, [3, 3, 3], [2, 2, 2], [1, 1, 1], [1, 1, 1], bias: true, channels: 16);
        using var contiguous = randn([1, 16, 5, 6, 7]);
        using var input = contiguous.CopyIn(layout);
        using (no_grad()) NoLeaks.During(() => Run(conv, input).Dispose()).Should().Be(0);
        NoLeaks.During(() => Run(conv, input).Dispose()).Should().Be(0);
        NoLeaks.During(() =>
        {
            using var step = NewDisposeScope();
            Run(conv, input).sum().backward();
            conv.zero_grad();
        }).Should().Be(0);
    }

    private static Tensor Compare(int channels, string kind, int[] sides, int[] kernel, int[] stride, int[] padding, int[] dilation, int batch, Func<Tensor, Tensor> laid)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor? last = null;
        foreach (var bias in (bool[])[true, false])
        {
            var conv = Layer(kind, kernel, stride, padding, dilation, bias, channels);
            var input = randn([batch, channels, .. sides.Select(side => (long)side)]).requires_grad_();
            var operand = laid(input);

            var output = last = Run(conv, operand);
            var weight = randn([.. output.shape.Reverse()]).permute([.. Enumerable.Range(0, (int)output.dim()).Reverse().Select(axis => (long)axis)]);
            var found = Gradients(output, weight, input, conv);
            DepthwiseConvolution.Of((ConvolutionOperation)KnownLayers.Find(conv)!, operand).Should().NotBeNull();

            conv.to(ScalarType.Float64);
            var exactInput = input.detach().to(ScalarType.Float64).requires_grad_();
            var exact = conv.call(exactInput);
            // Sums of up to 125 products.
            TensorAssert.Close(output, exact, 1e-5);
            foreach (var (gradient, wanted) in found.Zip(Gradients(exact, weight.to(ScalarType.Float64), exactInput, conv)))
            {
                // Those of the weights have as many terms as the map has positions.
                var scale = wanted.abs().max();
                TensorAssert.Close(gradient / scale, wanted / scale, 1e-5);
            }
        }
        return last!.MoveToOuterDisposeScope();
    }

    private static Tensor Run(Convolution conv, Tensor input) => KnownLayers.Find(conv)!.Run([input]);

    private static List<Tensor> Gradients(Tensor output, Tensor weight, Tensor input, Convolution conv) =>
        [.. autograd.grad([(output * weight).sum()], [input, conv.weight!, .. conv.bias is { } bias ? (Tensor[])[bias] : []])];

    private static Convolution Layer(string kind, int[] kernel, int[] stride, int[] padding, int[] dilation, bool bias, int channels = Channels)
    {
        var isTransposed = kind == "transposed";
        var mode = kind switch { "reflect" => PaddingModes.Reflect, "replicate" => PaddingModes.Replicate, "circular" => PaddingModes.Circular, _ => PaddingModes.Zeros };
        if (kernel.Length == 2)
        {
            return isTransposed
                ? ConvTranspose2d(channels, channels, Two(kernel), Two(stride), Two(padding), dilation: Two(dilation), groups: channels, bias: bias)
                : Conv2d(channels, channels, Two(kernel), Two(stride), Two(padding), Two(dilation), padding_mode: mode, groups: channels, bias: bias);
        }
        return isTransposed
            ? ConvTranspose3d(channels, channels, Three(kernel), Three(stride), Three(padding), dilation: Three(dilation), groups: channels, bias: bias)
            : Conv3d(channels, channels, Three(kernel), Three(stride), Three(padding), Three(dilation), padding_mode: mode, groups: channels, bias: bias);

        static (long, long) Two(int[] values) => (values[0], values[1]);

        static (long, long, long) Three(int[] values) => (values[0], values[1], values[2]);
    }
}
