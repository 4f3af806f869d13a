namespace UNetFamily.Imaging;

/// <summary>The geometry of a volume whose axes were exchanged and mirrored after it was read. It knows the way back to the file.</summary>
/// <param name="Original">The geometry of the file.</param>
/// <param name="Orientation">What was done to the axes.</param>
/// <param name="OriginalSize">The voxels of the file.</param>
public sealed record TurnedGeometry(VolumeGeometry Original, Orientation Orientation, VolumeSize OriginalSize) : VolumeGeometry
{
    /// <inheritdoc/>
    public override double[] Affine()
    {
        var (file, turned) = (Original.Affine(), new double[12]);
        for (var row = 0; row < 3; row++)
        {
            turned[4 * row + 3] = file[4 * row + 3];
            for (var direction = 0; direction < 3; direction++)
            {
                var step = file[4 * row + Orientation.Axes[direction]];
                turned[4 * row + direction] = Orientation.Mirrored[direction] ? -step : step;
                if (Orientation.Mirrored[direction]) turned[4 * row + 3] += step * (OriginalSize[2 - Orientation.Axes[direction]] - 1);
            }
        }
        return turned;
    }
}
