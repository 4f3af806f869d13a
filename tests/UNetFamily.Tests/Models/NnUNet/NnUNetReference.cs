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
        ConvsPerStage = Numbers(arguments.GetProperty("n_conv_per_stage")),
        Order = Flag(arguments, "nonlin_first") ? ConvOrder.ConvActNorm : ConvOrder.ConvNormAct,
    };

    private static NnUNetResidualOptions Residual(JsonElement arguments, NnUNetResidualOptions options) => (NnUNetResidualOptions)Common(arguments, options) with
    {
        BlocksPerStage = Numbers(arguments.GetProperty("n_blocks_per_stage")),
        Block = Name(arguments, "block") switch
        {
            null or "BasicBlockD" => ResidualBlockKind.Basic,
            "BottleneckD" => ResidualBlockKind.Bottleneck,
            var other => throw new NotSupportedException($"The block {other} is unknown."),
        },
        BottleneckChannels = Given(arguments, "bottleneck_channels") is { } channels ? Numbers(channels) : null,
        StemChannels = Given(arguments, "stem_channels")?.GetInt64(),
    };

    private static NnUNetOptions Common(JsonElement arguments, NnUNetOptions options) => options with
    {
        InChannels = arguments.GetProperty("input_channels").GetInt64(),
        OutChannels = arguments.GetProperty("num_classes").GetInt64(),
        SpatialDims = Name(arguments, "conv_op") switch
        {
            "Conv2d" => SpatialDims.Two,
            "Conv3d" => SpatialDims.Three,
            var other => throw new NotSupportedException($"The convolution {other} is unknown."),
        },
        Stages = arguments.GetProperty("n_stages").GetInt32(),
        FeaturesPerStage = Numbers(arguments.GetProperty("features_per_stage")),
        KernelSizes = Extents(arguments.GetProperty("kernel_sizes")),
        Strides = Extents(arguments.GetProperty("strides")),
        ConvsPerStageDecoder = Numbers(arguments.GetProperty("n_conv_per_stage_decoder")),
        ConvBias = Flag(arguments, "conv_bias"),
        Norm = Norm(arguments),
        Dropout = Dropout(arguments),
        Activation = Nonlinearity(arguments),
        DeepSupervision = Flag(arguments, "deep_supervision"),
    };

    private static Normalization Norm(JsonElement arguments)
    {
        var given = Given(arguments, "norm_op_kwargs");
        var eps = Number(given, "eps", 1e-5);
        return Name(arguments, "norm_op") switch
        {
            null => Normalization.None,
            "BatchNorm2d" or "BatchNorm3d" => Normalization.BatchWith(eps, Momentum(given), Flag(given, "affine", true), Flag(given, "track_running_stats", true)),
            "InstanceNorm2d" or "InstanceNorm3d" => Normalization.InstanceWith(eps, Number(given, "momentum", 0.1), Flag(given, "affine"), Flag(given, "track_running_stats")),
            var other => throw new NotSupportedException($"The norm {other} is unknown."),
        };

        static double? Momentum(JsonElement? given) =>
            given is { } named && named.TryGetProperty("momentum", out var momentum) ? momentum.ValueKind is JsonValueKind.Null ? null : momentum.GetDouble() : 0.1;
    }

    private static Regularization Dropout(JsonElement arguments)
    {
        var probability = Number(Given(arguments, "dropout_op_kwargs"), "p", 0.5);
        return Name(arguments, "dropout_op") switch
        {
            null => Regularization.None,
            "Dropout" => Regularization.Dropout(probability),
            "Dropout2d" or "Dropout3d" => Regularization.ChannelDropout(probability),
            "AlphaDropout" => Regularization.AlphaDropout(probability),
            var other => throw new NotSupportedException($"The dropout {other} is unknown."),
        };
    }

    private static Activation Nonlinearity(JsonElement arguments)
    {
        var given = Given(arguments, "nonlin_kwargs");
        return Name(arguments, "nonlin") switch
        {
            null or "Identity" => Activation.None,
            "ReLU" => Activation.ReLU,
            "ReLU6" => Activation.ReLU6,
            "LeakyReLU" => Activation.LeakyReLU(Number(given, "negative_slope", 0.01)),
            "PReLU" => Activation.PReLU(Number(given, "init", 0.25)),
            "ELU" => Activation.ELU(Number(given, "alpha", 1)),
            "GELU" => given is { } named && named.TryGetProperty("approximate", out var form) && form.GetString() == "tanh" ? Activation.GELUTanh : Activation.GELU,
            "SELU" => Activation.SELU,
            "SiLU" => Activation.SiLU,
            "Mish" => Activation.Mish,
            "Hardswish" => Activation.Hardswish,
            "Sigmoid" => Activation.Sigmoid,
            "Tanh" => Activation.Tanh,
            var other => throw new NotSupportedException($"The activation {other} is unknown."),
        };
    }

    /// <summary>The class that an argument names, without its module.</summary>
    private static string? Name(JsonElement arguments, string argument) => Given(arguments, argument)?.GetString()!.Split('.')[^1];

    private static JsonElement? Given(JsonElement arguments, string argument) =>
        arguments.TryGetProperty(argument, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    private static double Number(JsonElement? given, string argument, double otherwise) => given is { } arguments && Given(arguments, argument) is { } value ? value.GetDouble() : otherwise;

    private static bool Flag(JsonElement? given, string argument, bool otherwise = false) => given is { } arguments && Given(arguments, argument) is { } value ? value.GetBoolean() : otherwise;

    /// <summary>A number that stands for all stages, or one for each.</summary>
    private static ValueList<long> Numbers(JsonElement value) => value.ValueKind is JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.GetInt64())] : [value.GetInt64()];

    /// <summary>A number for all stages, or for each stage a number or one for each axis.</summary>
    private static ValueList<Extent> Extents(JsonElement value) => value.ValueKind is JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.Array ? Extent.Of(ReferenceCase.Shape(item)) : item.GetInt64())]
        : [value.GetInt64()];
}
