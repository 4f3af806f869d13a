namespace UNetFamily.NnUNet;

/// <summary>An image as nnU-Net's readers give it: channels on one grid, in the order of axes (Z, Y, X) of the file, which is the reverse of NIfTI's. An image of two axes has 1 in front.</summary>
public sealed class ImageVolume
{
    /// <summary>Puts channels on a grid.</summary>
    /// <param name="channels">The numbers of each channel, the last axis fastest. They are not copied, and not changed.</param>
    /// <param name="sides">The sides (Z, Y, X).</param>
    /// <param name="spacing">The distance of voxels along each axis in millimetres, above 0.</param>
    /// <exception cref="ArgumentException">Channels, sides and spacing don't fit together, or a spacing isn't above 0.</exception>
    public ImageVolume(IReadOnlyList<float[]> channels, ValueList<int> sides, ValueList<double> spacing)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(sides);
        ArgumentNullException.ThrowIfNull(spacing);
        var count = NnUNet.Sides.Count([.. sides]);
        if (channels.Count == 0) throw new ArgumentException("There must be a channel, or several.", nameof(channels));
        foreach (var (number, channel) in channels.Index())
            if (channel.Length != count) throw new ArgumentException($"Channel {number} has {channel.Length} numbers; sides {sides} have {count} places.", nameof(channels));
        if (spacing.Count != 3 || spacing.Any(distance => !(distance > 0 && double.IsFinite(distance)))) throw new ArgumentException($"spacing must be three numbers above 0, is {spacing}.", nameof(spacing));
        (Channels, Sides, Spacing) = (channels, sides, spacing);
    }

    /// <summary>The numbers of each channel.</summary>
    public IReadOnlyList<float[]> Channels { get; }

    /// <summary>The sides (Z, Y, X).</summary>
    public ValueList<int> Sides { get; }

    /// <summary>The distance of voxels along (Z, Y, X) in millimetres.</summary>
    public ValueList<double> Spacing { get; }
}
