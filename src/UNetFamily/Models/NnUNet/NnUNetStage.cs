namespace UNetFamily;

/// <summary>Features, kernel and stride of one stage of an encoder, and the layers that such a stage is made of.</summary>
internal sealed record NnUNetStage(long Features, Extent Kernel, Extent Stride)
{
    /// <summary>Convolution, dropout, norm and activation as the options say.</summary>
    public static ConvNormAct Unit(NnUNetOptions options, long from, long to, Extent kernel, Extent stride, ConvOrder order = ConvOrder.ConvNormAct) =>
        new(options.SpatialDims, from, to, kernel, stride, padding: kernel.Select(side => (side - 1) / 2), options.Norm, options.Activation, options.ConvBias, options.Dropout, order);

    /// <summary>Units in a row; the first has the stride and changes the channels.</summary>
    public static Sequential Units(NnUNetOptions options, long count, long from, long to, Extent kernel, Extent stride, ConvOrder order = ConvOrder.ConvNormAct) =>
        InARow(count, from, to, stride, (input, step) => Unit(options, input, to, kernel, step, order));

    /// <summary>Residual blocks in a row; the first has the stride and changes the channels. Without bottleneck channels they are basic blocks.</summary>
    public static Sequential ResidualBlocks(NnUNetOptions options, long count, long from, long? bottleneck, long to, Extent kernel, Extent stride) =>
        InARow(count, from, to, stride, (input, step) => bottleneck is { } middle
            ? new BottleneckD(options.SpatialDims, input, middle, to, kernel, step, options.Norm, options.Activation, options.ConvBias, options.Dropout)
            : new BasicBlockD(options.SpatialDims, input, to, kernel, step, options.Norm, options.Activation, options.ConvBias, options.Dropout));

    private static Sequential InARow(long count, long from, long to, Extent stride, Func<long, Extent, Module<Tensor, Tensor>> make) =>
        Sequential(Enumerable.Range(0, (int)count).Select(i => i == 0 ? make(from, stride) : make(to, 1)));
}
