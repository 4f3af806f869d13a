using System.Globalization;

namespace UNetFamily.Scans;

/// <summary>The grid that a network works on: the axes of the body, and one distance between voxels in all directions. Takes scans and labels there, and what was predicted back.</summary>
public sealed class ScanGrid
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
    /// <exception cref="InvalidDataException">The grid would be too large, or less than a voxel, or an axis of the file has no direction of its own.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The spacing isn't above 0.</exception>
    public ScanGrid(VolumeSize file, VolumeGeometry geometry, double? spacing)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        this.file = file;
        orientation = new Orientation(geometry);
        turned = orientation.Turn(file);
        original = [turned.Z, turned.Y, turned.X];
        if (spacing is { } wanted && !(wanted > 0 && double.IsFinite(wanted))) throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "A distance between voxels must be above 0 millimetres.");
        Size = spacing is { } all ? [.. Resized(geometry.Spacing, all)] : [.. original];
    }

    /// <summary>Whether voxels of the file are voxels of the grid.</summary>
    public bool IsOriginal => Size.SequenceEqual(original);

    /// <summary>The voxels of the grid, (D, H, W): upwards, to the front, to the right.</summary>
    public ValueList<long> Size { get; }

    /// <summary>Takes a scan to the grid, by linear interpolation.</summary>
    /// <param name="values">The number of each voxel of the file, (Z, Y, X) with X fastest.</param>
    /// <returns>(1, D, H, W), float32.</returns>
    /// <exception cref="ArgumentException">They don't fill the file's grid.</exception>
    public Tensor Image(float[] values)
    {
        RequireFull(values);
        using var scope = NewDisposeScope();
        return Resampled(InBody(values), InterpolationMode.Trilinear).squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>Takes labels to the grid: those of the nearest voxels.</summary>
    /// <param name="labels">The label of each voxel of the file, (Z, Y, X) with X fastest.</param>
    /// <returns>(D, H, W), 8-bit.</returns>
    /// <exception cref="ArgumentException">They don't fill the file's grid.</exception>
    public Tensor Labels(byte[] labels)
    {
        RequireFull(labels);
        using var scope = NewDisposeScope();
        return Resampled(InBody(Array.ConvertAll(labels, label => (float)label)), InterpolationMode.NearestExact).squeeze(0).squeeze(0).to(ScalarType.Byte).MoveToOuterDisposeScope();
    }

    /// <summary>The class of each voxel of the file, from those on the grid, which must be <see cref="IsOriginal"/>.</summary>
    /// <param name="labels">(D, H, W), 8-bit.</param>
    /// <returns>(Z, Y, X) with X fastest.</returns>
    /// <exception cref="ArgumentException">They are not of the file's grid.</exception>
    public byte[] LabelsToFile(Tensor labels)
    {
        Require(labels, original);
        using var scope = NewDisposeScope();
        return orientation.Back(labels.contiguous().data<byte>().ToArray(), turned);
    }

    /// <summary>The class of each voxel of the file, from logits on the grid. One channel alone is the logit of class 1.</summary>
    /// <param name="logits">(classes, D, H, W), of 1 to 256 classes.</param>
    /// <returns>(Z, Y, X) with X fastest.</returns>
    /// <exception cref="ArgumentException">They are not of this grid.</exception>
    public byte[] LogitsToFile(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Require(logits, [logits.dim() == 4 ? Math.Clamp(logits.shape[0], 1, ScanPreparation.MostClasses) : 1, .. Size]);
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

    private void RequireFull<T>(T[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != file.Voxels) throw new ArgumentException($"There are {values.Length} numbers; a file of {file} has {file.Voxels} voxels.", nameof(values));
    }

    private static void Require(Tensor maps, long[] shape)
    {
        ArgumentNullException.ThrowIfNull(maps);
        if (!maps.shape.AsSpan().SequenceEqual(shape)) throw new ArgumentException($"The shape must be ({string.Join(", ", shape)}), is ({string.Join(", ", maps.shape)}).", nameof(maps));
    }

    private Tensor InBody(float[] values) => tensor(orientation.Turn(values, file), [1, 1, turned.Z, turned.Y, turned.X]);

    private Tensor Resampled(Tensor volume, InterpolationMode mode, long[]? size = null)
    {
        long[] target = size ?? [.. Size];
        if (volume.shape.AsSpan(2).SequenceEqual(target)) return volume.contiguous();
        // Said for the nearest voxel as well, where it means nothing: otherwise libtorch 2.10 writes a warning to the terminal at each call.
        return functional.interpolate(volume.contiguous(), size: target, mode: mode, align_corners: false);
    }
}
