namespace UNetFamily.NnUNet;

/// <summary>From what the heads of a network say of places to labels.</summary>
internal sealed class HeadDecision
{
    private const int PlacesAtOnce = 1 << 14;

    private readonly ushort[] labels;           // of each head
    private readonly bool hasRegions;

    public HeadDecision(DatasetFile dataset)
    {
        hasRegions = dataset.HasRegions;
        labels = hasRegions ? [.. dataset.RegionOrder!.Select(label => (ushort)label)] : [.. dataset.Heads.Select(head => (ushort)head.Values[0])];
    }

    public int Heads => labels.Length;

    /// <summary>The probability of the first head where nothing was predicted: background, unless heads are regions.</summary>
    public float FirstOutside => hasRegions ? 0 : 1;

    /// <summary>Labels from logits: the first of the largest, or each region whose probability is above a half, later ones over earlier ones.</summary>
    /// <param name="logits">(heads, places).</param>
    /// <param name="result">(places).</param>
    public void FromLogits(float[] logits, ushort[] result) => Decide(logits, result, value => Sigmoid(value) > 0.5f);

    /// <summary>Labels from probabilities, by the same rules.</summary>
    public void FromProbabilities(float[] probabilities, ushort[] result) => Decide(probabilities, result, value => value > 0.5f);

    /// <summary>Replaces logits by probabilities: a softmax over the heads, or a sigmoid of each region.</summary>
    /// <param name="values">(heads, places).</param>
    public void ToProbabilities(float[] values)
    {
        // By libtorch, as in nnU-Net: where two heads are nearly alike, the rounding of exponentials decides.
        using var scope = NewDisposeScope();
        var logits = tensor(values).view(Heads, -1);
        (hasRegions ? logits.sigmoid() : logits.softmax(0)).data<float>().CopyTo(values, 0);
    }

    private void Decide(float[] values, ushort[] result, Func<float, bool> isAbove)
    {
        var places = result.Length;
        Parts(places, (from, to) =>
        {
            if (hasRegions)
            {
                for (var place = from; place < to; place++) result[place] = 0;
                for (var head = 0; head < Heads; head++)
                    for (var place = from; place < to; place++)
                        if (isAbove(values[head * places + place])) result[place] = labels[head];
                return;
            }
            var best = values.AsSpan(from, to - from).ToArray();
            result.AsSpan(from, to - from).Fill(labels[0]);
            for (var head = 1; head < Heads; head++)
            {
                var of = values.AsSpan(head * places, places);
                for (var place = from; place < to; place++)
                {
                    if (!(of[place] > best[place - from])) continue;
                    best[place - from] = of[place];
                    result[place] = labels[head];
                }
            }
        });
    }

    private static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));

    private static void Parts(int places, Action<int, int> work) => Parallel.For(0, (places + PlacesAtOnce - 1) / PlacesAtOnce, part => work(part * PlacesAtOnce, Math.Min(places, (part + 1) * PlacesAtOnce)));
}
