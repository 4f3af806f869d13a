using UNetFamily.Tests.Models.AttentionUNet;
using UNetFamily.Tests.Models.ConvUNeXt;
using UNetFamily.Tests.Models.DoubleUNet;
using UNetFamily.Tests.Models.MedNeXt;
using UNetFamily.Tests.Models.NnUNet;
using UNetFamily.Tests.Models.U2Net3d;
using UNetFamily.Tests.Models.UNet;
using UNetFamily.Tests.Models.UNet3Plus;
using UNetFamily.Tests.Models.UNetPlusPlus;
using UNetFamily.Tests.Models.UnetrPlusPlus;
using UNetFamily.Tests.Models.UNeXt;

namespace UNetFamily.Tests.Reference;

/// <summary>The nets whose cases can be run.</summary>
internal static class ReferenceFamilies
{
    private static readonly ReferenceFamily[] All =
    [
        new UNetReference(),
        new AttentionUNetReference(),
        new UNetPlusPlusReference(),
        new UNet3PlusReference(),
        new UNeXtReference(),
        new DoubleUNetReference(),
        new ConvUNeXtReference(),
        new NnUNetReference(),
        new UnetrPlusPlusReference(),
        new U2Net3dReference(),
        new MedNeXtReference(),
    ];

    public static ReferenceFamily Of(string net) => All.FirstOrDefault(family => family.Net == net)
        ?? throw new NotSupportedException($"There are reference cases of '{net}', and no {nameof(ReferenceFamily)} that can express them.");
}
