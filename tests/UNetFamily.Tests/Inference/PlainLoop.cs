namespace UNetFamily.Tests.Inference;

/// <summary>Sliding windows as one would write them down: pad the image, walk over the windows, add up in double precision, divide, crop.</summary>
internal static class PlainLoop
{
    /// <param name="settings">The settings; the network must keep the size of a window.</param>
    /// <param name="predict">From (1, C, …window) to (1, classes, …window).</param>
    /// <param name="image">(N, C, …spatial).</param>
    /// <returns>(N, classes, …spatial), float64.</returns>
    public static Tensor Logits(SlidingWindow settings, Func<Tensor, Tensor> predict, Tensor image)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var sides = image.shape[2..];
        var dims = sides.Length;
        var window = settings.RoiSize.Along((SpatialDims)dims);
        var before = sides.Zip(window, (side, roi) => Math.Max(roi - side, 0) / 2).ToArray();
        var after = sides.Zip(window, (side, roi) => Math.Max(roi - side, 0)).Zip(before, (both, first) => both - first).ToArray();
        var padded = functional.pad(image, [.. Enumerable.Range(0, dims).Reverse().SelectMany(axis => new[] { before[axis], after[axis] })], settings.PaddingMode, settings.Cval);

        var map = Weights(settings, window);
        Tensor? sum = null;
        var weight = zeros([1, .. padded.shape[2..]], ScalarType.Float64);
        for (var n = 0; n < image.shape[0]; n++)
        {
            foreach (var start in Places(settings, padded.shape[2..], window))
            {
                var logits = Mirrored(settings, predict, Box(padded.narrow(0, n, 1), start, window, first: 2)).to(ScalarType.Float64);
                sum ??= zeros([image.shape[0], logits.shape[1], .. padded.shape[2..]], ScalarType.Float64);
                Box(sum.select(0, n), start, window, first: 1).add_(logits[0] * map);
                if (n == 0) Box(weight, start, window, first: 1).add_(map);
            }
        }
        return Box(sum! / weight, before, sides, first: 2).MoveToOuterDisposeScope();
    }

    private static Tensor Mirrored(SlidingWindow settings, Func<Tensor, Tensor> predict, Tensor window)
    {
        var combinations = Enumerable.Range(0, 1 << settings.MirrorAxes.Count).Select(bits => settings.MirrorAxes.Where((_, i) => (bits & 1 << i) != 0).Select(axis => axis + 2L).ToArray()).ToList();
        return combinations.Select(axes => axes.Length == 0 ? predict(window) : predict(window.flip(axes)).flip(axes)).Aggregate((a, b) => a + b) / combinations.Count;
    }

    private static Tensor Box(Tensor from, long[] start, long[] sides, int first)
    {
        for (var axis = 0; axis < start.Length; axis++) from = from.narrow(first + axis, start[axis], sides[axis]);
        return from;
    }

    private static IEnumerable<long[]> Places(SlidingWindow settings, long[] image, long[] window)
    {
        IEnumerable<long[]> places = [[]];
        for (var axis = 0; axis < image.Length; axis++)
        {
            var along = new List<long>();
            var step = Math.Max(1, (long)(window[axis] * (1 - settings.Overlap[settings.Overlap.Count == 1 ? 0 : axis])));
            for (var at = 0L; ; at += step)
            {
                along.Add(Math.Min(at, image[axis] - window[axis]));
                if (at + window[axis] >= image[axis]) break;
            }
            places = places.SelectMany(place => along.Select(at => (long[])[.. place, at])).ToList();
        }
        return places;
    }

    private static Tensor Weights(SlidingWindow settings, long[] window)
    {
        var count = window.Aggregate(1L, (a, b) => a * b);
        var values = new double[count];
        for (var i = 0L; i < count; i++)
        {
            var (rest, exponent) = (i, 0.0);
            for (var axis = window.Length - 1; axis >= 0; axis--)
            {
                rest = Math.DivRem(rest, window[axis], out var place);
                var sigma = window[axis] * settings.SigmaScale[settings.SigmaScale.Count == 1 ? 0 : axis];
                exponent -= Math.Pow(place - (window[axis] - 1) / 2.0, 2) / (2 * sigma * sigma);
            }
            values[i] = settings.Mode is BlendMode.Gaussian ? Math.Max(Math.Exp(exponent), 1e-3) : 1;
        }
        return tensor(values).reshape(window);
    }
}
