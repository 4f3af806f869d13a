namespace UNetFamily;

/// <summary>A tensor in a checkpoint: what is known of it before its numbers are read.</summary>
public sealed class TensorEntry
{
    internal TensorEntry(string name, ElementType type, long[] shape, long position, long[]? strides = null, long room = 0)
    {
        (Name, Type, Position, Strides, Room) = (name, type, position, strides, room);
        Shape = ValueList.Create<long>(shape);
        Count = Shapes.Count(shape) ?? throw new ArgumentException("The shape's product overflows.", nameof(shape));
    }

    /// <summary>The name, without the envelope and without a wrapper's prefix such as <c>module.</c></summary>
    public string Name { get; }

    /// <summary>The type of its numbers.</summary>
    public ElementType Type { get; }

    /// <summary>The shape; empty for a scalar.</summary>
    public ValueList<long> Shape { get; }

    /// <summary>How many numbers it has.</summary>
    public long Count { get; }

    /// <summary>How many bytes its numbers take when they lie side by side; of <see cref="ElementType.Other"/> those that the file gives it, 0 where it doesn't say.</summary>
    public long Bytes => Type is ElementType.Other ? StoredBytes : checked((long)((Int128)Count * Type.Bits() / 8));

    /// <summary>Why its numbers can't be read, as a sentence; null when they can.</summary>
    public string? Obstacle => Oddity ?? (Type.ToScalarType() is null ? $"It is of {Type}, for which TorchSharp has no tensors." : null);

    /// <summary>The byte of the file at which its first number lies. Two entries with one position, type, shape and strides are one tensor with two names.</summary>
    internal long Position { get; }

    /// <summary>The distance between neighbours on each axis, counted in numbers; null when they lie side by side.</summary>
    internal long[]? Strides { get; }

    /// <summary>How many numbers the storage of a strided tensor has from its first one on.</summary>
    internal long Room { get; }

    /// <summary>Whether the numbers are those of the storage with their signs exchanged: PyTorch's views negate when they are read.</summary>
    internal bool IsNegated { get; init; }

    /// <summary>The same with the signs of the imaginary parts alone.</summary>
    internal bool IsConjugated { get; init; }

    /// <summary>What stands in the way of reading it, when that isn't its type.</summary>
    internal string? Oddity { get; init; }

    /// <summary>The bytes of a type of unknown size.</summary>
    internal long StoredBytes { get; init; }

    /// <summary>Whether the bytes in the file are the numbers, in order.</summary>
    internal bool IsPlain => Strides is null && !IsNegated && !IsConjugated;

    internal TensorEntry Named(string name) => new(name, Type, [.. Shape], Position, Strides, Room) { IsNegated = IsNegated, IsConjugated = IsConjugated, Oddity = Oddity, StoredBytes = StoredBytes };

    internal bool IsSameData(TensorEntry other) => (Position, Type, IsNegated, IsConjugated, Oddity) == (other.Position, other.Type, other.IsNegated, other.IsConjugated, other.Oddity)
        && Shape.Equals(other.Shape) && (Strides ?? []).AsSpan().SequenceEqual(other.Strides ?? []);

    /// <summary>For example <c>head.weight (2, 64, 1, 1) Float32</c>.</summary>
    public override string ToString() => $"{Printable.Of(Name)} {Shapes.Text(Shape)} {Type}{(Oddity is null ? "" : $": {Oddity}")}";
}
