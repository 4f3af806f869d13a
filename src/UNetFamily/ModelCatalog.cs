namespace UNetFamily;

/// <summary>A published network by name.</summary>
/// <param name="Name">A name without spaces, such as <c>unet-milesial</c>.</param>
/// <param name="Source">The paper or project.</param>
/// <param name="Options">Its options, channels and classes as published.</param>
/// <param name="Parameters">How many numbers it learns.</param>
public sealed record ModelVariant(string Name, string Source, SegmentationModelOptions Options, long Parameters);

/// <summary>Every published variant that the library holds; tests, benchmarks and the README's table iterate it.</summary>
public static class ModelCatalog
{
    private const string UNetPlusPlus2018 = "Zhou et al., UNet++, 2018 (arXiv 1807.10165)";
    private const string UNet2015 = "Ronneberger et al., U-Net, 2015 (arXiv 1505.04597)";

    private const string Attention2018 = "Oktay et al., Attention U-Net, 2018 (arXiv 1804.03999)";
    private const string UNet3Plus2020 = "Huang et al., UNet 3+, 2020 (arXiv 2004.08790)";
    private const string UNeXt2022 = "Valanarasu and Patel, UNeXt, 2022 (arXiv 2203.04967)";
    private const string DoubleUNet2020 = "Jha et al., DoubleU-Net, 2020 (arXiv 2006.04868)";
    private const string U2Net2019 = "Huang et al., 3D U²-Net, 2019 (arXiv 1909.06012)";
    private const string ConvUNeXt2022 = "Han et al., ConvUNeXt, 2022 (doi 10.1016/j.knosys.2022.109512)";
    private const string MedNeXt2023 = "Roy et al., MedNeXt, 2023 (arXiv 2303.09975)";
    private const string NnUNet2021 = "Isensee et al., nnU-Net, 2021 (doi 10.1038/s41592-020-01008-z)";
    private const string NnUNet2024 = "Isensee et al., nnU-Net Revisited, 2024 (arXiv 2404.09556)";
    private const string Unetr2024 = "Shaker et al., UNETR++, 2024 (arXiv 2212.04497)";

