namespace UNetFamily.NnUNet;

/// <summary>Resamples whole volumes.</summary>
internal static class VolumeResampling
{
    /// <summary>A volume of numbers on another grid.</summary>
    /// <param name="values">The volume, which isn't changed.</param>
    /// <param name="maps">How its axes change.</param>
    /// <param name="separate">The axis whose slices are taken for themselves; null for none.</param>
    /// <returns>The result, or the volume itself where nothing changes.</returns>
    public static float[] Numbers(float[] values, AxisMap[] maps, int? separate)
    {
        if (maps.All(map => map.IsIdentity)) return values;
        var (sides, result) = (Array.ConvertAll(maps, map => map.From), values);
        foreach (var axis in Enumerable.Range(0, 3).Where(axis => axis != separate).OrderBy(axis => (double)maps[axis].To / maps[axis].From)) Change(axis);
        // A spline reaches beyond the values that it goes through, and is cut off there: for each slice where slices are taken for themselves.
        if (maps.Where((_, axis) => axis != separate).Any(map => map.IsSpline)) Clip(values, Array.ConvertAll(maps, map => map.From), result, sides, separate);
        if (separate is { } last) Change(last);
        return result;

        void Change(int axis)
        {
            result = AxisResampling.Along(result, sides, axis, maps[axis]);
            sides[axis] = maps[axis].To;
        }
    }

    /// <summary>A volume of labels on another grid: in each place the label whose share is large enough.</summary>
    /// <param name="labels">The volume.</param>
    /// <param name="maps">How its axes change.</param>
    /// <param name="rule">How labels are elected.</param>
    /// <param name="separate">The axis whose slices are taken for themselves; null for none.</param>
    public static short[] Labels(short[] labels, AxisMap[] maps, ResamplingRule rule, int? separate)
    {
        if (maps.All(map => map.IsIdentity)) return labels;
        var count = maps.Aggregate(1, (product, map) => checked(product * map.To));
        var result = new short[count];
        var isTorch = rule.Method is ResamplingMethod.Torch;
        var best = isTorch ? new float[count] : [];
        Array.Fill(best, float.NegativeInfinity);
        if (separate is { } axis && !isTorch && rule.OrderZ > 0 && !maps[axis].IsIdentity)
        {
            // Slices are decided before what lies between them is.
            AxisMap[] inSlices = [.. maps.Select((map, other) => other == axis ? new AxisMap(map.From, map.From, order: 0) : map)];
            var decided = Labels(labels, inSlices, rule, separate);
            foreach (var label in decided.Distinct().Order()) Elect(AxisResampling.Along(Share(decided, label), [.. inSlices.Select(map => map.To)], axis, maps[axis]), label, least: MathF.BitIncrement(0.5f));
        }
        else foreach (var label in labels.Distinct().Order()) Elect(Numbers(Share(labels, label), maps, separate), label, least: 0.5f);
        return result;

        static float[] Share(short[] of, short label) => Array.ConvertAll(of, value => value == label ? 1f : 0f);

        void Elect(float[] share, short label, float least)
        {
            for (var place = 0; place < count; place++)
            {
                if (isTorch)
                {
                    var rounded = (float)(Half)(share[place] * 1000);
                    if (!(rounded > best[place])) continue;
                    best[place] = rounded;
                    result[place] = label;
                }
                else if (share[place] >= least) result[place] = label;
            }
        }
    }

    private static void Clip(float[] before, int[] from, float[] after, int[] to, int? separate)
    {
        var axis = separate ?? 0;
        var slices = separate is null ? 1 : from[axis];
        Parallel.For(0, slices, slice =>
        {
            var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
            Each(before, from, (values, at) => (low, high) = (Math.Min(low, values[at]), Math.Max(high, values[at])));
            Each(after, to, (values, at) => values[at] = Math.Min(Math.Max(values[at], low), high));

            void Each(float[] values, int[] sides, Action<float[], int> act)
            {
                if (separate is null)
                {
                    for (var at = 0; at < values.Length; at++) act(values, at);
                    return;
                }
                var inner = axis == 0 ? sides[1] * sides[2] : axis == 1 ? sides[2] : 1;
                for (var outer = 0; outer < values.Length / (inner * sides[axis]); outer++)
                    for (var place = 0; place < inner; place++) act(values, (outer * sides[axis] + slice) * inner + place);
            }
        });
    }
}
