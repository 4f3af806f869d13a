namespace UNetFamily.NnUNet;

/// <summary>Brings images and labels to another grid, exactly as nnU-Net does.</summary>
public static class VolumeResampling
{
    private const float TorchScale = 1000;

    /// <summary>Resamples a channel of an image.</summary>
    /// <param name="values">Its numbers, X fastest. They are not changed.</param>
    /// <param name="from">Its sides.</param>
    /// <param name="to">The sides that it is to have, as by <see cref="ResampledSize"/>.</param>
    /// <param name="current">Its spacing.</param>
    /// <param name="target">The spacing that it is to have.</param>
    /// <param name="rule">How.</param>
    /// <returns>The numbers on the other grid; the array itself where sides are equal or the rule is to do nothing.</returns>
    /// <exception cref="ArgumentException">The numbers don't fill the volume, or the rule is wrong.</exception>
    public static float[] Resample(float[] values, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule)
    {
        Require(values, nameof(values), from, to, rule);
        if (from == to || rule.Method == ResamplingMethod.None) return values;
        var plan = ResamplingPlan.Of(rule, from, to, current, target);
        var moved = plan.Order.Forward(values, from);
        var (result, slice) = (new float[to.Voxels], plan.From.Slice);
        plan.Resampler.Run((z, plane) =>
        {
            for (var i = 0; i < plane.Length; i++) plane[i] = moved[z * slice + i];
        }, (z, plane) =>
        {
            var rest = result.AsSpan(z * plane.Length, plane.Length);
            for (var i = 0; i < plane.Length; i++) rest[i] = (float)plane[i];
        });
        return plan.Order.Backward(result, plan.To);
    }

    /// <summary>Resamples labels: each label for itself, as a share of each voxel.</summary>
    /// <param name="labels">A label for each voxel, X fastest, -1 among them. They are not changed.</param>
    /// <param name="from">The volume's sides.</param>
    /// <param name="to">The sides that it is to have.</param>
    /// <param name="current">Its spacing.</param>
    /// <param name="target">The spacing that it is to have.</param>
    /// <param name="rule">How.</param>
    /// <returns>The labels on the other grid; the array itself where sides are equal or the rule is to do nothing.</returns>
    /// <exception cref="ArgumentException">The labels don't fill the volume, or the rule is wrong.</exception>
    public static short[] ResampleLabels(short[] labels, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule)
    {
        Require(labels, nameof(labels), from, to, rule);
        if (from == to || rule.Method == ResamplingMethod.None) return labels;
        var plan = ResamplingPlan.Of(rule, from, to, current, target);
        var moved = plan.Order.Forward(labels, from);
        var found = rule.Method == ResamplingMethod.Torch ? LargestShare(moved, plan)
            : plan.IsSeparate ? AcrossSlices(InSlices(moved, plan), plan)
            : Shares(moved, plan.Z, plan.Y, plan.X, share => share >= 0.5);
        return plan.Order.Backward(found, plan.To);
    }

    private static short[] InSlices(short[] labels, ResamplingPlan plan) => Shares(labels, new AxisMap(plan.Z.From, plan.Z.From, 0), plan.Y, plan.X, share => share >= 0.5);

    // A share is rounded first, and a half becomes nothing.
    private static short[] AcrossSlices(short[] labels, ResamplingPlan plan) =>
        Shares(labels, plan.Z, new AxisMap(plan.Y.To, plan.Y.To, 0), new AxisMap(plan.X.To, plan.X.To, 0), share => Math.Round(share) > 0.5);

    // Later labels win. Where no label has enough there is 0.
    private static short[] Shares(short[] labels, AxisMap z, AxisMap y, AxisMap x, Func<double, bool> isEnough)
    {
        if (z.Order == 0 && y.Order == 0 && x.Order == 0) return Nearest(labels, z, y, x);
        var (result, slice, resampler) = (new short[z.To * y.To * x.To], y.From * x.From, new GridResampler(z, y, x, separate: true));
        foreach (var label in Present(labels))
        {
            resampler.Run((at, plane) =>
            {
                for (var i = 0; i < plane.Length; i++) plane[i] = labels[at * slice + i] == label ? 1 : 0;
            }, (at, plane) =>
            {
                for (var i = 0; i < plane.Length; i++)
                    if (isEnough(plane[i])) result[at * plane.Length + i] = label;
            });
        }
        return result;
    }

    private static short[] Nearest(short[] labels, AxisMap z, AxisMap y, AxisMap x)
    {
        if (z.IsIdentity && y.IsIdentity && x.IsIdentity) return labels;
        var result = new short[z.To * y.To * x.To];
        Parallel.For(0, z.To, at =>
        {
            for (var (row, place) = (0, at * y.To * x.To); row < y.To; row++)
                for (var column = 0; column < x.To; column++) result[place++] = labels[(z.First[at] * y.From + y.First[row]) * x.From + x.First[column]];
        });
        return result;
    }

    // PyTorch's way keeps thousandths in half precision; the first of equals wins.
    private static short[] LargestShare(short[] labels, ResamplingPlan plan)
    {
        var (result, best, slice) = (new short[plan.To.Voxels], new Half[plan.To.Voxels], plan.From.Slice);
        Array.Fill(best, Half.NegativeInfinity);
        foreach (var label in Present(labels))
        {
            plan.Resampler.Run((z, plane) =>
            {
                for (var i = 0; i < plane.Length; i++) plane[i] = labels[z * slice + i] == label ? TorchScale : 0;
            }, (z, plane) =>
            {
                for (var (i, at) = (0, z * plane.Length); i < plane.Length; i++, at++)
                {
                    var share = (Half)(float)plane[i];
                    if (share > best[at]) (best[at], result[at]) = (share, label);
                }
            });
        }
        return result;
    }

    private static short[] Present(short[] labels)
    {
        var seen = new bool[ushort.MaxValue + 1];
        foreach (var label in labels) seen[label - short.MinValue] = true;
        return [.. Enumerable.Range(0, seen.Length).Where(label => seen[label]).Select(label => (short)(label + short.MinValue))];
    }

    private static void Require<T>(T[] values, string name, VolumeSize from, VolumeSize to, ResamplingRule rule)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        ArgumentNullException.ThrowIfNull(rule);
        if (values.Length != from.Voxels) throw new ArgumentException($"{values.Length} numbers don't fill a volume of {from}.", name);
        ResamplingPlan.Require(to, rule);
    }
}
