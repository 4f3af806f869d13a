namespace UNetFamily;

/// <summary>What a <see cref="SegmentationLoss"/> computes from: logits and targets, checked and brought into one form. Its tensors live in the loss's dispose scope.</summary>
public sealed class LossInput
{
    private readonly Tensor? classes;       // (N, 1, …spatial), Int64, 0 where ignored
    private Tensor? probabilities, logProbabilities;

    internal LossInput(Tensor logits, Tensor target, Tensor? weights, SegmentationLoss options)
    {
        var shape = logits.shape;
        if (shape.Length is not (4 or 5))
            throw new ArgumentException($"logits must be (N, C, H, W) or (N, C, D, H, W); they are ({string.Join(", ", shape)}).", nameof(logits));
        if (!logits.is_floating_point()) throw new ArgumentException($"logits must be floating-point numbers; they are {logits.dtype}.", nameof(logits));
        if (options.ClassWeights is { } classWeights && classWeights.Count != shape[1])
            throw new ArgumentException($"ClassWeights has {classWeights.Count} values, logits have {shape[1]} channels; there must be one for each.", nameof(logits));

        Logits = logits.dtype is ScalarType.Float64 or ScalarType.Float32 ? logits : logits.to(ScalarType.Float32);
        Sigmoid = options.Sigmoid || shape[1] == 1;
        Weights = weights is null ? null : PerPixel(weights, "weights").to(Logits.dtype);
        if (Weights is not null) RequireRange(Weights, double.MaxValue, "weights", "0 or more and finite for each pixel", "A mask has 1 where pixels count and 0 where not.");

        if (IsClassIndices(target))
        {
            classes = PerPixel(target, "target").to(ScalarType.Int64);
            if (options.IgnoreIndex is { } ignored)
            {
                using var counts = classes.ne(ignored);
                Weights = Weights is null ? counts.to(Logits.dtype) : Weights * counts;
                classes = classes.masked_fill(counts.logical_not(), 0);
            }
            RequireLabels(classes, Math.Max(2, shape[1]));
            Target = shape[1] == 1 ? classes.eq(1) : classes.eq(arange(shape[1], device: classes.device).view(PerChannel(shape[1])));
        }
        else
        {
            if (options.IgnoreIndex is not null)
                throw new ArgumentException("IgnoreIndex needs class indices (N, …spatial) as target. With a value for each class, pass weights that are 0 where pixels are ignored.", nameof(target));
            Target = (shape[1] == 1 ? PerPixel(target, "target") : target).to(Logits.dtype);
            RequireRange(Target, 1, "target", "0 to 1 for each class", "Divide a mask of 0 and 255 by 255, or give class indices (N, …spatial).");
        }
    }

    /// <summary>(N, C, …spatial), float32 or float64.</summary>
    public Tensor Logits { get; }

    /// <summary>
    /// For each class how much of the pixel it has, (N, C, …spatial), 0 to 1: boolean for class indices, otherwise in the type of the logits. An ignored pixel has the weight 0 and any target.
    /// </summary>
    public Tensor Target { get; }

    /// <summary>How much each pixel counts, (N, 1, …spatial), in the type of the logits; null when all count alike.</summary>
    public Tensor? Weights { get; }

    /// <summary>Whether channels are independent (sigmoid) or classes that exclude each other (softmax).</summary>
    public bool Sigmoid { get; }

    /// <summary>The number of channels of the logits.</summary>
    public long Channels => Logits.shape[1];

    /// <summary>The spatial axes: 2, 3 or 2, 3, 4.</summary>
    public long[] SpatialAxes => [.. Enumerable.Range(2, Logits.shape.Length - 2).Select(axis => (long)axis)];

    /// <summary>Sigmoid or softmax of the logits, (N, C, …spatial).</summary>
    public Tensor Probabilities => probabilities ??= Sigmoid ? Logits.sigmoid() : Logits.softmax(1);

    /// <summary>The logarithm of <see cref="Probabilities"/>, finite where they round to 0.</summary>
    public Tensor LogProbabilities => logProbabilities ??= Sigmoid ? Logits.log_sigmoid() : Logits.log_softmax(1);

