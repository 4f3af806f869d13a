using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNetPlusPlus;

/// <summary>NestedUNet with its UNet baseline, the authors' Keras functions, and their Generic_UNetPlusPlus.</summary>
internal sealed class UNetPlusPlusReference : ReferenceFamily
{
    public override string Net => "unetplusplus";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var options = Options(source);
        return source.Class switch
        {
            "NestedUNet" or "UNet" => ReferenceSubject.Of(options.Build(), UNetPlusPlusKeyMaps.Nested(options)),
            "Generic_UNetPlusPlus" => Activated(options, UNetPlusPlusKeyMaps.NnUNet(options), FinalActivation(source.Arguments)),
            _ => Activated(options, UNetPlusPlusKeyMaps.Keras(options), logits => logits.sigmoid()),
        };
    }

    /// <summary>Our options for the original's keyword arguments.</summary>
    public static UNetPlusPlusOptions Options(ReferenceCase source)
    {
        var arguments = source.Arguments;
        return source.Class switch
        {
            "NestedUNet" => Nested(source),
            "UNet" => Nested(source) with { Skips = NestedSkips.Plain, DeepSupervision = false },
            "UNetPlusPlus (Keras function)" => Keras(arguments),
            "U_Net (Keras function)" or "wU_Net (Keras function)" => Keras(arguments) with { Skips = NestedSkips.Plain },
            "Generic_UNetPlusPlus" => NnUNet(arguments),
            var other => throw new NotSupportedException($"UNet++ has no class '{other}'."),
        };
    }

    public override Tensor Derived(string name, ReferenceSubject subject, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> outputs) => name switch
    {
        "mean_of_logits" => stack(outputs.ToArray()).mean([0]),
        "mean_of_sigmoids" => ((UNetFamily.UNetPlusPlus)subject.Module).Accurate(inputs[0], sigmoid: true),
        "mean_of_softmax" => ((UNetFamily.UNetPlusPlus)subject.Module).Accurate(inputs[0], sigmoid: false),
        _ => base.Derived(name, subject, inputs, outputs),
    };

    private static UNetPlusPlusOptions Nested(ReferenceCase source)
    {
        var arguments = source.Arguments;
        return UNetPlusPlusOptions.Nested(arguments.Integer("input_channels", 3), arguments.Integer("num_classes"), arguments.Flag("deep_supervision")) with
        {
            Widths = Widths((long)(source.Number("width") ?? 32), times: 4),
        };
    }

    private static UNetPlusPlusOptions Keras(JsonElement arguments) =>
        UNetPlusPlusOptions.Keras(arguments.Integer("color_type", 1), arguments.Integer("num_class", 1), arguments.Flag("deep_supervision")) with
        {
            Widths = arguments.Given("nb_filter")?.Numbers() ?? [32, 64, 128, 256, 512],
            Dropout = Regularization.Dropout(arguments.Number("dropout", 0.5)),
        };

    private static UNetPlusPlusOptions NnUNet(JsonElement arguments)
    {
        var dims = TorchArguments.Dims(arguments.Name("conv_op") ?? "Conv2d");
        var depth = (int)arguments.Integer("num_pool");
        var options = UNetPlusPlusOptions.NnUNet(dims, arguments.Integer("input_channels"), arguments.Integer("num_classes"),
            strides: arguments.Given("pool_op_kernel_sizes")?.Extents() ?? [.. Enumerable.Repeat<Extent>(2, depth)], kernels: arguments.Given("conv_kernel_sizes")?.Extents(),
            convs: arguments.Integer("num_conv_per_stage", 2), deepSupervision: arguments.Flag("deep_supervision", otherwise: true));

        return options with
        {
            Widths = Widths(arguments.Integer("base_num_features"), depth, arguments.Number("feat_map_mul_on_downscale", 2), arguments.Integer("max_num_features", dims is SpatialDims.Two ? 480 : 320)),
            Norm = TorchArguments.Norm(arguments.Name("norm_op") ?? "BatchNorm2d", arguments.Given("norm_op_kwargs") ?? Default("""{ "affine": true }""")),
            Activation = TorchArguments.Activation(arguments.Name("nonlin") ?? "LeakyReLU", arguments.Given("nonlin_kwargs")),
            Order = arguments.Name("basic_block") is "ConvDropoutNonlinNorm" ? ConvOrder.ConvActNorm : ConvOrder.ConvNormAct,
            Dropout = TorchArguments.Dropout(arguments.Name("dropout_op") ?? "Dropout2d", arguments.Given("dropout_op_kwargs")),
            DropoutInDecoder = arguments.Flag("dropout_in_localization"),
            HeadBias = arguments.Flag("seg_output_use_bias"),
        };

        static JsonElement Default(string json) => JsonDocument.Parse(json).RootElement;
    }

    private static Func<Tensor, Tensor> FinalActivation(JsonElement arguments) => arguments.Name("final_nonlin") switch
    {
        "identity" => logits => logits,
        "sigmoid" => logits => logits.sigmoid(),
        null or "softmax" or "softmax_helper" => logits => logits.softmax(1),
        var other => throw new NotSupportedException($"The final activation {other} is unknown."),
    };

    private static ReferenceSubject Activated(UNetPlusPlusOptions options, KeyMap keys, Func<Tensor, Tensor> activation) =>
        ReferenceSubject.Of(options.Build(), keys, output => keys.InOrder(output).Select(activation));

    private static ValueList<long> Widths(long finest, int times, double factor = 2, long cap = long.MaxValue)
    {
        var widths = new List<long> { finest };
        // As numpy rounds: halves to the even number.
        while (widths.Count <= times) widths.Add(Math.Min((long)Math.Round(widths[^1] * factor, MidpointRounding.ToEven), cap));
        return [.. widths];
    }
}
