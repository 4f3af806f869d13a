namespace UNetFamily.NnUNet;

/// <summary>A part of a volume: cuts it out, and puts what was found in it back.</summary>
/// <param name="Z">Its slices.</param>
/// <param name="Y">Its rows.</param>
/// <param name="X">Its places in a row.</param>
public readonly record struct VolumeBox(AxisRange Z, AxisRange Y, AxisRange X)
{
    /// <summary>The sides of the part.</summary>
    public VolumeSize Size => new(Z.Length, Y.Length, X.Length);

    /// <summary>The part of one axis.</summary>
    /// <param name="axis">0 for Z, 1 for Y, 2 for X.</param>
    public AxisRange this[int axis] => axis switch { 0 => Z, 1 => Y, 2 => X, _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "An axis is 0 (Z), 1 (Y) or 2 (X).") };

    /// <summary>All of a volume.</summary>
    /// <param name="size">Its sides.</param>
    public static VolumeBox Whole(VolumeSize size) => new(new(0, size.Z), new(0, size.Y), new(0, size.X));

    /// <summary>A copy of the part of a volume.</summary>
    /// <param name="values">The volume, X fastest.</param>
    /// <param name="size">Its sides.</param>
    /// <returns>The part; the volume itself where that is all of it.</returns>
    /// <exception cref="ArgumentException">The numbers don't fill the volume, or the part reaches beyond it.</exception>
    public T[] Cut<T>(T[] values, VolumeSize size)
    {
        Require(values, size, nameof(values));
        if (Size == size) return values;
        var (box, part) = (this, new T[Size.Voxels]);
        Parallel.For(0, Z.Length, z =>
        {
            for (var y = 0; y < box.Y.Length; y++)
                values.AsSpan(box.RowStart(z, y, size), box.X.Length).CopyTo(part.AsSpan((z * box.Y.Length + y) * box.X.Length));
        });
        return part;
    }

    /// <summary>A whole volume that has the part in its place and one value everywhere else: the way back from <see cref="Cut"/>.</summary>
    /// <param name="part">The part, X fastest.</param>
    /// <param name="size">The sides of the volume.</param>
    /// <param name="outside">The value outside of the part.</param>
    /// <exception cref="ArgumentException">The numbers don't fill the part, or it reaches beyond the volume.</exception>
    public T[] PutBack<T>(T[] part, VolumeSize size, T outside)
    {
        Require(part, Size, nameof(part));
        RequireInside(size);
        var (box, whole) = (this, new T[size.Voxels]);
        if (!EqualityComparer<T>.Default.Equals(outside, default)) Array.Fill(whole, outside);
        Parallel.For(0, Z.Length, z =>
        {
            for (var y = 0; y < box.Y.Length; y++)
                part.AsSpan((z * box.Y.Length + y) * box.X.Length, box.X.Length).CopyTo(whole.AsSpan(box.RowStart(z, y, size)));
        });
        return whole;
    }

    /// <summary>As <c>[2, 9) x [0, 5) x [1, 4)</c>, Z first.</summary>
    public override string ToString() => $"[{Z.Start}, {Z.End}) x [{Y.Start}, {Y.End}) x [{X.Start}, {X.End})";

    private int RowStart(int z, int y, VolumeSize size) => ((Z.Start + z) * size.Y + Y.Start + y) * size.X + X.Start;

    private void Require<T>(T[] values, VolumeSize size, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        if (values.Length != size.Voxels) throw new ArgumentException($"{values.Length} numbers don't fill a volume of {size}.", name);
        if (name == "values") RequireInside(size);
    }

    private void RequireInside(VolumeSize size)
    {
        for (var axis = 0; axis < 3; axis++)
            if (this[axis] is var range && (range.Start < 0 || range.End > size[axis] || range.Length < 0)) throw new ArgumentException($"The part {this} reaches beyond a volume of {size}.", nameof(size));
    }
}
