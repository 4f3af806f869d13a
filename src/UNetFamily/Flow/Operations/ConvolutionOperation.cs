namespace UNetFamily;

/// <summary>What convolutions of both directions have in common.</summary>
internal abstract class ConvolutionOperation(Convolution conv) : LayerOperation(conv)
{
    /// <summary>The layer.</summary>
    public Convolution Convolution => conv;

    public override LayerKind Kind => LayerKind.Convolution;

    protected void RequireMap(long[] x)
    {
        RequireChannels(x, conv.in_channels);
        if (x.Length != conv.kernel_size.Length + 2) throw new ArgumentException($"{conv.GetType().Name} takes {conv.kernel_size.Length + 2} axes, (N, C, …spatial); the map is {x.Print()}.");
    }

    /// <summary>How many positions the kernel spans.</summary>
    protected long Reach(int axis) => conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1;

    /// <summary>The padding of both ends together.</summary>
    protected long Padding(int axis) =>
        conv.padding is { } padding ? 2 * padding[axis]
        : conv.padding_type is TorchSharp.Padding.Same ? Reach(axis) - 1
        : 0;

    /// <summary>The numbers of the kernel.</summary>
    protected long Weights => conv.weight!.numel();

    protected long[] Sides(long[] x, Func<int, long, long> side)
    {
        var y = x.WithSides(side, conv.out_channels);
        for (var axis = 2; axis < y.Length; axis++)
            if (y[axis] < 1) throw new ArgumentException($"{conv.GetType().Name} with a kernel of {string.Join(" x ", conv.kernel_size)} leaves nothing of the map {x.Print()}.");
        return y;
    }
}
