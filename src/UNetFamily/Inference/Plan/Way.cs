namespace UNetFamily;

/// <summary>A way to compute an operation. It is made where it must be timed, and where it is taken: weights may have to be transformed.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Kernel">The kernel of this library; empty for libtorch.</param>
/// <param name="Make">Makes what computes it.</param>
internal sealed record Way(Operation Operation, string Kernel, Func<Operation> Make)
{
    /// <summary>At which sitting it is measured.</summary>
    public int Sitting { get; init; } = 1;

    /// <summary>The ways to compute an operation on maps in a layout.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="shapes">The shapes of its operands.</param>
    /// <param name="layout">How operands and result lie in memory.</param>
    /// <param name="takesKernels">Whether maps are float32 on a CPU, as the kernels of this library take them.</param>
    public static IEnumerable<Way> Of(Operation operation, long[][] shapes, MemoryLayout layout, bool takesKernels)
    {
        // A group that isn't computed as one would need memory for all that lies between, already to be measured.
        if (operation is not PositionGroup && (layout is MemoryLayout.Contiguous || (operation.TakesChannelsLast && !(takesKernels && IsInexact(operation)))))
            yield return new Way(operation, "", () => InLayout(operation, layout));
        if (!takesKernels) yield break;
        foreach (var (name, make) in layout is MemoryLayout.ChannelsLast ? Kernels(operation, shapes) : [(nameof(ActivateGaussian), ActivateGaussian.Of(operation))])
            if (make is not null) yield return new Way(operation, name, make);
    }

    private static (string Name, Func<Operation>? Make)[] Kernels(Operation operation, long[][] shapes)
    {
        var (filtered, positional) = (WinogradConvolve.Of(operation, shapes[0]), RunByPosition.Of(operation, shapes));
        return
        [
            (nameof(WinogradConvolve), filtered),
            (nameof(RunByPosition), positional),
            // What either of these takes, it does better.
            (nameof(ConvolveByRow), filtered is null && positional is null ? ConvolveByRow.Of(operation) : null),
            (nameof(ConvolveBySpreading), ConvolveBySpreading.Of(operation)),
            (nameof(GatherDepthwise), GatherDepthwise.Of(operation, shapes[0])),
            (nameof(NormalizeByMoments), NormalizeByMoments.Of(operation, shapes[0])),
            (nameof(ActivateGaussian), ActivateGaussian.Of(operation)),
        ];
    }

    // See GroupMoments.
    private static bool IsInexact(Operation operation) => operation is NormalizeGroups or NormalizeMap { IsPerSample: true };

    /// <summary>An operation as libtorch computes it in a layout. The weights of pointwise convolutions lie in both.</summary>
    private static Operation InLayout(Operation operation, MemoryLayout layout) => operation is ConvolutionOperation { TakesWeights: true } convolution
        ? convolution.With(convolution.Weights.Kernel.IsIn(layout) ? convolution.Weights : convolution.Weights with { Kernel = convolution.Weights.Kernel.CopyIn(layout) })
        : operation;
}
