using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.DoubleUNet;

/// <summary>The authors' PyTorch form and its parts.</summary>
internal sealed class DoubleUNetReference : ReferenceFamily
{
    public override string Net => "doubleunet";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var (arguments, options) = (source.Arguments, new DoubleUNetOptions { InChannels = 3, OutChannels = 1 });
        return source.Class switch
        {
            "build_doubleunet" => ReferenceSubject.Of(options.Build(), DoubleUNetKeyMaps.Official(options)),
            "ASPP" => ReferenceSubject.Of(new AtrousPyramid(SpatialDims.Two, arguments.Integer("in_c"), arguments.Integer("out_c")), DoubleUNetKeyMaps.AtrousPyramid),
            "conv_block" => ReferenceSubject.Of(UNetFamily.DoubleUNet.Block(SpatialDims.Two, arguments.Integer("in_c"), arguments.Integer("out_c"), options), DoubleUNetKeyMaps.ConvBlock),
            "squeeze_excitation_block" => ReferenceSubject.Of(new SqueezeExcitation(SpatialDims.Two, arguments.Integer("in_channels"), arguments.Integer("ratio", 8)), DoubleUNetKeyMaps.SqueezeExcitation),
            var other => throw new NotSupportedException($"Double U-Net has no class '{other}'."),
        };
    }

    // With batch statistics the original in float32 is up to 2.5e-5 from itself in float64, which the cases don't record.
    public override double Tolerance(ReferenceCase source, ReferenceOutput output) => source.IsTraining ? 1e-4 : base.Tolerance(source, output);

    // The gradients of the case, in float32, are up to 0.9 % from ours, which in float32 and float64 agree much better.
    public override double GradientTolerance(ReferenceCase source) => 0.015;
}
