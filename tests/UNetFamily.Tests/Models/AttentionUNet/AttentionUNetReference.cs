using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.AttentionUNet;

/// <summary>LeeJunHyun's AttU_Net with its relatives, MONAI's AttentionUnet, and the 3D networks of the paper's authors.</summary>
internal sealed class AttentionUNetReference : ReferenceFamily
{
    public override string Net => "attentionunet";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var arguments = source.Arguments;
        return source.Class switch
        {
            "AttU_Net" => ImageSegmentation(source),
            "U_Net" => ImageSegmentation(source, attention: SkipAttention.None),
            "R2AttU_Net" => ImageSegmentation(source, AttentionUNetUnit.RecurrentResidual),
            "Attention_block" => Gate(arguments),
            "AttentionUnet" => Monai(arguments),
            "unet_CT_multi_att_dsv_3D" => Oktay(arguments, (inChannels, classes, scale) => AttentionUNetOptions.OktayCt(inChannels, classes, gates: 2, scale)),
            "unet_CT_single_att_dsv_3D" => Oktay(arguments, (inChannels, classes, scale) => AttentionUNetOptions.OktayCt(inChannels, classes, gates: 1, scale)),
            "unet_CT_dsv_3D" => Oktay(arguments, (inChannels, classes, scale) => AttentionUNetOptions.OktayCt(inChannels, classes, gates: 0, scale)),
            "unet_grid_attention_3D" => Oktay(arguments, AttentionUNetOptions.OktayGrid),
            var other => throw new NotSupportedException($"Attention U-Net has no class '{other}'."),
        };
    }

    // The original in float32 is up to 6e-5 from itself in float64 with batch statistics, which the cases don't record.
    public override double Tolerance(ReferenceCase source, ReferenceOutput output) => source.IsTraining ? 3e-4 : base.Tolerance(source, output);

    // At full width the gradients of the deep gates' single-channel norms nearly cancel: those of the cases, in float32, are up to 4 % from float64. All others are within 0.2 %.
    public override double GradientTolerance(ReferenceCase source) => source.ParameterCount > 1e7 ? 0.04 : base.GradientTolerance(source);

    private static ReferenceSubject ImageSegmentation(ReferenceCase source, AttentionUNetUnit unit = AttentionUNetUnit.DoubleConv, SkipAttention attention = SkipAttention.Additive)
    {
        var finest = (long)(source.Number("width") ?? 64);
        var options = new AttentionUNetOptions
        {
            InChannels = source.Arguments.Integer("img_ch", 3),
            OutChannels = source.Arguments.Integer("output_ch", 1),
            Widths = [finest, 2 * finest, 4 * finest, 8 * finest, 16 * finest],
            Unit = unit,
            RecurrentSteps = source.Arguments.Integer("t", 2),
            Attention = attention,
        };
        return ReferenceSubject.Of(options.Build(), AttentionUNetKeyMaps.ImageSegmentation(options));
    }

    private static ReferenceSubject Gate(JsonElement arguments)
    {
        var gate = new AttentionGate(SpatialDims.Two, arguments.Integer("F_g"), arguments.Integer("F_l"), arguments.Integer("F_int"));
        return new(gate, AttentionUNetKeyMaps.AdditiveGate, inputs => [gate.call(inputs[0], inputs[1])]);
    }

    private static ReferenceSubject Monai(JsonElement arguments)
    {
        var options = AttentionUNetOptions.Monai((SpatialDims)arguments.Integer("spatial_dims"), arguments.Integer("in_channels"), arguments.Integer("out_channels"),
            arguments.Given("channels")!.Value.Numbers(), arguments.Given("strides")!.Value.Extents(), arguments.Given("up_kernel_size")?.Extents()[0] ?? 3, arguments.Number("dropout", 0));
        return ReferenceSubject.Of(options.Build(), AttentionUNetKeyMaps.Monai(options));
    }

    private static ReferenceSubject Oktay(JsonElement arguments, Func<long, long, long, AttentionUNetOptions> make)
    {
        if (arguments.Flag("is_deconv")) throw new NotSupportedException("Transposed convolutions of the authors' code are not described in facts.md.");
        if (!arguments.Flag("is_batchnorm", otherwise: true)) throw new NotSupportedException("The authors' code without batch norm is not described in facts.md.");
        if (arguments.Given("nonlocal_mode")?.GetString() is not (null or "concatenation")) throw new NotSupportedException($"The mode {arguments.GetProperty("nonlocal_mode")} is not described in facts.md.");

        var options = make(arguments.Integer("in_channels", 3), arguments.Integer("n_classes", 21), arguments.Integer("feature_scale", 4)) with
        {
            GridStride = arguments.Given("attention_dsample") is { } grid ? Extent.Of(ReferenceCase.Shape(grid)) : 2,
        };
        return ReferenceSubject.Of(options.Build(), AttentionUNetKeyMaps.Oktay(options));
    }
}
