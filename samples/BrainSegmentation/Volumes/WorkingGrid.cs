using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Volumes;

/// <summary>The grid that a network works on: the axes of the body, and one distance between voxels in all directions. Takes scans and labels there, and what was predicted back.</summary>
internal sealed class WorkingGrid
{
    // 1 GB for an image, and for the logits of each class.
    private const double MostVoxels = 1L << 28;

    private readonly VolumeSize file;
    private readonly Orientation orientation;
    private readonly VolumeSize turned;
    private readonly long[] original;

    /// <summary>Finds the grid for volumes of a size and place.</summary>
    /// <param name="file">The voxels of the file.</param>
    /// <param name="geometry">Where they lie.</param>
    /// <param name="spacing">The distance between voxels of the grid in millimetres; null for the file's own.</param>
    /// <exception cref="InvalidDataException">The grid would be too large, or less than a voxel.</exception>
    public WorkingGrid(VolumeSize file, VolumeGeometry geometry, double? spacing)
    {
        this.file = file;
        orientation = new Orientation(geometry);
        turned = orientation.Turn(file);
        original = [turned.Z, turned.Y, turned.X];
        Size = spacing is { } all ? Resized(geometry.Spacing, all) : original;
    }

    /// <summary>Whether voxels of the file are voxels of the grid.</summary>
    public bool IsOriginal => Size.AsSpan().SequenceEqual(original);

    /// <summary>(D, H, W).</summary>
    public long[] Size { get; }

    /// <summary>A scan, (1, D, H, W).</summary>
    public Tensor Image(float[] values)
    {
        using var scope = NewDisposeScope();
        return Resampled(InBody(values), InterpolationMode.Trilinear).squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>Labels, (D, H, W): those of the nearest voxels.</summary>
    public Tensor Labels(byte[] labels)
    {
        using var scope = NewDisposeScope();
        return Resampled(InBody(Array.ConvertAll(labels, label => (float)label)), InterpolationMode.NearestExact).squeeze(0).squeeze(0).to(ScalarType.Byte).MoveToOuterDisposeScope();
    }

    /// <summary>The class of each voxel of the file, from those on the grid, which must be <see cref="IsOriginal"/>.</summary>
    /// <param name="labels">(D, H, W), 8-bit.</param>
    public byte[] LabelsToFile(Tensor labels)
    {
        using var scope = NewDisposeScope();
        return orientation.Back(labels.contiguous().data<byte>().ToArray(), turned);
    }

    /// <summary>The class of each voxel of the file, from logits on the grid. One channel alone is the logit of class 1.</summary>
    /// <param name="logits">(classes, D, H, W).</param>
    public byte[] LogitsToFile(Tensor logits)
    {
        using var scope = NewDisposeScope();
        if (logits.shape[0] == 1) return LabelsToFile(At(0).gt(0).to(ScalarType.Byte));

        var best = At(0);
        var label = zeros(original, ScalarType.Byte);
        // One class after the other: all of them at the file's resolution would take many times the memory of the scan.
        for (var index = 1; index < logits.shape[0]; index++)
        {
            using var perClass = NewDisposeScope();
            var next = At(index);
            label.masked_fill_(next.gt(best), index);
            best.copy_(maximum(best, next));
        }
        return LabelsToFile(label);

        Tensor At(int index) => Resampled(logits.narrow(0, index, 1).unsqueeze(0).cpu(), InterpolationMode.Trilinear, original).squeeze(0).squeeze(0);
    }

    private long[] Resized(VolumeSpacing distances, double spacing)
    {
        // As real numbers: whole ones would overflow before they could be compared.
        double[] sides = [.. original.Select((voxels, axis) => voxels * orientation.Turn(distances)[axis] / spacing)];
        var scan = $"{file} voxels of {Text(distances.X)} x {Text(distances.Y)} x {Text(distances.Z)} mm";
        if (original.Max() > 1 && sides.All(side => Math.Round(side) < 1))
            throw new InvalidDataException($"{scan} are less than a single voxel of {Text(spacing)} mm. Is the unit in the header right?");
        double[] rounded = [.. sides.Select(side => Math.Max(1, Math.Round(side)))];
        var total = rounded.Aggregate((product, side) => product * side);
        if (!(total <= MostVoxels))
            throw new InvalidDataException($"{scan} make a grid of {string.Join(" x ", rounded.Select(side => Text(side)))} at {Text(spacing)} mm, more than {MostVoxels:N0} voxels. "
                + $"A spacing that fits is {Text(Up(spacing * Math.Cbrt(total / MostVoxels)))} mm. Is the unit in the header right?");
        return [.. rounded.Select(side => (long)side)];

        static string Text(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

        // To two digits, which is never less.
        static double Up(double number)
        {
            var unit = Math.Pow(10, Math.Floor(Math.Log10(number)) - 1);
            return Math.Ceiling(1.02 * number / unit) * unit;
        }
    }

    private Tensor InBody(float[] values) => tensor(orientation.Turn(values, file), [1, 1, turned.Z, turned.Y, turned.X]);

    private Tensor Resampled(Tensor volume, InterpolationMode mode, long[]? size = null)
    {
        var target = size ?? Size;
        if (volume.shape.AsSpan(2).SequenceEqual(target)) return volume.contiguous();
        // Said for the nearest voxel as well, where it means nothing: otherwise libtorch 2.10 writes a warning to the terminal at each call.
        return functional.interpolate(volume.contiguous(), size: target, mode: mode, align_corners: false);
    }
}
