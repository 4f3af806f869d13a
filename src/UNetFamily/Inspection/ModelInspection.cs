namespace UNetFamily;

/// <summary>Looks at networks without running them.</summary>
public static class ModelInspection
{
    // Beyond this many pixels a side, a network is taken to see everything.
    private const long Horizon = 1 << 13;

    /// <summary>The layers of a network with shapes, parameters, multiply-accumulates and memory, and its receptive field.</summary>
    /// <param name="model">The network.</param>
    /// <param name="size">The spatial size of the input: (H, W) or (D, H, W).</param>
    /// <exception cref="ArgumentException">The network doesn't take this size.</exception>
    public static ModelSummary Summary(this SegmentationModel model, params ReadOnlySpan<long> size)
    {
        ArgumentNullException.ThrowIfNull(model);
        RequireSize(model, size);
        var graph = RecordedAt(model, size);
        var bytes = model.parameters().First().element_size();
        var training = new FlowMemory(graph, new MemoryMode(Training: true, bytes));
        var costs = new FlowCosts(model.Whole, graph, training);
        var parameters = model.parameters().ToArray();
        return new ModelSummary(model.GetName(), TensorShape.OfSample(graph.Inputs[0]), costs.Layers, parameters.Sum(p => p.numel()), parameters.Where(p => p.requires_grad).Sum(p => p.numel()))
        {
            Root = ModuleCost.Of(model, costs, TensorShape.OfSample(graph.ShapeOf(graph.Outputs[0]))),
            TrainingActivationBytes = training.KeptBytes,
            InferencePeakBytes = new FlowMemory(graph, new MemoryMode(Training: false, bytes)).PeakBytes,
            ReceptiveField = FieldOf(model, graph),
        };
    }

    /// <summary>What a network computes at one size: its operations in order, recorded without running it.</summary>
    /// <param name="model">The network.</param>
    /// <param name="size">The spatial size of the input: (H, W) or (D, H, W).</param>
    /// <exception cref="ArgumentException">The network doesn't take this size.</exception>
    /// <exception cref="NotSupportedException">A module inside is not known; the message names it, its path, and what to derive it from.</exception>
    public static NetworkGraph Describe(this SegmentationModel model, params ReadOnlySpan<long> size)
    {
        ArgumentNullException.ThrowIfNull(model);
        RequireSize(model, size);
        return new NetworkGraph(model.Whole, RecordedAt(model, size));
    }

    /// <summary>What a block computes for a batch: its operations in order, recorded without running it.</summary>
    /// <param name="block">The block, or any layer that a flow knows.</param>
    /// <param name="shape">The shape of the batch: (N, C, H, W) or (N, C, D, H, W).</param>
    /// <exception cref="ArgumentException">A layer doesn't take the shape.</exception>
    /// <exception cref="NotSupportedException">A module inside is not known; the message names it, its path, and what to derive it from.</exception>
    public static NetworkGraph Describe(this Module<Tensor, Tensor> block, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(block);
        return new NetworkGraph(block, Recorder.Record(block, maps => [maps[0].Through(block)], [shape.ToArray()]));
    }

    /// <summary>The flow of a network for one sample.</summary>
    internal static FlowGraph RecordedAt(SegmentationModel model, ReadOnlySpan<long> size) => model.Record([1, model.Options.InChannels, .. size]);

    internal static void RequireSize(SegmentationModel model, ReadOnlySpan<long> size)
    {
        if (size.Length != (int)model.Options.SpatialDims)
            throw new ArgumentException($"{model.GetName()} needs {(int)model.Options.SpatialDims} sides, got {size.Length}.", nameof(size));
        if (model.InputSizes.Problem(size) is { } problem) throw new ArgumentException($"{model.GetName()}: {problem}", nameof(size));
    }

    // The image grows until no box reaches across it, so that the borders cut nothing off.
    private static ReceptiveField FieldOf(SegmentationModel model, FlowGraph graph)
    {
        var (input, atSize) = (TensorShape.OfSample(graph.Inputs[0]).Spatial, FlowFields.Of(graph));
        var (image, fields) = (input, atSize);
        while (fields is { IsGlobal: false } && Grown(model, image, fields) is { } sides)
        {
            image = [.. sides];
            fields = FlowFields.Of(RecordedAt(model, sides));
        }
        ValueList<long> largest = fields is null ? input : [.. image.Select((_, axis) => fields.Largest(axis))];
        var seesAll = fields is null or { IsGlobal: true } || largest.Equals(image);
        return new ReceptiveField(input, atSize, seesAll ? input : largest, seesAll);
    }

    /// <summary>A size at which the boxes have room on every axis; null when they have it, or there is none.</summary>
    private static long[]? Grown(SegmentationModel model, ValueList<long> image, PixelFields fields)
    {
        var sides = image.Select((side, axis) => 2 * fields.Largest(axis) > side ? 3 * side : side).ToArray();
        return image.SequenceEqual(sides) || sides.Max() > Horizon || !model.InputSizes.HasRoomFor(sides) ? null : model.InputSizes.Cover(sides);
    }
}
