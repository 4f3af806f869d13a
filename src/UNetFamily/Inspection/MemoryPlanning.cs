namespace UNetFamily;

/// <summary>Says what fits into memory, without running anything.</summary>
public static class MemoryPlanning
{
    // Where the search starts when no case bounds it, in voxels.
    private const double LargestImage = 2048, LargestVolume = 512;

    /// <summary>
    /// Suggests patch and batch for some memory as nnU-Net plans them: the patch starts at the size of the case and is made smaller on the axis where it is longest in proportion until the smallest
    /// batch fits; what memory is left then goes into more patches. Sizes are those that the network takes.
    /// </summary>
    /// <param name="model">The network; what it holds in memory already counts as part of the whole.</param>
    /// <param name="memoryBytes">The memory to fill: all that the process may have on the device.</param>
    /// <param name="request">Training or inference, the shape of cases, batch, precision and optimizer; training in the weights' type with Adam when left out.</param>
    /// <returns>The suggestion; where nothing fits, the least that would be needed (<see cref="MemoryFit.Possible"/> is false).</returns>
    /// <exception cref="ArgumentException">The memory isn't positive, or the request has problems; the message lists them all.</exception>
    public static MemoryFit Fits(this SegmentationModel model, long memoryBytes, FitRequest? request = null)
    {
        var plan = Checked(model, request);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memoryBytes);
        var batch = plan.SmallestBatch;
        var patches = ShrinkingPatches(model, plan);

        // Each patch needs less than the one before, so the first that fits is found by halving.
        var (low, high) = (0, patches.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Estimate(model, patches[middle], plan).Total(batch) <= memoryBytes) high = middle;
            else low = middle + 1;
        }
        var estimate = Estimate(model, patches[low], plan);
        var largest = Math.Min(estimate.LargestBatch(memoryBytes), plan.MaximumBatch ?? long.MaxValue);
        var chosen = Math.Max(batch, largest);
        return new MemoryFit(largest >= batch, [.. patches[low]], chosen, estimate.Total(chosen), memoryBytes, estimate);
    }

    /// <summary>Predicts the memory of a training step, or of a prediction, with patches of a size.</summary>
    /// <param name="model">The network.</param>
    /// <param name="patch">The spatial size: (H, W) or (D, H, W).</param>
    /// <param name="request">Training or inference, precision, optimizer and margin; training in the weights' type with Adam when left out.</param>
    /// <exception cref="ArgumentException">The network doesn't take the size, or the request has problems.</exception>
    public static MemoryEstimate EstimateMemory(this SegmentationModel model, ReadOnlySpan<long> patch, FitRequest? request = null)
    {
        var plan = Checked(model, request);
        ModelInspection.RequireSize(model, patch);
        return Estimate(model, patch, plan);
    }

    private static FitRequest Checked(SegmentationModel model, FitRequest? request)
    {
        ArgumentNullException.ThrowIfNull(model);
        request ??= new FitRequest();
        request.Problems(model.Options.SpatialDims).ThrowIfAny(nameof(FitRequest), nameof(request));
        return request;
    }

    private static MemoryEstimate Estimate(SegmentationModel model, ReadOnlySpan<long> patch, FitRequest request)
    {
        var type = request.Precision ?? model.parameters().First().dtype;
        long size = type switch { ScalarType.Float16 or ScalarType.BFloat16 => 2, ScalarType.Float64 => 8, _ => 4 };
        var graph = ModelInspection.RecordedAt(model, patch);
        var memory = new FlowMemory(graph, new MemoryMode(!request.Inference, size, RaisesNorms: size < 4));
        var (input, logits) = (graph.Inputs[0], graph.ShapeOf(graph.Outputs[0]));
        var (weights, trainable) = (0L, 0L);
        foreach (var parameter in model.parameters())
        {
            weights += parameter.numel();
            if (parameter.requires_grad) trainable += parameter.numel();
        }
        var buffers = model.buffers().Sum(buffer => buffer.numel());
        // Mixed precision has float32 weights and gradients beside those of the network.
        var training = trainable * (size + (Math.Max(4, size) * request.OptimizerStates) + (size < 4 ? 8 : 0));
        return new MemoryEstimate
        {
            ModelBytes = size * (weights + buffers) + (request.Inference ? 0 : training),
            DataBytes = size * input.Elements() + (request.Inference ? 0 : sizeof(long) * input.Positions()),
            ActivationBytes = request.Inference ? memory.PeakBytes : memory.KeptBytes,
            WorkingBytes = request.Inference ? 3 * memory.LargestLayer : (4 * memory.LargestLayer) + (3 * size * logits.Elements()),
            Margin = request.Margin,
        };
    }

    /// <summary>Patches from the largest that makes sense to the smallest, each a step shorter than the one before on its longest axis.</summary>
    private static List<long[]> ShrinkingPatches(SegmentationModel model, FitRequest request)
    {
        var (dims, sizes) = ((int)model.Options.SpatialDims, model.InputSizes);
        double[] inverse = [.. request.Spacing?.Select(step => 1 / step) ?? Enumerable.Repeat(1.0, dims)];
        var mean = Math.Pow(inverse.Aggregate(1.0, (product, side) => product * side), 1.0 / dims);
        var block = inverse.Select(side => (dims == 2 ? LargestImage : LargestVolume) * side / mean);
        double[] start = request.CaseSize is not { } size ? [.. block]
            : request.Spacing is null ? [.. size.Select(side => (double)side)]
            : [.. size.Zip(block, (side, most) => Math.Min(side, most))];
        double[] proportions = request.CaseSize is { } whole ? [.. whole.Select(side => (double)side)] : inverse;

        var patches = new List<long[]> { sizes.Patch([.. start.Select(side => (long)Math.Min(side, 1 << 20))]) };
        while (Shorter(patches[^1]) is { } next) patches.Add(next);
        return patches;

        long[]? Shorter(long[] patch) => Enumerable.Range(0, dims).OrderByDescending(axis => patch[axis] / proportions[axis]).Select(axis => sizes.Smaller(patch, axis)).FirstOrDefault(smaller => smaller is not null);
    }
}
