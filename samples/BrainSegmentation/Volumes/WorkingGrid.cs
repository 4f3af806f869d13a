using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Volumes;

/// <summary>The grid that a network works on: the axes of the body, and one distance between voxels in all directions. Takes scans and labels there, and what was predicted back.</summary>
internal sealed class WorkingGrid
{
    private readonly GridSize file;
    private readonly Orientation orientation;
    private readonly long[] original;

    /// <summary>Finds the grid for volumes of a size and place.</summary>
    /// <param name="file">The voxels of the file.</param>
    /// <param name="geometry">Where they lie.</param>
    /// <param name="spacing">The distance between voxels of the grid in millimetres; null for the file's own.</param>
    public WorkingGrid(GridSize file, NiftiGeometry geometry, double? spacing)
    {
        this.file = file;
        orientation = new Orientation(geometry);
        original = orientation.ToBody<long>(file.X, file.Y, file.Z);
        var distances = orientation.ToBody<double>(geometry.PixDim[1], geometry.PixDim[2], geometry.PixDim[3]);
        Size = [.. original.Zip(distances, (voxels, distance) => spacing is { } all ? Math.Max(1, (long)Math.Round(voxels * distance / all)) : voxels)];
    }

    /// <summary>Whether voxels of the file are voxels of the grid.</summary>
    public bool IsOriginal => Size.AsSpan().SequenceEqual(original);

    /// <summary>(D, H, W).</summary>
    public long[] Size { get; }

    /// <summary>A scan, (1, D, H, W).</summary>
    public Tensor Image(float[] values)
    {
        using var scope = NewDisposeScope();
        return Resampled(InBody(tensor(values)), InterpolationMode.Trilinear).squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>Labels, (D, H, W): those of the nearest voxels.</summary>
    public Tensor Labels(byte[] labels)
    {
        using var scope = NewDisposeScope();
        return Resampled(InBody(tensor(labels).to(ScalarType.Float32)), InterpolationMode.NearestExact).squeeze(0).squeeze(0).to(ScalarType.Byte).MoveToOuterDisposeScope();
    }

    /// <summary>The class of each voxel of the file, from those on the grid, which must be <see cref="IsOriginal"/>.</summary>
    /// <param name="labels">(D, H, W), 8-bit.</param>
    public byte[] LabelsToFile(Tensor labels)
    {
        using var scope = NewDisposeScope();
        return orientation.ToFile(labels).contiguous().data<byte>().ToArray();
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

    private Tensor InBody(Tensor values) => orientation.ToBody(values.reshape(file.Z, file.Y, file.X)).unsqueeze(0).unsqueeze(0);

    private Tensor Resampled(Tensor volume, InterpolationMode mode, long[]? size = null)
    {
        var target = size ?? Size;
        if (volume.shape.AsSpan(2).SequenceEqual(target)) return volume.contiguous();
        // Said for the nearest voxel as well, where it means nothing: otherwise libtorch 2.10 writes a warning to the terminal at each call.
        return functional.interpolate(volume.contiguous(), size: target, mode: mode, align_corners: false);
    }
}
