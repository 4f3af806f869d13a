namespace UNetFamily.NnUNet;

/// <summary>
/// Brings logits from the network's grid to the image's and makes labels of them. Labels are made slice by slice, head after head, so that the logits of the image never exist at once: beside the logits of the network and the
/// labels there are a few slices for each core. Only where logits are to be resampled by cubic splines, which no planner of nnU-Net does, a whole head is there at a time.
/// </summary>
public static class LogitResampling
{
    private const int Rows = 16;

    /// <summary>A label for each voxel of the image's grid.</summary>
    /// <param name="heads">For each head its logits on the network's grid, X fastest.</param>
    /// <param name="from">The network's grid.</param>
    /// <param name="to">The image's, cropped and with its axes in the network's order.</param>
    /// <param name="current">The spacing of the network's grid.</param>
    /// <param name="target">The spacing of the image.</param>
    /// <param name="rule">How logits are resampled.</param>
    /// <param name="scheme">What heads stand for.</param>
    /// <exception cref="ArgumentException">The heads are not as many as the scheme has or don't fill the grid, or the rule is wrong.</exception>
    public static ushort[] Labels(IReadOnlyList<ReadOnlyMemory<Half>> heads, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule, LabelScheme scheme)
    {
        Require(heads, from, to, rule, scheme);
        var (labels, plan) = (new ushort[to.Voxels], Plan(from, to, current, target, rule));
        var length = plan.To.Slice;
        if (!plan.Resampler.IsStreaming)
        {
            var best = new float[scheme.HasRegions ? 0 : labels.Length];
            for (var head = 0; head < heads.Count; head++)
            {
                var number = head;
                Run(plan, heads[head], rule, (z, values) => scheme.Add(number, values, false, scheme.HasRegions ? [] : best.AsSpan(z * length, length), labels.AsSpan(z * length, length)));
            }
        }
        else
        {
            Parallel.For(0, (plan.To.Z + Rows - 1) / Rows, part =>
            {
                var (start, end) = (part * Rows, Math.Min(plan.To.Z, (part + 1) * Rows));
                var (best, values, worker) = (new float[(end - start) * length], new float[length], plan.Resampler.Worker());
                for (var head = 0; head < heads.Count; head++)
                {
                    worker.Run(Source(plan, heads[head]), (z, plane) =>
                    {
                        Round(plane, values, rule, plan);
                        scheme.Add(head, values, false, best.AsSpan((z - start) * length, length), labels.AsSpan(z * length, length));
                    }, start, end);
                }
            });
        }
        return plan.Order.Backward(labels, plan.To);
    }

    /// <summary>The logits of a head on the image's grid, rounded as nnU-Net keeps them: to half precision by its own functions, not by PyTorch's.</summary>
    /// <param name="head">Its logits on the network's grid, X fastest.</param>
    /// <param name="from">The network's grid.</param>
    /// <param name="to">The image's.</param>
    /// <param name="current">The spacing of the network's grid.</param>
    /// <param name="target">The spacing of the image.</param>
    /// <param name="rule">How logits are resampled.</param>
    /// <exception cref="ArgumentException">The logits don't fill the grid, or the rule is wrong.</exception>
    public static float[] Resample(ReadOnlyMemory<Half> head, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule)
    {
        Require([head], from, to, rule, LabelScheme.Plain(1));
        var (result, plan) = (new float[to.Voxels], Plan(from, to, current, target, rule));
        Run(plan, head, rule, (z, values) => values.CopyTo(result.AsSpan(z * values.Length)));
        return plan.Order.Backward(result, plan.To);
    }

    /// <summary>The probabilities of all heads on the image's grid, which take four bytes for each head and voxel.</summary>
    /// <param name="heads">For each head its logits on the network's grid, X fastest.</param>
    /// <param name="from">The network's grid.</param>
    /// <param name="to">The image's.</param>
    /// <param name="current">The spacing of the network's grid.</param>
    /// <param name="target">The spacing of the image.</param>
    /// <param name="rule">How logits are resampled.</param>
    /// <param name="scheme">What heads stand for.</param>
    /// <exception cref="ArgumentException">The heads are not as many as the scheme has or don't fill the grid, or the rule is wrong.</exception>
    public static IReadOnlyList<float[]> Probabilities(IReadOnlyList<ReadOnlyMemory<Half>> heads, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule, LabelScheme scheme)
    {
        Require(heads, from, to, rule, scheme);
        float[][] result = [.. heads.Select(head => Resample(head, from, to, current, target, rule))];
        scheme.ToProbabilities(result);
        return result;
    }

    private delegate void Taker(int z, ReadOnlySpan<float> values);

    private static ResamplingPlan Plan(VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target, ResamplingRule rule) =>
        rule.Method == ResamplingMethod.None && from != to ? throw new ArgumentException($"The rule resamples nothing, but the grids differ: {from} and {to}.", nameof(rule)) : ResamplingPlan.Of(rule, from, to, current, target);

    private static void Run(ResamplingPlan plan, ReadOnlyMemory<Half> head, ResamplingRule rule, Taker take) => plan.Resampler.Run(Source(plan, head), (z, plane) =>
    {
        var values = new float[plane.Length];
        Round(plane, values, rule, plan);
        take(z, values);
    });

    // Of an order of axes that is not the logits' own, numbers are picked one by one.
    private static PlaneSource Source(ResamplingPlan plan, ReadOnlyMemory<Half> head)
    {
        var back = plan.Order.Backward(plan.From);
        var (stepZ, stepY, stepX) = plan.Order.Steps(back);
        return (z, plane) =>
        {
            var values = head.Span;
            var at = 0;
            for (var y = 0; y < plan.From.Y; y++)
                for (var (x, there) = (0, z * stepZ + y * stepY); x < plan.From.X; x++, there += stepX) plane[at++] = (double)values[there];
        };
    }

    private static void Round(ReadOnlySpan<double> plane, Span<float> values, ResamplingRule rule, ResamplingPlan plan)
    {
        if (rule.Method == ResamplingMethod.Torch || plan.From == plan.To)
            for (var i = 0; i < plane.Length; i++) values[i] = (float)plane[i];
        else
            for (var i = 0; i < plane.Length; i++) values[i] = (float)(Half)plane[i];
    }

    private static void Require(IReadOnlyList<ReadOnlyMemory<Half>> heads, VolumeSize from, VolumeSize to, ResamplingRule rule, LabelScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(heads);
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(scheme);
        if (heads.Count != scheme.Heads) throw new ArgumentException($"There are {heads.Count} heads; the scheme has {scheme.Heads}.", nameof(heads));
        if (heads.Any(head => head.Length != from.Voxels)) throw new ArgumentException($"Each head must fill a volume of {from}, {from.Voxels} voxels.", nameof(heads));
        ResamplingPlan.Require(to, rule);
    }
}
