using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.ConvUNeXt;

/// <summary>The authors' ConvUNeXt.</summary>
internal sealed class ConvUNeXtReference : ReferenceFamily
{
    public override string Net => "convunext";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var arguments = source.Arguments;
        var options = ConvUNeXtOptions.Official(
            inChannels: arguments.TryGetProperty("in_channels", out var inputs) ? inputs.GetInt64() : 1,
            outChannels: arguments.TryGetProperty("num_classes", out var classes) ? classes.GetInt64() : 2,
            baseWidth: arguments.TryGetProperty("base_c", out var width) ? width.GetInt64() : 32,
            bilinear: !arguments.TryGetProperty("bilinear", out var bilinear) || bilinear.GetBoolean());
        return ReferenceSubject.Of(options.Build(), ConvUNeXtKeyMaps.Official);
    }
}
