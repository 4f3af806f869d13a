using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNet3Plus;

/// <summary>The authors' three classes, which return sigmoids.</summary>
internal sealed class UNet3PlusReference : ReferenceFamily
{
    public override string Net => "unet3plus";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var options = Options(source);
        var keys = UNet3PlusKeyMaps.Official(options);
        return ReferenceSubject.Of(options.Build(), keys, output => keys.InOrder(output).Select(map => map.sigmoid()));
    }

    /// <summary>Our options for the original's keyword arguments; <c>feature_scale</c> and <c>is_deconv</c> do nothing there.</summary>
    public static UNet3PlusOptions Options(ReferenceCase source)
    {
        var (deepSupervision, guided) = source.Class switch
        {
            "UNet_3Plus" => (false, false),
            "UNet_3Plus_DeepSup" => (true, false),
            "UNet_3Plus_DeepSup_CGM" => (true, true),
            var other => throw new NotSupportedException($"UNet 3+ has no class '{other}'."),
        };
        return UNet3PlusOptions.Official(source.Arguments.Integer("in_channels", 3), source.Arguments.Integer("n_classes", 1), deepSupervision, guided, (long)(source.Number("width") ?? 64)) with
        {
            EncoderNorm = source.Arguments.Flag("is_batchnorm", otherwise: true) ? Normalization.Batch : Normalization.None,
        };
    }

    // With batch statistics the original in float32 is up to 3e-6 from itself in float64, which the cases don't record.
    public override double Tolerance(ReferenceCase source, ReferenceOutput output) => source.IsTraining ? 3e-5 : base.Tolerance(source, output);
}
