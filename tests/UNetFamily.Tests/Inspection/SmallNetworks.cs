namespace UNetFamily.Tests;

/// <summary>A network of every family, small, in 2D and 3D, with a size that it takes.</summary>
internal static class SmallNetworks
{
    public static readonly (string Name, SegmentationModelOptions Options, long[] Size)[] All =
    [
        ("unet", new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4, 5] }, [32, 44]),
        ("unet interpolated", new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4, 5], Upsampling = Upsampling.Interpolated }, [32, 44]),
        ("unet odd", new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4, 5] }, [31, 45]),
        ("unet 3d", new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3, 4], SpatialDims = SpatialDims.Three }, [16, 24, 28]),
        ("unet unpadded", UNetOptions.Paper2015() with { Widths = [3, 4, 5], Dropout = 0 }, [52, 60]),
        ("unetplusplus", new UNetPlusPlusOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3, 4, 5] }, [48, 56]),
        ("unetplusplus keras", UNetPlusPlusOptions.Keras() with { Widths = [2, 3, 4], Dropout = Regularization.None }, [32, 40]),
        ("unetplusplus 3d", UNetPlusPlusOptions.NnUNet(SpatialDims.Three, 1, 2, baseWidth: 2, strides: [(1, 2, 2), 2], kernels: [(1, 3, 3), 3, 3]), [12, 24, 32]),
        ("nnunet", new PlainConvUNetOptions { InChannels = 1, OutChannels = 2, Stages = 3, FeaturesPerStage = [3, 4, 5] }, [36, 44]),
        ("nnunet 3d", new PlainConvUNetOptions
        {
            InChannels = 1, OutChannels = 2, SpatialDims = SpatialDims.Three, Stages = 3, FeaturesPerStage = [2, 3, 4], KernelSizes = [(1, 3, 3), 3, 3], Strides = [1, (1, 2, 2), 2],
        }, [14, 24, 36]),
        ("nnunet residual", new ResidualEncoderUNetOptions { InChannels = 1, OutChannels = 2, Stages = 3, FeaturesPerStage = [3, 4, 5], BlocksPerStage = [1, 1, 1] }, [40, 44]),
        ("nnunet bottleneck", new ResidualEncoderUNetOptions
        {
            InChannels = 1, OutChannels = 2, Stages = 2, FeaturesPerStage = [3, 4], BlocksPerStage = [1, 2], Block = ResidualBlockKind.Bottleneck, BottleneckChannels = [2],
        }, [24, 30]),
        ("convunext", new ConvUNeXtOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4, 5], Depths = [1, 1, 1], Kernel = 3 }, [33, 46]),
        ("convunext transposed", new ConvUNeXtOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4, 5], Depths = [1, 1, 1], Upsampling = Upsampling.Transposed }, [48, 60]),
        ("mednext", MedNeXt(SpatialDims.Two), [40, 52]),
        ("mednext 3d", MedNeXt(SpatialDims.Three), [20, 24, 32]),
    ];

    /// <summary>The names, for theories.</summary>
    public static TheoryData<string> Names() => new(All.Select(network => network.Name));

    public static (SegmentationModelOptions Options, long[] Size) Find(string name) => All.Where(network => network.Name == name).Select(network => (network.Options, network.Size)).Single();

    private static MedNeXtOptions MedNeXt(SpatialDims dims) => new() { InChannels = 1, OutChannels = 2, SpatialDims = dims, Channels = 2, Depths = [1, 1, 1, 1, 1], Expansions = [2, 2, 2, 2, 2] };
}
