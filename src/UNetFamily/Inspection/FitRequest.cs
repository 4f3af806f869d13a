namespace UNetFamily;

/// <summary>What memory is to be filled with: see <see cref="MemoryPlanning.Fits"/>.</summary>
public sealed record FitRequest
{
    /// <summary>Prediction alone, without gradients, rather than training.</summary>
    public bool Inference { get; init; }

    /// <summary>The size of a typical case in voxels, in the tensor's order: patches keep its proportions and are no larger. Equal sides when left out, or as the spacing says.</summary>
    public ValueList<long>? CaseSize { get; init; }

    /// <summary>
    /// The distance between voxels in the tensor's order, in any unit: a patch then starts as a cube (square) of the body rather than of voxels. Equal when left out.
    /// </summary>
    public ValueList<double>? Spacing { get; init; }

    /// <summary>The smallest batch: the patch is made smaller until so many fit.</summary>
    /// <value>2 in training, as nnU-Net does, and 1 in inference.</value>
    public long? MinimumBatch { get; init; }

    /// <summary>The largest batch.</summary>
    /// <value>No limit.</value>
    public long? MaximumBatch { get; init; }

    /// <summary>
    /// The type of activations, gradients and weights. Float16 and BFloat16 mean <see cref="MixedPrecision"/>: norms compute in float32 (group and layer norms on float32 copies), and in training weights,
    /// gradients and the optimizer's numbers are there in float32, too.
    /// </summary>
    /// <value>The type of the weights.</value>
    public ScalarType? Precision { get; init; }

    /// <summary>Numbers that the optimizer remembers for each trainable parameter: 2 for Adam, 1 for SGD with momentum, 0 for SGD.</summary>
    /// <value>2.</value>
    public int OptimizerStates { get; init; } = 2;

    /// <summary>What is set aside for the workspace of convolutions and the allocator's gaps, as a part of the whole prediction.</summary>
    /// <value>0.2.</value>
    public double Margin { get; init; } = 0.2;

    /// <summary>The smallest batch, said or usual.</summary>
    internal long SmallestBatch => MinimumBatch ?? (Inference ? 1 : 2);

    /// <summary>Everything that is wrong for a rank, a sentence each.</summary>
    internal IEnumerable<string> Problems(SpatialDims dims)
    {
        if (CaseSize is { } size && (size.Count != (int)dims || size.Any(side => side < 1))) yield return $"CaseSize needs {(int)dims} positive sides, is {size}.";
        if (Spacing is { } spacing && (spacing.Count != (int)dims || spacing.Any(step => step is not (> 0 and < double.PositiveInfinity))))
            yield return $"Spacing needs {(int)dims} positive numbers, is {spacing}.";
        if (MinimumBatch < 1) yield return $"MinimumBatch must be positive, is {MinimumBatch}.";
        if (MaximumBatch < SmallestBatch) yield return $"MaximumBatch must be {SmallestBatch} or more, the smallest batch, is {MaximumBatch}.";
        if (Precision is { } type && type is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
            yield return $"Precision must be Float16, BFloat16, Float32 or Float64, is {type}.";
        if (OptimizerStates < 0) yield return $"OptimizerStates must not be negative, is {OptimizerStates}.";
        if (Margin is not (>= 0 and < 10)) yield return $"Margin must be from 0 to below 10, is {Margin}.";
    }
}
