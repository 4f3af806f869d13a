using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.NnUNet;

/// <summary>PlainConvUNet, ResidualEncoderUNet and ResidualUNet of dynamic-network-architectures. Arguments that a case leaves out have the originals' defaults.</summary>
internal sealed class NnUNetReference : ReferenceFamily
{
    public override string Net => "plainconvunet";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        NnUNetOptions options = source.Class switch
        {
            "PlainConvUNet" => Plain(source.Arguments),
            "ResidualEncoderUNet" => Residual(source.Arguments, new ResidualEncoderUNetOptions { InChannels = 1, OutChannels = 1, Stages = 2 }),
            "ResidualUNet" => Residual(source.Arguments, new ResidualUNetOptions { InChannels = 1, OutChannels = 1, Stages = 2 }),
            var other => throw new NotSupportedException($"{source} is a case of {other}."),
        };
        return ReferenceSubject.Of(options.Build(), options.KeyMaps[0]);
    }

    private static PlainConvUNetOptions Plain(JsonElement arguments) => (PlainConvUNetOptions)Common(arguments, new PlainConvUNetOptions { InChannels = 1, OutChannels = 1, Stages = 2 }) with
    {
        ConvsPerStage = arguments.GetProperty("n_conv_per_stage").Numbers(),
        Order = arguments.Flag("nonlin_first") ? ConvOrder.ConvActNorm : ConvOrder.ConvNormAct,
    };

    private static NnUNetResidualOptions Residual(JsonElement arguments, NnUNetResidualOptions options) => (NnUNetResidualOptions)Common(arguments, options) with
    {
        BlocksPerStage = arguments.GetProperty("n_blocks_per_stage").Numbers(),
        Block = arguments.Name("block") switch
        {
            null or "BasicBlockD" => ResidualBlockKind.Basic,
            "BottleneckD" => ResidualBlockKind.Bottleneck,
            var other => throw new NotSupportedException($"The block {other} is unknown."),
        },
        BottleneckChannels = arguments.Given("bottleneck_channels")?.Numbers(),
        StemChannels = arguments.Given("stem_channels")?.GetInt64(),
    };

    private static NnUNetOptions Common(JsonElement arguments, NnUNetOptions options) => options with
    {
        InChannels = arguments.GetProperty("input_channels").GetInt64(),
        OutChannels = arguments.GetProperty("num_classes").GetInt64(),
        SpatialDims = TorchArguments.Dims(arguments.Name("conv_op")),
        Stages = arguments.GetProperty("n_stages").GetInt32(),
        FeaturesPerStage = arguments.GetProperty("features_per_stage").Numbers(),
        KernelSizes = arguments.GetProperty("kernel_sizes").Extents(),
        Strides = arguments.GetProperty("strides").Extents(),
        ConvsPerStageDecoder = arguments.GetProperty("n_conv_per_stage_decoder").Numbers(),
        ConvBias = arguments.Flag("conv_bias"),
        Norm = TorchArguments.Norm(arguments.Name("norm_op"), arguments.Given("norm_op_kwargs")),
        Dropout = TorchArguments.Dropout(arguments.Name("dropout_op"), arguments.Given("dropout_op_kwargs")),
        Activation = TorchArguments.Activation(arguments.Name("nonlin"), arguments.Given("nonlin_kwargs")),
        DeepSupervision = arguments.Flag("deep_supervision"),
    };
}
