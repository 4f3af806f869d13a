namespace UNetFamily.Tests;

/// <summary>Every variant of the catalogue with all its choices and few channels, for what must hold for each.</summary>
internal static class SmallVariants
{
    /// <summary>The names of the catalogue, for theories.</summary>
    public static TheoryData<string> Names() => new(ModelCatalog.Variants.Select(variant => variant.Name));

    public static SegmentationModelOptions Of(string name) => Of(ModelCatalog.Find(name).Options);

    /// <summary>An image or volume for it: (N, C, …spatial) without N and C. Instance norm over two positions knows signs only, so networks with it get several at their coarsest level.</summary>
    public static long[] Size(SegmentationModel model)
    {
        var axes = (int)model.Options.SpatialDims;
        var smallest = model.InputSizes.Cover([.. Enumerable.Repeat(axes == 2 ? 64L : 32, axes)]);
        return model.Options is PlainConvUNetOptions ? [.. smallest.Select(_ => 2 * smallest.Min())] : smallest;
    }

    private static SegmentationModelOptions Of(SegmentationModelOptions options) => options switch
    {
        UNetOptions o => o with { Widths = Narrow(o.Widths, 16), Dropout = 0, LastUpWidth = o.LastUpWidth / 16 },
        AttentionUNetOptions o => o with { Widths = Narrow(o.Widths, o.Widths[0] / 4), Dropout = 0 },
        UNet3PlusOptions o => o with { Widths = Narrow(o.Widths, 16), SkipWidth = 4, ClassifierDropout = 0 },
        UNeXtOptions o => o with { Widths = Narrow(o.Widths, 4) },
        DoubleUNetOptions o => o with { VggWidths = Narrow(o.VggWidths, 32), Widths = Narrow(o.Widths, 8), PyramidWidth = 4 },
        UNetPlusPlusOptions o => o with { Widths = Narrow(o.Widths, 8), Dropout = Regularization.None },
        U2Net3dOptions o => o with { BaseWidth = 16, Pools = 2 },
        ConvUNeXtOptions o => o with { Widths = Narrow(o.Widths, o.Widths[0] / 4), Depths = [1, 1, 1, 2, 1] },
        MedNeXtOptions o => o with { Channels = 4, Depths = [.. o.Depths.Select(_ => 1L)] },
        NnUNetResidualOptions o => o with { FeaturesPerStage = Features(o.Stages), BlocksPerStage = [1] },
        NnUNetOptions o => o with { FeaturesPerStage = Features(o.Stages) },
        UnetrPlusPlusOptions o => o with { ImageSize = o.PatchSize.Along(SpatialDims.Three)[0] == 4 ? (Extent)(64, 32, 32) : 32, FeatureSize = 8, Depths = [1, 1, 1, 1], AttentionDropout = 0, Dropout = 0 },
        _ => throw new NotSupportedException($"How to make {options.GetType().Name} small, is to be said here."),
    };

    private static ValueList<long> Features(int stages) => [.. Enumerable.Range(0, stages).Select(stage => Math.Min(16L, 4L << stage))];

    private static ValueList<long> Narrow(ValueList<long> widths, long divisor) => [.. widths.Select(width => Math.Max(2, width / divisor))];
}
