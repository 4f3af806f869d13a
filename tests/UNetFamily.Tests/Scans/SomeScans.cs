using System.Runtime.InteropServices;
using UNetFamily.Scans;
using UNetFamily.Tests.Imaging;

namespace UNetFamily.Tests.Scans;

/// <summary>Scans and networks for the tests.</summary>
internal static class SomeScans
{
    public static ScanPreparation Known { get; } = new() { Spacing = 1.25, RoiSize = [8, 8, 8], Classes = ["background", "one", "two"], MirrorSymmetric = true };

    public static UNet Net()
    {
        manual_seed(1);
        var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8], Norm = Normalization.Instance });
        // Without biases no class is everywhere ahead.
        using var noGradient = no_grad();
        foreach (var (_, bias) in model.named_parameters().Where(entry => entry.name.EndsWith("bias", StringComparison.Ordinal))) bias.zero_();
        return model;
    }

    /// <summary>A volume as a file stores it whose axes (x, y, z) run along <paramref name="axes"/> of the body (0 right, 1 front, 2 up), those of the bits in <paramref name="mirrored"/> the other way.</summary>
    public static (float[] Values, VolumeSize Size, NiftiGeometry Geometry) Stored(int[] axes, int mirrored, int[] body, Func<int, int, int, float> at)
    {
        int[] sides = [.. axes.Select(direction => body[direction])];
        var affine = new double[12];
        for (var axis = 0; axis < 3; axis++)
        {
            var backwards = (mirrored >> axis & 1) == 1;
            affine[4 * axes[axis] + axis] = backwards ? -1 : 1;
            affine[4 * axes[axis] + 3] = backwards ? sides[axis] - 1 : 0;
        }

        var values = new float[sides[0] * sides[1] * sides[2]];
        for (var i = 0; i < values.Length; i++)
        {
            int[] voxel = [i % sides[0], i / sides[0] % sides[1], i / (sides[0] * sides[1])];
            var place = new int[3];
            for (var axis = 0; axis < 3; axis++) place[axes[axis]] = (mirrored >> axis & 1) == 1 ? sides[axis] - 1 - voxel[axis] : voxel[axis];
            values[i] = at(place[0], place[1], place[2]);
        }
        return (values, new VolumeSize(sides[2], sides[1], sides[0]), new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = affine });
    }

    public static void WriteScan(string path, float[] values, VolumeSize size, NiftiGeometry geometry) => File.WriteAllBytes(path, new NiftiFile(size.X, size.Y, size.Z)
        .Single(76, Array.ConvertAll(geometry.PixDim, value => (float)value)).Int16(252, geometry.QFormCode, geometry.SFormCode).Single(280, Array.ConvertAll(geometry.SForm, value => (float)value))
        .Voxels(16, 4, MemoryMarshal.AsBytes<float>(values).ToArray()).ToBytes());
}
