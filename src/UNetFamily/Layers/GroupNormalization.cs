namespace UNetFamily;

/// <summary>
/// Group norms, and instance norms as those with a group for each channel, of maps with the channels last in float32 on a CPU: by <see cref="GroupMoments"/> and <see cref="GroupGradients"/>. libtorch's for this layout lose a
/// small variance beside a large mean.
/// </summary>
internal sealed class GroupNormalization
{
    private readonly int channels, groups;
    private readonly double eps;
    private readonly Tensor? weight, bias;
    private readonly List<GroupStatistics> statistics = [];

    private GroupNormalization(int channels, int groups, double eps, Tensor? weight, Tensor? bias) =>
        (this.channels, this.groups, this.eps, this.weight, this.bias) = (channels, groups, eps, weight, bias);

    /// <summary>The norm of a map; null where it is libtorch's.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="weight">The factor of each channel; null for 1.</param>
    /// <param name="bias">The shift of each channel; null exactly where <paramref name="weight"/> is.</param>
    public static GroupNormalization? Of(Tensor x, long groups, double eps, Tensor? weight, Tensor? bias) =>
        x.dim() > 2 && x.IsLast() && x.IsForVectors()
        && weight is null or { dtype: ScalarType.Float32, device_type: DeviceType.CPU } && weight is null == bias is null
            ? new GroupNormalization((int)x.shape[1], (int)groups, eps, weight, bias)
            : null;

    /// <summary>Normalizes, and ties the output to the graph where one is recorded.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial).</returns>
    public Tensor Call(Tensor x)
    {
        NormalizeFunction.ThrowEarlierFailure();
        if (!is_grad_enabled() || !(x.requires_grad || weight is { requires_grad: true } || bias is { requires_grad: true })) return Output(x);
        // As of a depthwise convolution.
        using var scope = NewDisposeScope();
        return (weight is null ? NormalizeFunction.apply(this, x) : NormalizeFunction.apply(this, x, weight, bias!)).MoveToOuterDisposeScope();
    }

    /// <summary>The output, outside of any graph. What each sample was normalized by is kept for the gradients.</summary>
    public Tensor Output(Tensor x)
    {
        var result = MemoryLayout.ChannelsLast.Empty(x.shape, x.dtype, x.device);
        var (moments, positions) = (new GroupMoments(channels, groups, eps, weight?.Numbers(), bias?.Numbers()), x.shape.Positions());
        statistics.Clear();
        KernelOperation.ForSamples(x, result, (from, to, crew) => statistics.Add(moments.Normalize(from, to, positions, crew)));
        return result;
    }

    /// <summary>The gradients of input, weight and bias.</summary>
    /// <param name="x">The input.</param>
    /// <param name="weight">The weight; null for 1.</param>
    /// <param name="gradient">The gradient of the output, in any layout.</param>
    /// <param name="ofInput">Whether that of the input is needed.</param>
    public (Tensor? OfInput, Tensor OfWeight, Tensor OfBias) Gradients(Tensor x, Tensor? weight, Tensor gradient, bool ofInput)
    {
        var last = gradient.InLayout(MemoryLayout.ChannelsLast);
        var (result, positions) = (ofInput ? MemoryLayout.ChannelsLast.Empty(x.shape, x.dtype, x.device) : null, x.shape.Positions());
        var gradients = new GroupGradients(channels, groups, weight?.Numbers());
        var (from, slopes, to) = (x.Start(), last.Start(), result?.Start() ?? 0);
        using var crew = new Crew();
        for (var sample = 0; sample < statistics.Count; sample++)
        {
            var offset = (nint)(sample * positions * channels * sizeof(float));
            gradients.Add(from + offset, slopes + offset, to == 0 ? 0 : to + offset, positions, statistics[sample], crew);
        }
        GC.KeepAlive(x);
        GC.KeepAlive(last);
        return (result, Small(gradients.OfWeight), Small(gradients.OfBias));

        static Tensor Small(double[] numbers) => tensor(Array.ConvertAll(numbers, number => (float)number));
    }

    /// <summary>The same gradients by operations of libtorch, which can be differentiated once more.</summary>
    /// <param name="x">The input, with the graph that it came from.</param>
    /// <param name="weight">The weight, with its own; null for 1.</param>
    /// <param name="gradient">The gradient of the output, with its own.</param>
    public (Tensor OfInput, Tensor OfWeight, Tensor OfBias) DifferentiableGradients(Tensor x, Tensor? weight, Tensor gradient)
    {
        long[] others = [0, .. Enumerable.Range(2, (int)x.dim() - 2)];
        var centred = Grouped(x) - Mean(Grouped(x));
        var scale = (Mean(centred.square()) + eps).rsqrt();
        var normalized = centred * scale;
        var slopes = Grouped(weight is null ? gradient : gradient * weight.reshape([1, -1, .. Enumerable.Repeat(1L, (int)x.dim() - 2)]));
        var ofInput = scale * (slopes - Mean(slopes) - (normalized * Mean(slopes * normalized)));
        return (ofInput.reshape(x.shape), (gradient * normalized.reshape(x.shape)).sum(others), gradient.sum(others));

        Tensor Grouped(Tensor map) => map.reshape(x.shape[0], groups, -1);

        static Tensor Mean(Tensor map) => map.mean([2], keepdim: true);
    }
}
