using System.Globalization;
using System.Text;

namespace UNetFamily;

/// <summary>What a network costs at one input size; computed from shapes alone, for a batch of one.</summary>
/// <param name="Name">The network.</param>
/// <param name="Input">The shape of one input sample.</param>
/// <param name="Layers">The layers in the order of computation.</param>
/// <param name="Parameters">The numbers that the network learns, shared ones counted once.</param>
/// <param name="TrainableParameters">Those that are not frozen.</param>
public sealed record ModelSummary(string Name, TensorShape Input, IReadOnlyList<LayerCost> Layers, long Parameters, long TrainableParameters)
{
    /// <summary>Multiply-accumulates of all convolutions, linear layers and matrix products, biases left out.</summary>
    public long Macs => Layers.Sum(layer => layer.Macs);

    /// <summary>
    /// What fvcore's <c>FlopCountAnalysis</c> gives for the network in evaluation, the "FLOPs" of many papers: <see cref="Macs"/>, and for each number that is
    /// normalized 5 more (4 without learned scale and shift), but 2 (1) for batch norms, which have their statistics already.
    /// </summary>
    public long FvcoreFlops => Macs + Layers.Where(layer => layer.Kind is LayerKind.Normalization).Sum(layer =>
        layer.Input.Elements * ((layer.Layer.StartsWith("BatchNorm", StringComparison.Ordinal) ? 1 : 4) + (layer.Parameters > 0 ? 1 : 0)));

    /// <summary>Multiply-accumulates of the layers of one kind, biases left out.</summary>
    /// <param name="kind">The kind.</param>
    public long MacsOf(LayerKind kind) => Layers.Where(layer => layer.Kind == kind).Sum(layer => layer.Macs);

    /// <summary>A table: a line per layer, then the totals.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var width = Layers.Max(layer => layer.Path.Length);
        foreach (var layer in Layers)
            text.AppendLine(CultureInfo.InvariantCulture, $"{layer.Path.PadRight(width)}  {layer.Layer,-18} {layer.Output,-22} {layer.Parameters,12:N0} {layer.Macs,18:N0}");
        text.Append(CultureInfo.InvariantCulture, $"{Name} for {Input}: {Parameters:N0} parameters, {TrainableParameters:N0} trainable, {Macs:N0} multiply-accumulates");
        return text.ToString();
    }
}

/// <summary>Looks at networks without running them.</summary>
public static class ModelInspection
{
    /// <summary>The layers of a network with shapes, parameters and multiply-accumulates.</summary>
    /// <param name="model">The network.</param>
    /// <param name="size">The spatial size of the input: (H, W) or (D, H, W).</param>
    /// <exception cref="ArgumentException">The network doesn't take this size.</exception>
    public static ModelSummary Summary(this SegmentationModel model, params ReadOnlySpan<long> size)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (size.Length != (int)model.Options.SpatialDims)
            throw new ArgumentException($"{model.GetName()} needs {(int)model.Options.SpatialDims} sides, got {size.Length}.", nameof(size));
        if (model.InputSizes.Problem(size) is { } problem) throw new ArgumentException($"{model.GetName()}: {problem}", nameof(size));

        var input = new TensorShape([model.Options.InChannels, .. size]);
        var tracer = new Tracer(model.Whole);
        model.Trace(tracer, input);
        var parameters = model.parameters().ToArray();
        return new ModelSummary(model.GetName(), input, tracer.Layers, parameters.Sum(p => p.numel()), parameters.Where(p => p.requires_grad).Sum(p => p.numel()));
    }
}
