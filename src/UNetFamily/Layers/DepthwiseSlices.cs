namespace UNetFamily;

/// <summary>
/// Depthwise convolutions of volumes, on a CPU as sums of depthwise convolutions of their slices: libtorch has fast kernels for the latter alone. The same
/// products in another order, so results are equal to rounding.
/// <code>y[d] = sum over i of conv2d(x[d + i - padding], kernel[i])</code>
/// </summary>
internal static class DepthwiseSlices
{
    // Numbers in a run of slices that stays in the cache; without gradients, volumes are worked through in such runs.
    private const long Run = 1 << 20;

    /// <summary>Calls a convolution, through slices where that is faster.</summary>
    /// <param name="conv">Any convolution.</param>
    /// <param name="x">Its input.</param>
    public static Tensor Call(Convolution conv, Tensor x) => Fits(conv, x) ? Convolve(conv, x) : conv.call(x);

    private static bool Fits(Convolution conv, Tensor x) =>
        x.dim() == 5 && x.device_type is DeviceType.CPU && x.dtype is ScalarType.Float32 && conv is not ConvolutionTranspose
        && conv.groups == conv.in_channels && conv.groups == conv.out_channels && conv.groups > 1 && conv.padding_mode is PaddingModes.Zeros
        && conv.padding is not null && conv.stride.All(step => step == 1) && conv.dilation.All(step => step == 1)
        && x.shape[1] == conv.in_channels && x.shape[2] + 2 * conv.padding[0] >= conv.kernel_size[0];

    private static Tensor Convolve(Convolution conv, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (kernel, padding, shape) = (conv.kernel_size, conv.padding!, x.shape);
        var sides = Enumerable.Range(0, 3).Select(axis => shape[axis + 2] + 2 * padding[axis] - kernel[axis] + 1).ToArray();
        // In training, a run without gradients (checkpointing) must equal one with them in every bit, so it takes the same steps.
        if (conv.training || is_grad_enabled()) return InOrder(Slices(conv, x, 0, sides[0])).contiguous().MoveToOuterDisposeScope();

        var output = empty([shape[0], shape[1], .. sides], x.dtype);
        var run = Math.Max(1, Run / (shape[0] * shape[1] * shape[3] * shape[4]));
        for (var from = 0L; from < sides[0]; from += run)
        {
            using var slices = Slices(conv, x, from, Math.Min(run, sides[0] - from));
            using var part = output.narrow(2, from, slices.shape[0]);
            using var ordered = InOrder(slices);
            part.copy_(ordered);
        }
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>The slices <paramref name="from"/> to from + <paramref name="count"/> of the output, (slice, N, C, H, W).</summary>
    private static Tensor Slices(Convolution conv, Tensor x, long from, long count)
    {
        using var scope = NewDisposeScope();
        var (kernel, padding, depth) = (conv.kernel_size[0], conv.padding![0], x.shape[2]);
        var (first, end) = (from - padding, from - padding + count + kernel - 1);
        var (inside, beyond) = (Math.Clamp(first, 0, depth), Math.Clamp(end, 0, depth));
        var input = x.narrow(2, inside, beyond - inside).permute(2, 0, 1, 3, 4);
        if (end - first > beyond - inside) input = functional.pad(input, [0, 0, 0, 0, 0, 0, 0, 0, inside - first, end - beyond], PaddingModes.Constant, 0);
        input = input.contiguous();

        Tensor? sum = null;
        for (var i = 0L; i < kernel; i++)
        {
            using var term = functional.conv2d(input.narrow(0, i, count).flatten(0, 1), conv.weight.select(2, i), i == 0 ? conv.bias : null, padding: conv.padding[1..], groups: conv.groups);
            sum = sum is null ? term.alias() : sum.add_(term);
        }
        return sum!.unflatten(0, count, x.shape[0]).MoveToOuterDisposeScope();
    }

    private static Tensor InOrder(Tensor slices) => slices.permute(1, 2, 0, 3, 4);
}
