namespace UNetFamily;

/// <summary>
/// The shape of one sample without its batch axis: channels first, then the spatial sides, (C, H, W) or (C, D, H, W); tokens are (N, C).
/// In a trace it also stands for the tensor itself: which memory it lies in, and which pixels of the image it was computed from. Make a shape from those
/// that came in (<see cref="WithChannels"/>, <see cref="Scaled"/>, <see cref="Tracer.Summed"/> …) rather than anew, and nothing is lost; of a new one
/// the tracer assumes that it depends on the whole image.
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

    /// <summary>The memory that the tensor lies in: views and results in place share it.</summary>
    internal object Storage { get; init; } = new();

    /// <summary>The tensors that this one is made from where no layer was reported to make it: concatenation, sum, change of size.</summary>
    internal IReadOnlyList<TensorShape> Sources { get; init; } = [];

    /// <summary>What each position was computed from; none outside a trace for it, and where that is not known.</summary>
    internal PixelFields? Fields { get; init; }

    /// <summary>The same sides with other channels.</summary>
    /// <param name="channels">The new channels.</param>
    public TensorShape WithChannels(long channels) => new([channels, .. Spatial]) { Sources = [this], Fields = Fields };

    /// <summary>The same channels with every side changed; a position is taken to come from the one in its place, as when values are repeated.</summary>
    /// <param name="side">Gives the new side for an axis (0 is the first spatial axis) and its old side.</param>
    public TensorShape WithSides(Func<int, long, long> side)
    {
        var sides = Spatial.Select((old, axis) => side(axis, old)).ToArray();
        return Resized(sides, Fields?.Nearest(sides));
    }

    /// <summary>The same channels with every side multiplied, by repeating values.</summary>
    /// <param name="scale">The factor per axis.</param>
    public TensorShape Scaled(Extent scale) => WithSides(ScaledBy(scale));

    /// <summary>The same channels with every side multiplied, by linear interpolation.</summary>
    /// <param name="scale">The factor per axis.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels stay where they are.</param>
    public TensorShape Interpolated(Extent scale, bool alignCorners)
    {
        var by = ScaledBy(scale);
        var sides = Spatial.Select((old, axis) => by(axis, old)).ToArray();
        return Resized(sides, Fields?.Linear(sides, alignCorners));
    }

    /// <summary>The same channels with positions added at both ends of each axis.</summary>
    /// <param name="ends">Gives the numbers of positions before and behind for an axis (0 is the first spatial axis).</param>
    public TensorShape Padded(Func<int, (long Before, long Behind)> ends)
    {
        ArgumentNullException.ThrowIfNull(ends);
        var sides = Spatial.Select((old, axis) => old + ends(axis).Before + ends(axis).Behind).ToArray();
        return Resized(sides, Fields?.Shifted(sides, axis => ends(axis).Before));
    }

    /// <summary>The same channels with the sides of another shape, cut or padded as <see cref="Resampling.FitTo"/> does.</summary>
    /// <param name="target">The shape whose sides to take.</param>
    public TensorShape FittedTo(TensorShape target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (Spatial.Equals(target.Spatial)) return this;
        var (from, to) = (Spatial, target.Spatial);
        var fitted = Resized([.. to], Fields?.Shifted([.. to], axis => to[axis] >= from[axis] ? (to[axis] - from[axis]) / 2 : -((from[axis] - to[axis]) / 2)));
        // A cut is a view; zeros around it need memory of their own.
        return to.Zip(from).All(side => side.First <= side.Second) ? fitted with { Storage = Storage } : fitted;
    }

    private TensorShape Resized(long[] sides, PixelFields? fields) => new([Channels, .. sides]) { Sources = [this], Fields = fields };

    private Func<int, long, long> ScaledBy(Extent scale)
    {
        var factors = scale.Along((SpatialDims)Spatial.Count);
        return (axis, side) => side * factors[axis];
    }

    /// <summary>Whether the axes are the same.</summary>
    /// <param name="other">Another shape.</param>
    public bool Equals(TensorShape? other) => other is not null && Axes.Equals(other.Axes);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.GetHashCode();

    /// <summary><c>(64, 128, 128)</c>.</summary>
    public override string ToString() => $"({string.Join(", ", Axes)})";
}
