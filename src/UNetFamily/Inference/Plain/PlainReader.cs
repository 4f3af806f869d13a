using TorchSharp;

namespace UNetFamily;

/// <summary>Reads windows of an image in plain memory, and fills what lies outside the image, as <see cref="WindowReader"/> does it on tensors.</summary>
internal sealed class PlainReader
{
    private readonly ReadOnlyMemory<float> image;
    private readonly long[] shape;
    private readonly long[] roi;
    private readonly long[] margin;
    private readonly PaddingModes mode;
    private readonly float cval;

    /// <param name="image">(C, …spatial), in row-major order.</param>
    /// <param name="shape">That shape.</param>
    /// <param name="roi">The sides of a window.</param>
    /// <param name="margin">By how much a window is larger at each end than what the network gives for it.</param>
    /// <param name="mode">What to fill with.</param>
    /// <param name="cval">The value for <see cref="PaddingModes.Constant"/>.</param>
    /// <exception cref="ArgumentException">A number of the image is not finite.</exception>
    public PlainReader(ReadOnlyMemory<float> image, long[] shape, long[] roi, long[] margin, PaddingModes mode, float cval)
    {
        (this.image, this.shape, this.roi, this.margin, this.mode, this.cval) = (image, shape, roi, margin, mode, cval);
        var numbers = image.Span;
        if (FirstNonFinite(numbers) is var found and >= 0) throw WindowReader.NotFinite("image", Place(found, shape), numbers[found]);
    }

    /// <summary>The first number that is infinite or none; -1 for none.</summary>
    public static int FirstNonFinite(ReadOnlySpan<float> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
            if (!float.IsFinite(numbers[i])) return i;
        return -1;
    }

    /// <summary>The place on each axis of the number at an index.</summary>
    public static long[] Place(long index, long[] shape)
    {
        var place = new long[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--) index = Math.DivRem(index, shape[axis], out place[axis]);
        return place;
    }

    /// <summary>Reads the window around the part of the output that starts at a place.</summary>
    /// <param name="start">A place on each axis; negative where the window begins before the image.</param>
    /// <param name="window">Takes (C, …roi).</param>
    public void Read(ReadOnlySpan<long> start, Span<float> window)
    {
        var sources = new int[roi.Length][];
        for (var axis = 0; axis < roi.Length; axis++) sources[axis] = Sources(axis, start[axis] - margin[axis]);

        // An image is a volume of one slice.
        var (slices, lines, places) = (roi.Length == 3 ? sources[0] : [0], sources[^2], sources[^1]);
        var (height, width) = (shape[^2], shape[^1]);
        var numbers = image.Span;
        var target = 0;
        for (var channel = 0L; channel < shape[0]; channel++)
            foreach (var slice in slices)
                foreach (var line in lines)
                {
                    var row = window.Slice(target, places.Length);
                    target += places.Length;
                    if (slice < 0 || line < 0)
                    {
                        row.Fill(cval);
                        continue;
                    }
                    var from = checked((int)((((channel * (roi.Length == 3 ? shape[1] : 1)) + slice) * height + line) * width));
                    for (var i = 0; i < places.Length; i++) row[i] = places[i] < 0 ? cval : numbers[from + places[i]];
                }
    }

    /// <summary>Turns (C, …sides) round along some axes, where it lies.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <param name="sides">The spatial sides.</param>
    /// <param name="axes">Axes of (C, …spatial).</param>
    public static void Mirror(Span<float> numbers, long[] sides, long[] axes)
    {
        foreach (var axis in axes)
        {
            var inner = 1;
            for (var after = (int)axis; after < sides.Length; after++) inner *= (int)sides[after];
            var side = (int)sides[axis - 1];
            for (var outer = 0; outer < numbers.Length; outer += side * inner)
                for (var (low, high) = (0, side - 1); low < high; low++, high--)
                    for (var i = 0; i < inner; i++)
                    {
                        var (a, b) = (outer + (low * inner) + i, outer + (high * inner) + i);
                        (numbers[a], numbers[b]) = (numbers[b], numbers[a]);
                    }
        }
    }

    /// <summary>From which place of the image each place of the window comes on one axis; -1 for outside.</summary>
    private int[] Sources(int axis, long from)
    {
        var (side, sources) = (shape[axis + 1], new int[roi[axis]]);
        var (first, end) = (Math.Max(from, 0), Math.Min(from + roi[axis], side));
        // What is filled is a copy of what the window has of the image, and not of what lies further off.
        WindowReader.RequireReach(mode, axis, Math.Max(first - from, from + roi[axis] - end), end - first, roi[axis]);
        for (var i = 0; i < sources.Length; i++)
        {
            var place = from + i;
            sources[i] = (int)(place >= first && place < end ? place : mode switch
            {
                PaddingModes.Constant => -1,
                PaddingModes.Reflect => place < first ? 2 * first - place : 2 * (end - 1) - place,
                PaddingModes.Circular => place < first ? place + (end - first) : place - (end - first),
                _ => Math.Clamp(place, first, end - 1),
            });
        }
        return sources;
    }
}
