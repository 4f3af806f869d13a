using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNet;

/// <summary>milesial's UNet, and the network of the 2015 paper with its Caffe names.</summary>
internal sealed class UNetReference : ReferenceFamily
{
    public override string Net => "unet";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var options = source.Class == "UNet" ? Milesial(source) : Paper(source.Arguments);
        return ReferenceSubject.Of(options.Build(), source.Class == "UNet" ? UNetKeyMaps.Milesial : UNetKeyMaps.Caffe(options));
    }

    private static UNetOptions Milesial(ReferenceCase source)
    {
        var arguments = source.Arguments;
        var bilinear = arguments.TryGetProperty("bilinear", out var flag) && flag.GetBoolean();
        return UNetOptions.Milesial(arguments.GetProperty("n_channels").GetInt64(), arguments.GetProperty("n_classes").GetInt64(), bilinear) with
        {
            Widths = Widths((long)(source.Number("width") ?? 64)),
        };
    }

    private static UNetOptions Paper(JsonElement arguments) =>
        UNetOptions.Paper2015(arguments.GetProperty("in_channels").GetInt64(), arguments.GetProperty("num_classes").GetInt64()) with
        {
            Widths = Widths(arguments.TryGetProperty("base", out var width) ? width.GetInt64() : 64),
            UpActivation = arguments.TryGetProperty("upconv_relu", out var relu) && relu.GetBoolean(),
            LastUpWidth = arguments.TryGetProperty("last_up", out var last) ? last.GetInt64() : null,
            Dropout = arguments.TryGetProperty("dropout", out var dropout) ? dropout.GetDouble() : 0.5,
        };

    private static ValueList<long> Widths(long finest) => [finest, 2 * finest, 4 * finest, 8 * finest, 16 * finest];
}
