using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>The layers that are known without help: those of TorchSharp that networks are made of, and this library's own.</summary>
internal static class KnownLayers
{
    /// <summary>The operation of a layer; null for a module that isn't known.</summary>
    public static Operation? Find(Module<Tensor, Tensor> layer) => layer switch
    {
        ConvolutionTranspose convolution => new ConvolveTransposed(convolution),
        Convolution convolution => new Convolve(convolution),
        Linear linear => new ApplyLinear(linear),
        NormBase norm => new NormalizeMap(norm),
        Modules.GroupNorm norm => new NormalizeGroups(norm),
        Modules.LayerNorm norm => new NormalizeLast(norm),
        ChannelLayerNorm norm => new NormalizeChannels(norm),
        GlobalResponseNorm norm => new NormalizeResponse(norm),
        Modules.MaxPool2d pool => new MaxPool(pool, pool.kernel_size, pool.stride, pool.padding),
        Modules.MaxPool3d pool => new MaxPool(pool, pool.kernel_size, pool.stride, pool.padding),
        Modules.AvgPool2d pool => new AveragePool(pool, pool.kernel_size, pool.stride, pool.padding),
        Modules.AvgPool3d pool => new AveragePool(pool, pool.kernel_size, pool.stride, pool.padding),
        Modules.AdaptiveAvgPool2d pool => new AdaptivePool(pool.output_size, isMax: false, pool),
        Modules.AdaptiveAvgPool3d pool => new AdaptivePool(pool.output_size, isMax: false, pool),
        Modules.AdaptiveMaxPool2d pool => new AdaptivePool(pool.output_size, isMax: true, pool),
        Modules.Dropout dropout => new DropNumbers(dropout, dropout.p, ofChannels: false),
        Modules.AlphaDropout dropout => new DropNumbers(dropout, dropout.p, ofChannels: false),
        Modules.Dropout2d dropout => new DropNumbers(dropout, dropout.p, ofChannels: true),
        Modules.Dropout3d dropout => new DropNumbers(dropout, dropout.p, ofChannels: true),
        DropPath dropPath => new DropSamples(dropPath),
        _ => Activate.Find(layer),
    };
}
