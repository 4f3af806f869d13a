using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/networks.md.</summary>
public static class NetworksPage
{
    /// <summary>Every family, made small.</summary>
    public static IReadOnlyList<SegmentationModelOptions> Families()
    {
        #region families
        var unet = UNetOptions.Paper2015(inChannels: 1, outChannels: 2) with { Padded = true, Widths = [8, 16, 32] };
        var attention = AttentionUNetOptions.Monai(SpatialDims.Three, inChannels: 1, outChannels: 3, widths: [8, 16, 32]);
        var nested = UNetPlusPlusOptions.Nested(inChannels: 3, outChannels: 1, deepSupervision: true) with { Widths = [8, 16, 32] };
        var domains = U2Net3dOptions.Universal(["heart", "liver"]) with { BaseWidth = 4, Pools = 2 };
        var full = UNet3PlusOptions.Official(inChannels: 3, outChannels: 1, deepSupervision: true, baseWidth: 8);
        var twice = new DoubleUNetOptions { InChannels = 3, OutChannels = 2, VggWidths = [4, 8, 8], VggConvs = [1, 1, 1], Widths = [8, 4] };
        var plain = PlainConvUNetOptions.Planner3d(inChannels: 1, outChannels: 3, stages: 3) with { DeepSupervision = false };
        var residual = ResidualEncoderUNetOptions.Planner3d(inChannels: 1, outChannels: 3, stages: 3);
        var tokens = UNeXtOptions.Small(inChannels: 3, outChannels: 1) with { SpatialDims = SpatialDims.Two };
        var convnext = ConvUNeXtOptions.Official(inChannels: 3, outChannels: 2, baseWidth: 8);
        var mednext = MedNeXtOptions.Small(inChannels: 1, outChannels: 4, kernel: 3) with { SpatialDims = SpatialDims.Three };
        var paired = UnetrPlusPlusOptions.Synapse() with { ImageSize = (32, 64, 64) };

        SegmentationModelOptions[] families = [unet, attention, nested, domains, full, twice, plain, residual, tokens, convnext, mednext, paired];
        foreach (var options in families)
        {
            using var model = options.Build();          // each is checked, and says everything that is wrong at once
            Console.WriteLine($"{model.GetName()}: {model.InputSizes}");
        }
        #endregion
        return families;
    }

    public static ModelVariant Catalogue()
    {
        #region catalogue
        var variant = ModelCatalog.Find("unet-milesial");
        Console.WriteLine($"{variant.Source}: {variant.Parameters:N0} parameters");
        using var model = variant.Options.Build();
        #endregion
        return variant;
    }

    public static void Prune()
    {
        using var image = rand(1, 1, 64, 64);
        (Tensor Images, Tensor Labels)[] validation = [(rand(1, 1, 32, 32), randint(0, 3, [1, 32, 32], ScalarType.Int64))];

        #region prune
        using var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(inChannels: 1, outChannels: 3, deepSupervision: true));
        model.eval();                                           // after training on every branch: output.FinestFirst

        Console.WriteLine(LevelComparison.Measure(model, validation));  // Dice, time and size of each branch
        using var small = model.Prune(level: 2);                // a network of its own, with 6 % of the weights
        using var output = small.call(image);                   // bit for bit the second branch of the large one
        #endregion
    }

    public static TransferReport Kernels()
    {
        new MedNeXt(MedNeXtOptions.Small(1, 2, kernel: 3) with { Channels = 4 }).Save("small.safetensors");

        #region kernels
        using var large = new MedNeXt(MedNeXtOptions.Small(inChannels: 1, outChannels: 2, kernel: 5) with { Channels = 4 });
        var report = UpKern.Initialize(large, "small.safetensors");     // trained with kernels of 3
        Console.WriteLine($"{report.Resampled.Count} kernels were resampled, {report.Copied.Count} weights copied.");
        #endregion
        return report;
    }

    public static ImageSizeReport ImageSize()
    {
        var options = UnetrPlusPlusOptions.Synapse(outChannels: 2) with { ImageSize = (32, 32, 32), FeatureSize = 4, DecoderProjectedTokens = 8, ProjectedTokens = [8, 8, 8, 4], Dropout = 0 };

        #region image size
        using var trained = new UnetrPlusPlus(options);         // takes one size, as its positions are learned
        var (larger, report) = trained.ForImageSize((32, 64, 64));
        using var model = larger;                               // another network, from the same weights
        Console.WriteLine(report);                              // what was copied and what was resampled
        #endregion
        return report;
    }
}
