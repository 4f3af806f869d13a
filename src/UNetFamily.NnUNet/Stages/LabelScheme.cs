namespace UNetFamily.NnUNet;

/// <summary>What the heads of a network stand for: labels, of which each voxel has one, or regions, which may overlap.</summary>
public sealed record LabelScheme
{
    private readonly int[]? order;

    private LabelScheme(int heads, int[]? order) => (Heads, this.order) = (heads, order);

    /// <summary>How many heads there are.</summary>
    public int Heads { get; }

    /// <summary>The label of each region, in the order in which they are written over each other; null without regions.</summary>
    public IReadOnlyList<int>? RegionOrder => order;

    /// <summary>Whether heads are regions.</summary>
    public bool HasRegions => order is not null;

    /// <summary>A head for each label from 0: the label of a voxel is the number of the head with the largest logit, the first of equals.</summary>
    /// <param name="heads">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are none, or more than labels.</exception>
    public static LabelScheme Plain(int heads) => heads is > 0 and <= ushort.MaxValue + 1 ? new(heads, null) : throw new ArgumentOutOfRangeException(nameof(heads), heads, "There must be 1 to 65536 heads.");

    /// <summary>A head for each region: where its probability is above 0.5 its label is written, over those before.</summary>
    /// <param name="order">The label of each region (<c>regions_class_order</c>).</param>
    /// <exception cref="ArgumentException">There are none, or a label is none.</exception>
    public static LabelScheme Regions(params IReadOnlyList<int> order)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (order.Count == 0 || order.Any(label => label is < 0 or > ushort.MaxValue)) throw new ArgumentException($"Regions need labels of 0 to 65535, not {string.Join(", ", order)}.", nameof(order));
        return new(order.Count, [.. order]);
    }

    /// <summary>Labels of logits.</summary>
    /// <param name="logits">For each head its logits.</param>
    /// <returns>A label for each place.</returns>
    /// <exception cref="ArgumentException">There are other heads than the scheme has, or they differ in length.</exception>
    public ushort[] FromLogits(IReadOnlyList<float[]> logits) => From(logits, isProbability: false);

    /// <summary>Labels of probabilities, such as the mean of several models'.</summary>
    /// <param name="probabilities">For each head its probabilities.</param>
    /// <returns>A label for each place.</returns>
    /// <exception cref="ArgumentException">There are other heads than the scheme has, or they differ in length.</exception>
    public ushort[] FromProbabilities(IReadOnlyList<float[]> probabilities) => From(probabilities, isProbability: true);

    /// <summary>Makes probabilities of logits in place: of labels together by softmax, of regions each by the logistic function, in single precision.</summary>
    /// <param name="logits">For each head its logits.</param>
    /// <exception cref="ArgumentException">There are other heads than the scheme has, or they differ in length.</exception>
    public void ToProbabilities(IReadOnlyList<float[]> logits)
    {
        Require(logits);
        Parts(logits[0].Length, (start, end) =>
        {
            if (HasRegions)
            {
                foreach (var head in logits)
                    for (var i = start; i < end; i++) head[i] = Sigmoid(head[i]);
                return;
            }
            for (var i = start; i < end; i++)
            {
                var (most, sum) = (float.NegativeInfinity, 0f);
                foreach (var head in logits) most = Math.Max(most, head[i]);
                foreach (var head in logits) sum += head[i] = MathF.Exp(head[i] - most);
                foreach (var head in logits) head[i] /= sum;
            }
        });
    }

    internal static float Sigmoid(float logit) => 1 / (1 + MathF.Exp(-logit));

    /// <summary>Adds the next head, in order, to the labels of some places.</summary>
    /// <param name="head">The number of the head.</param>
    /// <param name="values">Its logits or probabilities.</param>
    /// <param name="isProbability">Which of the two.</param>
    /// <param name="best">The largest so far, used without regions.</param>
    /// <param name="labels">The labels so far; 0 before the first head.</param>
    internal void Add(int head, ReadOnlySpan<float> values, bool isProbability, Span<float> best, Span<ushort> labels)
    {
        if (order is not null)
        {
            for (var i = 0; i < values.Length; i++)
                if ((isProbability ? values[i] : Sigmoid(values[i])) > 0.5f) labels[i] = (ushort)order[head];
        }
        else if (head == 0) values.CopyTo(best);
        else
        {
            for (var i = 0; i < values.Length; i++)
                if (values[i] > best[i]) (best[i], labels[i]) = (values[i], (ushort)head);
        }
    }

    private ushort[] From(IReadOnlyList<float[]> heads, bool isProbability)
    {
        Require(heads);
        var labels = new ushort[heads[0].Length];
        Parts(labels.Length, (start, end) =>
        {
            var best = new float[end - start];
            for (var head = 0; head < heads.Count; head++) Add(head, heads[head].AsSpan(start, best.Length), isProbability, best, labels.AsSpan(start, best.Length));
        });
        return labels;
    }

    private void Require(IReadOnlyList<float[]> heads)
    {
        ArgumentNullException.ThrowIfNull(heads);
        if (heads.Count != Heads) throw new ArgumentException($"There are {heads.Count} heads; the scheme has {Heads}.", nameof(heads));
        if (heads.Any(head => head.Length != heads[0].Length)) throw new ArgumentException("Heads differ in length.", nameof(heads));
    }

    private static void Parts(int count, Action<int, int> work)
    {
        const int Part = 1 << 16;
        Parallel.For(0, (count + Part - 1) / Part, part => work(part * Part, Math.Min(count, (part + 1) * Part)));
    }
}
