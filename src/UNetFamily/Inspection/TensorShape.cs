namespace UNetFamily;

/// <summary>
/// The shape of one sample without its batch axis: channels first, then the spatial sides, (C, H, W) or (C, D, H, W); tokens are (N, C).
/// </summary>
public sealed record TensorShape
{
    /// <summary>A shape from its axes.</summary>
    /// <param name="axes">Channels and spatial sides, or tokens and channels.</param>
    public TensorShape(params ReadOnlySpan<long> axes) => Axes = ValueList.Create(axes);

    /// <summary>The axes in order.</summary>
    public ValueList<long> Axes { get; }

    /// <summary>The first axis: the channels of a map.</summary>
    public long Channels => Axes[0];

    /// <summary>The axes after the first: the sides of a map.</summary>
    public ValueList<long> Spatial => Axes[1..];

    /// <summary>How many numbers a tensor of this shape holds.</summary>
    public long Elements => Axes.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>The positions of a map: the product of its sides.</summary>
    public long Positions => Elements / Channels;

    /// <summary>The same sides with other channels.</summary>
    /// <param name="channels">The new channels.</param>
    public TensorShape WithChannels(long channels) => new([channels, .. Spatial]);

    /// <summary>The same channels with every side changed.</summary>
    /// <param name="side">Gives the new side for an axis (0 is the first spatial axis) and its old side.</param>
    public TensorShape WithSides(Func<int, long, long> side) => new([Channels, .. Spatial.Select((old, axis) => side(axis, old))]);

    /// <summary>The same channels with every side multiplied.</summary>
    /// <param name="scale">The factor per axis.</param>
    public TensorShape Scaled(Extent scale)
    {
        var factors = scale.Along((SpatialDims)Spatial.Count);
        return WithSides((axis, side) => side * factors[axis]);
    }

    /// <summary><c>(64, 128, 128)</c>.</summary>
    public override string ToString() => $"({string.Join(", ", Axes)})";
}
