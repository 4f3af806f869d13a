using UNetFamily.Imaging;
using UNetFamily.NnUNet;

namespace Readme;

/// <summary>The code of docs/imaging.md, to be run in a folder with a head.nii.gz.</summary>
public static class ImagingPage
{
    public static int Images()
    {
        #region images
        var head = ImageFile.Read("head.nii.gz");                        // NIfTI, NRRD, MetaImage, PNG, BMP, TIFF
        ushort[] bright = [.. head.Values.Select(value => (ushort)(value > 100 ? 1 : 0))];      // (Z, Y, X), X fastest
        ImageFile.WriteLabels("bright.nii.gz", bright, head.Size, head.Geometry);               // lies on the image in every viewer

        var millimetre = new VolumeSpacing(1, 1, 1);
        var size = ResampledSize.Of(head.Size, head.Spacing, millimetre);
        var even = VolumeResampling.Resample(head.Values, head.Size, size, head.Spacing, millimetre, ResamplingRule.Data);      // cubic, as SciPy and nnU-Net do it
        #endregion
        return even.Length;
    }

    public static void Turn()
    {
        #region turn
        var scan = ImageFile.Read("head.nii.gz");
        var orientation = new Orientation(scan.Geometry);
        var upright = orientation.Turn(scan);                            // axes to the top, the front and the right
        ushort[] labels = [.. upright.Values.Select(value => (ushort)(value > 100 ? 1 : 0))];
        ImageFile.WriteLabels("labels.nii.gz", orientation.Back(labels, upright.Size), scan.Size, scan.Geometry);
        #endregion
    }
}
