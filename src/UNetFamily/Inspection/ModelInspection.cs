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
        var input = InputOf(model, size);
        var bytes = BytesOf(model);
        var (tracer, output) = Trace(model, input, training: true, bytes);
        var (inference, logits) = Trace(model, InputOf(model, size), training: false, bytes);
        var parameters = model.parameters().ToArray();
        return new ModelSummary(model.GetName(), input, tracer.Layers, parameters.Sum(p => p.numel()), parameters.Where(p => p.requires_grad).Sum(p => p.numel()))
        {
            Root = ModuleCost.Of(model, tracer, output),
            TrainingActivationBytes = KeptBytes(tracer, output),
            InferencePeakBytes = inference.Memory.PeakBytes(logits),
            ReceptiveField = FieldOf(model, input, output),
        };
    }

    /// <summary>What the activations of a training step keep, checkpointing and outputs included.</summary>
    internal static long KeptBytes(Tracer tracer, TensorShape output) => tracer.Memory.KeptBytes + tracer.Memory.RecomputedBytes + tracer.Memory.OutputBytes(output);

    internal static (Tracer Tracer, TensorShape Output) Trace(SegmentationModel model, TensorShape input, bool training, long bytesPerNumber, bool mixed = false)
    {
        var tracer = new Tracer(model.Whole, training, bytesPerNumber) { RaisesNorms = mixed };
        tracer.Memory.Borrow(input);
        return (tracer, model.Trace(tracer, input));
    }

    internal static TensorShape InputOf(SegmentationModel model, ReadOnlySpan<long> size) =>
        new([model.Options.InChannels, .. size]) { Fields = PixelFields.Image(size.ToArray()) };

    internal static long BytesOf(SegmentationModel model) => model.parameters().First().element_size();

    internal static void RequireSize(SegmentationModel model, ReadOnlySpan<long> size)
    {
        if (size.Length != (int)model.Options.SpatialDims)
            throw new ArgumentException($"{model.GetName()} needs {(int)model.Options.SpatialDims} sides, got {size.Length}.", nameof(size));
        if (model.InputSizes.Problem(size) is { } problem) throw new ArgumentException($"{model.GetName()}: {problem}", nameof(size));
    }

    // The image grows until no box reaches across it, so that the borders cut nothing off.
    private static ReceptiveField FieldOf(SegmentationModel model, TensorShape input, TensorShape logits)
    {
        var (image, fields) = (input, logits.Fields);
        while (fields is { IsGlobal: false } && Grown(model, image, fields) is { } sides)
        {
            image = InputOf(model, sides);
            fields = Trace(model, image, training: false, bytesPerNumber: 1).Output.Fields;
        }
        ValueList<long> largest = fields is null ? input.Spatial : [.. image.Spatial.Select((_, axis) => fields.Largest(axis))];
        var seesAll = fields is null or { IsGlobal: true } || largest.Equals(image.Spatial);
        return new ReceptiveField(input, logits.Fields, seesAll ? input.Spatial : largest, seesAll);
    }

    /// <summary>A size at which the boxes have room on every axis; null when they have it, or there is none.</summary>
    private static long[]? Grown(SegmentationModel model, TensorShape image, PixelFields fields)
    {
        var sides = image.Spatial.Select((side, axis) => 2 * fields.Largest(axis) > side ? 3 * side : side).ToArray();
        return image.Spatial.SequenceEqual(sides) || sides.Max() > Horizon || !model.InputSizes.HasRoomFor(sides) ? null : model.InputSizes.Cover(sides);
    }
}
