namespace UNetFamily;

/// <summary>The shape of one sample of a tensor: channels, then the spatial sides, without the batch axis. Also (tokens, channels) and the like within attention.</summary>
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

    /// <summary>Whether the axes are the same.</summary>
    /// <param name="other">Another shape.</param>
    public bool Equals(TensorShape? other) => other is not null && Axes.Equals(other.Axes);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.GetHashCode();

    /// <summary><c>(64, 128, 128)</c>.</summary>
    public override string ToString() => $"({string.Join(", ", Axes)})";

    /// <summary>The shape of a sample of a batch.</summary>
    internal static TensorShape OfSample(long[] batch) => new(batch.AsSpan(1));
}