    /// <summary>The variants in order of their papers.</summary>
    public static IReadOnlyList<ModelVariant> Variants { get; } =
    [
        new("unet-paper", UNet2015, UNetOptions.Paper2015(), 31_030_658),
        new("unet-release", $"{UNet2015}, released network phseg_v5", UNetOptions.Release2015(), 31_100_354),
        new("unet-milesial", "milesial/Pytorch-UNet", UNetOptions.Milesial(3, 2), 31_037_698),
        new("unet-milesial-bilinear", "milesial/Pytorch-UNet", UNetOptions.Milesial(3, 2, bilinear: true), 17_263_042),
        new("attention-unet", "LeeJunHyun/Image_Segmentation, AttU_Net", new AttentionUNetOptions { InChannels = 3, OutChannels = 1 }, 34_878_573),
        new("attention-unet-plain", "LeeJunHyun/Image_Segmentation, U_Net", new AttentionUNetOptions { InChannels = 3, OutChannels = 1, Attention = SkipAttention.None }, 34_527_041),
        new("attention-unet-r2", "LeeJunHyun/Image_Segmentation, R2AttU_Net", new AttentionUNetOptions { InChannels = 3, OutChannels = 1, Unit = AttentionUNetUnit.RecurrentResidual }, 39_442_925),
        new("attention-unet-monai-2d", "Project-MONAI/MONAI, AttentionUnet", AttentionUNetOptions.Monai(SpatialDims.Two, 1, 2, [64, 128, 256, 512, 1024]), 31_739_250),
        new("attention-unet-monai-3d", "Project-MONAI/MONAI, AttentionUnet", AttentionUNetOptions.Monai(SpatialDims.Three, 1, 2, [16, 32, 64, 128, 256]), 5_909_130),
        new("attention-unet-ct-multi", $"{Attention2018}, two gates on a skip", AttentionUNetOptions.OktayCt(1, 4), 6_473_322),
        new("attention-unet-ct-single", $"{Attention2018}, one gate on a skip", AttentionUNetOptions.OktayCt(1, 4, gates: 1), 6_214_151),
        new("attention-unet-ct-plain", $"{Attention2018}, its U-Net baseline", AttentionUNetOptions.OktayCt(1, 4, gates: 0), 5_888_004),
        new("attention-unet-grid", $"{Attention2018}, grid attention", AttentionUNetOptions.OktayGrid(1, 4), 2_221_815),
        new("unetplusplus-keras", UNetPlusPlus2018, UNetPlusPlusOptions.Keras(), 9_041_601),
        new("unetplusplus-keras-l3", $"{UNetPlusPlus2018}, pruned to its branch 3", UNetPlusPlusOptions.Keras() with { Level = 3 }, 2_204_961),
        new("unetplusplus-keras-l2", $"{UNetPlusPlus2018}, pruned to its branch 2", UNetPlusPlusOptions.Keras() with { Level = 2 }, 511_105),
        new("unetplusplus-keras-l1", $"{UNetPlusPlus2018}, pruned to its branch 1", UNetPlusPlusOptions.Keras() with { Level = 1 }, 100_961),
        new("unetplusplus-keras-unet", $"{UNetPlusPlus2018}, its U-Net baseline", UNetPlusPlusOptions.Keras() with { Skips = NestedSkips.Plain }, 7_759_521),
        new("unetplusplus-keras-wide-unet", $"{UNetPlusPlus2018}, its wide U-Net baseline",
            UNetPlusPlusOptions.Keras() with { Skips = NestedSkips.Plain, Widths = [35, 70, 140, 280, 560] }, 9_282_246),
        new("unetplusplus-nnunet-2d", "MrGiovanni/UNetPlusPlus, Generic_UNetPlusPlus", UNetPlusPlusOptions.NnUNet(SpatialDims.Two, 1, 2), 24_000_032),
        new("unetplusplus-nnunet-3d", "MrGiovanni/UNetPlusPlus, Generic_UNetPlusPlus", UNetPlusPlusOptions.NnUNet(SpatialDims.Three, 1, 3), 45_966_784),
        new("unetplusplus-nested", "4uiiurz1/pytorch-nested-unet, NestedUNet", UNetPlusPlusOptions.Nested(), 9_163_329),
        new("unetplusplus-nested-unet", "4uiiurz1/pytorch-nested-unet, UNet", UNetPlusPlusOptions.Nested() with { Skips = NestedSkips.Plain }, 7_852_545),
        new("u2net3d", $"{U2Net2019}, 5 domains", U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..5]), 6_577_460),
        new("u2net3d-6", $"{U2Net2019}, 6 domains", U2Net3dOptions.Universal(U2Net3dOptions.Decathlon), 6_722_050),
        new("u2net3d-series", $"{U2Net2019}, series adapters", U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..5]) with { Adapter = AdapterKind.Series }, 38_009_124),
        new("u2net3d-parallel", $"{U2Net2019}, parallel adapters", U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..5]) with { Adapter = AdapterKind.Parallel }, 38_847_044),
        new("u2net3d-shared", $"{U2Net2019}, shared, 5 domains", U2Net3dOptions.Shared(U2Net3dOptions.Decathlon[..5]), 33_152_724),
        new("u2net3d-independent", $"{U2Net2019}, independent (liver)", U2Net3dOptions.Independent(1, 2, pools: 5), 33_113_214),
        new("u2net3d-independent-hippocampus", $"{U2Net2019}, independent", U2Net3dOptions.Independent(1, 3, pools: 3), 2_055_285),
        new("u2net3d-independent-prostate", $"{U2Net2019}, independent", U2Net3dOptions.Independent(2, 3, pools: (2, 5, 5)), 33_113_765),
        new("unet3plus", UNet3Plus2020, UNet3PlusOptions.Official(), 26_971_777),
        new("unet3plus-ds", $"{UNet3Plus2020}, deep supervision", UNet3PlusOptions.Official(deepSupervision: true), 26_989_637),
        new("unet3plus-cgm", $"{UNet3Plus2020}, deep supervision, guided by classification", UNet3PlusOptions.Official(deepSupervision: true, classificationGuided: true), 26_991_687),
        new("doubleunet", DoubleUNet2020, new DoubleUNetOptions { InChannels = 3, OutChannels = 1 }, 29_288_886),
        new("nnunet-2d", $"{NnUNet2021}, 8 stages", PlainConvUNetOptions.Planner2d(1, 2), 46_324_558),
        new("nnunet-2d-7", $"{NnUNet2021}, 7 stages", PlainConvUNetOptions.Planner2d(1, 2, stages: 7), 33_471_820),
        new("nnunet-3d", $"{NnUNet2021}, 6 stages", PlainConvUNetOptions.Planner3d(1, 2), 31_195_594),
        new("nnunet-3d-5", $"{NnUNet2021}, 5 stages", PlainConvUNetOptions.Planner3d(1, 2, stages: 5), 16_547_592),
        new("unext", UNeXt2022, new UNeXtOptions { InChannels = 3, OutChannels = 1 }, 1_471_921),
        new("unext-s", $"{UNeXt2022}, small", UNeXtOptions.Small(3, 1), 253_561),
        new("convunext-16", ConvUNeXt2022, ConvUNeXtOptions.Official(3, 2, baseWidth: 16), 901_154),
        new("convunext", ConvUNeXt2022, ConvUNeXtOptions.Official(3, 2), 3_505_730),
        new("convunext-64", ConvUNeXt2022, ConvUNeXtOptions.Official(3, 2, baseWidth: 64), 13_825_154),
        new("convunext-transposed", $"{ConvUNeXt2022}, bilinear=False", ConvUNeXtOptions.Official(3, 2, bilinear: false), 6_668_450),
        new("mednext-s-k3", MedNeXt2023, MedNeXtOptions.Small(1, 14), 5_551_311),
        new("mednext-s-k5", MedNeXt2023, MedNeXtOptions.Small(1, 14, kernel: 5), 5_980_943),
        new("mednext-b-k3", MedNeXt2023, MedNeXtOptions.Base(1, 14), 10_526_703),
        new("mednext-b-k5", MedNeXt2023, MedNeXtOptions.Base(1, 14, kernel: 5), 10_956_335),
        new("mednext-m-k3", MedNeXt2023, MedNeXtOptions.Medium(1, 14), 17_549_359),
        new("mednext-m-k5", MedNeXt2023, MedNeXtOptions.Medium(1, 14, kernel: 5), 18_261_231),
        new("mednext-l-k3", MedNeXt2023, MedNeXtOptions.Large(1, 14), 61_779_663),
        new("mednext-l-k5", MedNeXt2023, MedNeXtOptions.Large(1, 14, kernel: 5), 62_993_295),
        new("nnunet-resenc-2d", $"{NnUNet2024}, 8 stages", ResidualEncoderUNetOptions.Planner2d(1, 2), 140_017_038),
        new("nnunet-resenc-3d", $"{NnUNet2024}, 6 stages", ResidualEncoderUNetOptions.Planner3d(1, 2), 102_349_770),
        new("nnunet-resenc-3d-7", $"{NnUNet2024}, 7 stages", ResidualEncoderUNetOptions.Planner3d(1, 2, stages: 7), 141_889_612),
        new("nnunet-resunet-3d", "MIC-DKFZ/dynamic-network-architectures, ResidualUNet with the stages of nnunet-resenc-3d",
            new ResidualUNetOptions { InChannels = 1, OutChannels = 2, SpatialDims = SpatialDims.Three, Stages = 6 }, 107_847_530),
        new("unetrplusplus-synapse", $"{Unetr2024}, Synapse", UnetrPlusPlusOptions.Synapse(), 42_952_850),
        new("unetrplusplus-acdc", $"{Unetr2024}, ACDC", UnetrPlusPlusOptions.Acdc(), 66_796_404),
        new("unetrplusplus-lung", $"{Unetr2024}, Decathlon Lung", UnetrPlusPlusOptions.Lung(), 121_174_798),
        new("unetrplusplus-tumor", $"{Unetr2024}, BraTS", UnetrPlusPlusOptions.Tumor(), 42_647_604),
    ];

    /// <summary>The variant of a name.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <exception cref="ArgumentException">There is none; the message says the nearest, and lists the names.</exception>
    public static ModelVariant Find(string name) =>
        Variants.FirstOrDefault(variant => string.Equals(variant.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no network '{name}'.{Nearest(name)} There are: {string.Join(", ", Variants.Select(variant => variant.Name))}.", nameof(name));

    private static string Nearest(string name) =>
        NearestName.Of((name.ToLowerInvariant(), []), Variants.Select(variant => (variant.Name, (IReadOnlyList<long>)[]))) is { } nearest ? $" Nearest: {nearest.Name}." : "";
}
