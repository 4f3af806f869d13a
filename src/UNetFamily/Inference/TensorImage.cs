namespace UNetFamily;

/// <summary>
/// An image in a tensor of any type, normalised while it is read: <c>voxel * scale + shift</c>. A CT volume so stays in the 16-bit numbers of its file, half or a quarter of what floats need.
/// </summary>
public sealed class TensorImage : IImageSource
{
    private readonly Tensor voxels;
    private readonly double scale;
    private readonly double shift;

    /// <summary>An image in a tensor, which stays the caller's.</summary>
    /// <param name="voxels">(C, H, W) or (C, D, H, W), of any type, on any device.</param>
    /// <param name="scale">The factor, such as 1 / σ.</param>
    /// <param name="shift">What is added to the product, such as -μ / σ.</param>
    /// <exception cref="ArgumentException">The tensor has another number of axes.</exception>
    public TensorImage(Tensor voxels, double scale = 1, double shift = 0)
    {
        ArgumentNullException.ThrowIfNull(voxels);
        if (voxels.dim() is not (3 or 4))
            throw new ArgumentException($"voxels must be (C, H, W) or (C, D, H, W), has {voxels.dim()} axes: ({string.Join(", ", voxels.shape)}).", nameof(voxels));
        (this.voxels, this.scale, this.shift) = (voxels, scale, shift);
        Shape = ValueList.Create<long>(voxels.shape);
    }

    /// <inheritdoc/>
    public ValueList<long> Shape { get; }

    /// <summary>Where the voxels are; boxes are read there, whatever the device.</summary>
    internal Device Device => voxels.device;

    /// <summary>The first voxel, (channel, …place), that is not finite, and its number; null when all are. Cheap beside the network, so it is looked for before the work.</summary>
    internal (long[] Place, double Value)? FirstNonFinite() =>
        voxels.is_floating_point() && NonFinite.FirstIn(voxels) is { } place ? (place, NonFinite.At(voxels, place)) : null;

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<long> start, Tensor box)
    {
        ArgumentNullException.ThrowIfNull(box);
        using var scope = NewDisposeScope();
        var (part, sides) = (voxels, box.shape);
        for (var axis = 0; axis < start.Length; axis++) part = part.narrow(axis + 1, start[axis], sides[axis + 1]);
        box.copy_(part);
        if (scale != 1) box.mul_(scale);
        if (shift != 0) box.add_(shift);
    }
}
