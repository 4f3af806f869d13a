namespace UNetFamily;

/// <summary>
/// The weight map that makes a network learn the thin background between touching cells: w(x) = w_c(x) + w0 · exp(-(d1 + d2)² / 2σ²), with the distances to the nearest and the second
/// nearest cell. Ronneberger et al.: U-Net, 2015, Eq. 2. Distances are exact; time grows with the number of cells times the number of pixels.
/// </summary>
public sealed record BoundaryWeights
{
    /// <summary>The height of the extra weight, 0 or more.</summary>
    /// <value>10, as published.</value>
    public double W0 { get; init; } = 10;

    /// <summary>The width of the extra weight, in units of <see cref="Spacing"/>, above 0.</summary>
    /// <value>5 pixels, as published.</value>
    public double Sigma { get; init; } = 5;

    /// <summary>w_c of the background, to balance the classes of the training set.</summary>
    /// <value>1.</value>
    public double BackgroundWeight { get; init; } = 1;

    /// <summary>w_c of cells.</summary>
    /// <value>1.</value>
    public double ForegroundWeight { get; init; } = 1;

    /// <summary>
    /// Whether pixels of cells get the second term as well, with d1 = 0 as they lie in a cell. The gap is background, so the usual implementations leave them out.
    /// </summary>
    /// <value>false.</value>
    public bool InsideCells { get; init; }

    /// <summary>The distance between pixels along each spatial axis, in the tensor's order.</summary>
    /// <value>null: 1 along all.</value>
    public ValueList<double>? Spacing { get; init; }

    /// <summary>Computes the map on the CPU; do it once for each image, when the data set is made.</summary>
    /// <param name="instances">(N, H, W) or (N, D, H, W), whole numbers: 0 is background, each other number is a cell, its own in each image.</param>
    /// <returns>Weights of the same shape, float32, on the CPU; <see cref="BackgroundWeight"/> or <see cref="ForegroundWeight"/> alone where there are fewer than two cells.</returns>
    /// <exception cref="ArgumentException">Shape or type don't fit, or an option is out of its range.</exception>
    public Tensor Of(Tensor instances)
    {
        ArgumentNullException.ThrowIfNull(instances);
        if (!(W0 >= 0 && Sigma > 0 && BackgroundWeight >= 0 && ForegroundWeight >= 0 && double.IsFinite(W0 + Sigma + BackgroundWeight + ForegroundWeight)))
            throw new ArgumentException($"Sigma must be above 0, W0 and weights 0 or more, all finite; they are Sigma = {Choice.Text(Sigma)}, W0 = {Choice.Text(W0)}, {Choice.Text(BackgroundWeight)} and {Choice.Text(ForegroundWeight)}.");
        if (instances.dim() is not (3 or 4) || instances.is_floating_point())
            throw new ArgumentException($"instances must be whole numbers (N, H, W) or (N, D, H, W); they are {instances.dtype} ({string.Join(", ", instances.shape)}).", nameof(instances));

        using var scope = NewDisposeScope();
        var labels = instances.to(ScalarType.Int64).cpu().contiguous().data<long>().ToArray();
        var shape = instances.shape[1..].Select(side => (int)side).ToArray();
        var spacing = DistanceTransform.Spacing(Spacing, shape.Length);
        var pixels = shape.Aggregate(1, (product, side) => product * side);

        var weights = new float[labels.Length];
        for (var start = 0; start < labels.Length; start += pixels) Weigh(labels.AsSpan(start, pixels), weights.AsSpan(start, pixels), shape, spacing);
        return tensor(weights).view(instances.shape).MoveToOuterDisposeScope();
    }

    private void Weigh(ReadOnlySpan<long> labels, Span<float> weights, int[] shape, double[] spacing)
    {
        var (nearest, second) = (new double[labels.Length], new double[labels.Length]);
        Array.Fill(nearest, double.PositiveInfinity);
        Array.Fill(second, double.PositiveInfinity);
        var cell = new bool[labels.Length];
        foreach (var label in labels.ToArray().Distinct().Where(label => label != 0))
        {
            for (var i = 0; i < cell.Length; i++) cell[i] = labels[i] == label;
            var squared = DistanceTransform.Squared(cell, shape, spacing);
            for (var i = 0; i < squared.Length; i++)
            {
                if (squared[i] < nearest[i]) (nearest[i], second[i]) = (squared[i], nearest[i]);
                else if (squared[i] < second[i]) second[i] = squared[i];
            }
        }

        for (var i = 0; i < weights.Length; i++)
        {
            var both = Math.Sqrt(nearest[i]) + Math.Sqrt(second[i]);
            var extra = labels[i] == 0 || InsideCells ? W0 * Math.Exp(-both * both / (2 * Sigma * Sigma)) : 0;
            weights[i] = (float)((labels[i] == 0 ? BackgroundWeight : ForegroundWeight) + extra);
        }
    }
}
