namespace UNetFamily;

/// <summary>
/// The pixels of the image that a pixel of the finest logits is computed from: the smallest box around all paths through the network. Counted are kernels, strides, dilation, pooling,
/// interpolation and padding; attention over all tokens sees the whole image. Norms don't count, though the statistics of an instance or a batch depend on every pixel.
/// <para>
/// The box is exact with one exception: where padding leaves one of several paths empty on one axis
/// only, as in the first row and column of MedNeXt, the box is that of an inner pixel on the other axes.
/// </para>
/// </summary>
public sealed record ReceptiveField
{
    private readonly PixelFields? fields;
    private readonly ValueList<long> image;

    internal ReceptiveField(ValueList<long> image, PixelFields? fields, ValueList<long> sides, bool isWholeImage) =>
        (this.image, this.fields, Sides, IsWholeImage) = (image, fields, sides, isWholeImage);

    /// <summary>
    /// The sides of the largest box in pixels, one per spatial axis, had the image no borders. It can be larger than the image; a network that sees everything has the sides of the image.
    /// </summary>
    public ValueList<long> Sides { get; }

    /// <summary>Whether a pixel of the logits sees the whole image, however large, as with attention over all tokens.</summary>
    public bool IsWholeImage { get; }

    /// <summary>The box of one pixel of the finest logits, within the image.</summary>
    /// <param name="pixel">Its coordinates in the logits, one per spatial axis.</param>
    /// <returns>For each axis the first pixel and the one after the last; both are 0 where nothing is seen.</returns>
    /// <exception cref="ArgumentException">The number of coordinates is wrong.</exception>
    public IReadOnlyList<(long Start, long End)> Of(params ReadOnlySpan<long> pixel)
    {
        if (pixel.Length != image.Count) throw new ArgumentException($"A pixel has {image.Count} coordinates here, got {pixel.Length}.", nameof(pixel));
        var box = new (long Start, long End)[pixel.Length];
        for (var axis = 0; axis < box.Length; axis++)
        {
            var (first, last) = fields?.At(axis, pixel[axis]) ?? (0, (int)image[axis] - 1);
            box[axis] = first > last ? (0, 0) : (first, last + 1L);
        }
        return box;
    }

    /// <summary>Whether the fields are as large; those of single pixels are not compared.</summary>
    /// <param name="other">Another field.</param>
    public bool Equals(ReceptiveField? other) => other is not null && Sides.Equals(other.Sides) && IsWholeImage == other.IsWholeImage && image.Equals(other.image);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sides, IsWholeImage);

    /// <summary><c>140 x 140 pixels</c>, or <c>the whole image</c>.</summary>
    public override string ToString() => IsWholeImage ? "the whole image" : $"{string.Join(" x ", Sides)} pixels";
}