    /// <summary>The mean over pixels and channels, weighted by <see cref="Weights"/>; 0 when no pixel counts.</summary>
    /// <param name="loss">(N, 1 or more channels, …spatial).</param>
    /// <param name="per">What the sum of losses is divided by the sum of, (N, 1, …spatial); the number of pixels and channels when left out.</param>
    public Tensor Mean(Tensor loss, Tensor? per = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (Weights is null && per is null) return loss.mean();
        var sum = Weighted(loss).sum();
        // Below any real sum of weights; where there is none, 0 and no gradient is left.
        return sum / (per is null ? Weights!.sum() * loss.shape[1] : Weighted(per).sum()).clamp_min(1e-30);

        Tensor Weighted(Tensor map) => Weights is null ? map : map * Weights;
    }

    /// <summary>A constant for each channel, of the shape (1, C, 1, …).</summary>
    internal Tensor PerChannel(IReadOnlyList<double> values) =>
        tensor(values.ToArray()).to(Logits.dtype, Logits.device).view(PerChannel(values.Count));

    /// <summary>What <paramref name="perChannel"/> has for the class of each pixel, (N, 1, …spatial).</summary>
    /// <param name="perChannel">(N, C, …spatial).</param>
    internal Tensor AtTarget(Tensor perChannel) =>
        classes is not null && Channels > 1 ? perChannel.gather(1, classes) : (perChannel * Target).sum(1, keepdim: true);

    private long[] PerChannel(long channels) => [1, channels, .. SpatialAxes.Select(_ => 1L)];

    private bool IsClassIndices(Tensor target)
    {
        var (shape, wanted) = (target.shape, Logits.shape);
        var perPixel = shape.Length == wanted.Length - 1 || shape.Length == wanted.Length && shape[1] == 1;
        if (!perPixel && !shape.AsSpan().SequenceEqual(wanted))
            throw new ArgumentException($"target must be class indices {Pixels} or a value for each class ({string.Join(", ", wanted)}); it is ({string.Join(", ", shape)}).", nameof(target));
        if (!perPixel) return false;
        if (!target.is_floating_point()) return true;
        if (wanted[1] == 1) return false;
        throw new ArgumentException($"Class indices must be whole numbers; target is {target.dtype}. Convert it with target.to(ScalarType.Int64).", nameof(target));
    }

    private string Pixels => $"({string.Join(", ", (long[])[Logits.shape[0], .. Logits.shape[2..]])})";

    /// <summary>(N, 1, …spatial).</summary>
    private Tensor PerPixel(Tensor map, string what)
    {
        var wanted = Logits.shape;
        wanted[1] = 1;
        var shaped = map.dim() == wanted.Length - 1 ? map.unsqueeze(1) : map;
        return shaped.shape.AsSpan().SequenceEqual(wanted)
            ? shaped
            : throw new ArgumentException($"{what} must be {Pixels} to fit logits ({string.Join(", ", Logits.shape)}); they are ({string.Join(", ", map.shape)}).", what);
    }

    /// <summary>libtorch would stop the process on a GPU, or take a wrong label for no class at all.</summary>
    private static void RequireLabels(Tensor target, long count)
    {
        if (!target.lt(0).logical_or(target.ge(count)).any().ToBoolean()) return;
        throw new ArgumentException($"target must be 0 to {count - 1}; it is {Choice.Text(target.min().ToInt64())} to {Choice.Text(target.max().ToInt64())}. " +
            "Set IgnoreIndex if one of these labels means pixels that don't count.", nameof(target));
    }

    /// <summary>Out of its range a target or weight turns the loss round, and the training goes where it should not without a word. The limits are those of the numbers, so NaN is outside as well.</summary>
    private static void RequireRange(Tensor numbers, double most, string name, string range, string hint)
    {
        if (numbers.numel() == 0) return;
        var (least, largest) = (numbers.min().ToDouble(), numbers.max().ToDouble());
        if (!(least >= 0 && largest <= most))
            throw new ArgumentException($"{name} must be {range}; it is {Text(least)} to {Text(largest)}. {hint}", name);

        static string Text(double number) => number.ToString("0.######", System.Globalization.CultureInfo.InvariantCulture);
    }
}
