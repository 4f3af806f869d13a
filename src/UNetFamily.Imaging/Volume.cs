namespace UNetFamily.Imaging;

/// <summary>An image of three axes on a regular grid: plain arrays of numbers, one for each channel, and where its voxels lie. An image of two axes is a volume of one slice.</summary>
public sealed class Volume
{
    /// <summary>Puts channels on a grid.</summary>
    /// <param name="channels">For each channel its numbers, (Z, Y, X) with X fastest. They are kept, not copied.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">Where the voxels lie.</param>
    /// <param name="spacing">The distance between voxels in millimetres; that of <paramref name="geometry"/> when left out.</param>
    /// <exception cref="ArgumentException">There is no channel, a channel doesn't fill the grid, or a spacing isn't above 0.</exception>
    public Volume(IReadOnlyList<float[]> channels, VolumeSize size, VolumeGeometry geometry, VolumeSpacing? spacing = null)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(geometry);
        if (channels.Count == 0) throw new ArgumentException("A volume needs a channel or more.", nameof(channels));
        for (var channel = 0; channel < channels.Count; channel++)
        {
            if (channels[channel].Length != size.Voxels)
                throw new ArgumentException($"Channel {channel} has {channels[channel].Length} numbers; a grid of {size} has {size.Voxels} voxels.", nameof(channels));
        }
        (Channels, Size, Geometry, Spacing) = (channels, size, geometry, spacing ?? geometry.Spacing);
        if (!Spacing.IsPositive) throw new ArgumentException($"The distance between voxels must be above 0 along each axis, is {Spacing}.", nameof(spacing));
    }

    /// <summary>Puts the numbers of a single channel on a grid.</summary>
    /// <param name="values">A number for each voxel, (Z, Y, X) with X fastest. They are kept, not copied.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">Where the voxels lie.</param>
    /// <exception cref="ArgumentException">The numbers don't fill the grid.</exception>
    public Volume(float[] values, VolumeSize size, VolumeGeometry geometry)
        : this([values], size, geometry)
    {
    }

    /// <summary>For each channel its numbers, (Z, Y, X) with X fastest.</summary>
    public IReadOnlyList<float[]> Channels { get; }

    /// <summary>The numbers of an image that has one channel.</summary>
    /// <exception cref="InvalidOperationException">It has several.</exception>
    public float[] Values => Channels.Count == 1 ? Channels[0] : throw new InvalidOperationException($"The image has {Channels.Count} channels; Channels holds them all.");

    /// <summary>Voxels along each axis.</summary>
    public VolumeSize Size { get; }

    /// <summary>The distance between voxels along each axis in millimetres.</summary>
    public VolumeSpacing Spacing { get; }

    /// <summary>Where the voxels lie in the scanner or in an atlas. Label maps that are written with it lie on the image.</summary>
    public VolumeGeometry Geometry { get; }

    /// <summary>The same grid with other numbers.</summary>
    /// <param name="channels">For each channel its numbers, which are kept, not copied.</param>
    /// <exception cref="ArgumentException">There is no channel, or one doesn't fill the grid.</exception>
    public Volume With(params IReadOnlyList<float[]> channels) => new(channels, Size, Geometry, Spacing);
}
