using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// Depthwise convolutions, transposed or not, in float32 on a CPU: by kernels for either memory layout, whose gradients take a fraction of the time of libtorch's. Everything else goes to libtorch.
/// The same products in another order, so results are equal to rounding.
/// </summary>
internal sealed class DepthwiseConvolution
{
    // With a margin, a padded channel is at most eight times as large: an index of its numbers stays a whole number of 32 bits.
    private const double MostPositions = 1 << 27;

    // The taps of a kernel lie on the stack while it works.
    private const int MostTaps = 4096;

    private readonly ConvolutionOperation operation;

    private DepthwiseConvolution(ConvolutionOperation operation, DepthwiseMaps maps) => (this.operation, Maps) = (operation, maps);

    /// <summary>The work outside of any graph.</summary>
    public DepthwiseMaps Maps { get; }

    private bool IsTransposed => operation is ConvolveTransposed;

    /// <summary>The convolution of a map; null where it is libtorch's.</summary>
    /// <param name="operation">The operation of the layer.</param>
    /// <param name="x">(N, C, …spatial).</param>
    public static DepthwiseConvolution? Of(ConvolutionOperation operation, Tensor x)
    {
        // A plan measures libtorch's beside a kernel of its own.
        if (operation.IsPlanned && !x.is_contiguous()) return null;
        // Without a kernel of their own, channels last stay so, by libtorch, but for their gradients.
        var channelsLast = Vector512.IsHardwareAccelerated && x.IsLast() && x.IsForVectors();
        if (!Takes(operation) || !(channelsLast || x.is_contiguous() || is_grad_enabled()) || x.dtype is not ScalarType.Float32 || x.device_type is not DeviceType.CPU || operation.Weights.Kernel.dtype is not ScalarType.Float32) return null;
        var (from, to) = (x.shape, operation.Shape([x.shape]));
        var padded = (operation is ConvolveTransposed ? to : from)[2..].Zip(operation.Paddings, (side, end) => side + (2.0 * end)).Aggregate((product, side) => product * side);
        if (Math.Max(padded, Math.Max(from.Positions(), to.Positions())) > MostPositions) return null;
        return new DepthwiseConvolution(operation, channelsLast ? new DepthwiseByPosition(operation, from, to) : new DepthwiseByChannel(operation, from, to));
    }

    /// <summary>Whether convolutions of float32 on a CPU are computed here.</summary>
    public static bool Takes(ConvolutionOperation operation) => operation.Convolution is var layer
        && layer.groups > 1 && layer.groups == layer.in_channels && layer.groups == layer.out_channels && layer.kernel_size.Length is 2 or 3
        && DepthwiseKernel.IsFast && operation.PadsEvenly && (operation.TakesWeights || operation is Convolve)
        && layer.weight!.device_type is DeviceType.CPU && layer.weight.numel() / layer.groups <= MostTaps;

    /// <summary>Convolves, and ties the output to the graph where one is recorded.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial).</returns>
    public Tensor Call(Tensor x)
    {
        DepthwiseFunction.ThrowEarlierFailure();
        var (weights, bias) = operation.Weights;
        if (!is_grad_enabled() || !(x.requires_grad || weights.requires_grad || bias is { requires_grad: true })) return Maps.Output(x, weights, bias);
        // The function's own temporaries go with this scope: TorchSharp's keeps an empty copy of the output otherwise.
        using var scope = NewDisposeScope();
        return (bias is null ? DepthwiseFunction.apply(this, x, weights) : DepthwiseFunction.apply(this, x, weights, bias)).MoveToOuterDisposeScope();
    }

    /// <summary>The gradients by libtorch, which can be differentiated once more.</summary>
    /// <param name="x">The input, with the graph that it came from.</param>
    /// <param name="weights">The weights, with theirs.</param>
    /// <param name="gradient">The gradient of the output, with its own.</param>
    /// <exception cref="NotSupportedException">The padding repeats positions of the map.</exception>
    public (Tensor OfInput, Tensor OfWeights) DifferentiableGradients(Tensor x, Tensor weights, Tensor gradient)
    {
        if (!operation.TakesWeights) throw new NotSupportedException($"A backward pass with create_graph can't go through a depthwise convolution with {operation.Convolution.padding_mode} padding; with zeros it can.");
        // With the channels last, those of volumes are off by up to a hundredth in libtorch 2.10.
        (x, gradient) = (x.InLayout(MemoryLayout.Contiguous), gradient.InLayout(MemoryLayout.Contiguous));
        var (large, small) = IsTransposed ? (gradient, x) : (x, gradient);
        var (layer, ends, spatial) = (operation.Convolution, operation.Paddings, x.shape.Length - 2);
        var maps = x.shape[0] * x.shape[1];
        // Each tap's gradient is a product of the small map with the large one, moved by the tap: a convolution in which stride and distance of taps have changed places.
        var products = Convolved(large.reshape([1, maps, .. large.shape[2..]]), small.reshape([maps, 1, .. small.shape[2..]]), layer.dilation, ends, layer.stride, maps);
        for (var axis = 0; axis < spatial; axis++) products = products.narrow(axis + 2, 0, layer.kernel_size[axis]);
        var ofWeights = products.reshape([x.shape[0], .. weights.shape]).sum([0]);
        return (IsTransposed ? Convolved(large, weights, layer.stride, ends, layer.dilation, layer.groups) : SpreadOut(), ofWeights);

        Tensor SpreadOut()
        {
            var none = new long[spatial];
            var full = spatial == 2
                ? functional.conv_transpose2d(small, weights, null, layer.stride, none, none, layer.dilation, layer.groups)
                : functional.conv_transpose3d(small, weights, null, layer.stride, none, none, layer.dilation, layer.groups);
            return functional.pad(full, [.. Enumerable.Range(0, spatial).Reverse().SelectMany(axis => (long[])[-ends[axis], large.shape[axis + 2] + ends[axis] - full.shape[axis + 2]])]);
        }

        Tensor Convolved(Tensor map, Tensor kernels, long[] steps, long[] padding, long[] distances, long groups) => spatial == 2
            ? functional.conv2d(map, kernels, null, steps, padding, distances, groups)
            : functional.conv3d(map, kernels, null, steps, padding, distances, groups);
    }
}
