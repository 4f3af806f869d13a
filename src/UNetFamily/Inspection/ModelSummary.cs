using System.Globalization;

namespace UNetFamily;

/// <summary>What a network costs at one input size; computed from shapes alone, for a batch of one.</summary>
/// <param name="Name">The network.</param>
/// <param name="Input">The shape of one input sample.</param>
/// <param name="Layers">The layers in the order of computation.</param>
/// <param name="Parameters">The numbers that the network learns, shared ones counted once.</param>
/// <param name="TrainableParameters">Those that are not frozen.</param>
public sealed record ModelSummary(string Name, TensorShape Input, IReadOnlyList<LayerCost> Layers, long Parameters, long TrainableParameters)
{
    /// <summary>The network's modules as a tree, with the sums of each.</summary>
    public required ModuleCost Root { get; init; }

    /// <summary>
    /// Bytes of the tensors that wait for the backward pass at the end of a training step's forward pass, for one sample in the type of the weights; other batches are multiples of it.
    /// These are the inputs of convolutions, linear layers and norms, the input or output of activations (whichever the gradient needs), both factors of products, the places of maxima (8 bytes
    /// each), masks of dropout and statistics, each tensor once however many layers need it, and the outputs. Not counted: the input, the weights, and what a layer needs only while it computes.
    /// With activation checkpointing: the inputs of segments, and the tensors of the largest segment, which is computed again.
    /// </summary>
    public required long TrainingActivationBytes { get; init; }

    /// <summary>
    /// The most bytes of tensors alive at once in a forward pass without gradients in evaluation, for one sample in the type of the weights: each from the layer that makes it to the end of
    /// the block that holds it. Not counted: the input, the weights, and the convolutions' own workspace.
    /// </summary>
    public required long InferencePeakBytes { get; init; }

    /// <summary>The pixels that a pixel of the finest logits is computed from.</summary>
    public required ReceptiveField ReceptiveField { get; init; }

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

    /// <summary>The whole tree as a table, a line per module, then the totals.</summary>
    public override string ToString() => ToString(int.MaxValue);

    /// <summary>The tree as a table down to a depth, a line per module with the sums of all below it, then the totals.</summary>
    /// <param name="depth">How deep: 0 is the network alone, 1 its parts, and so on.</param>
    public string ToString(int depth) => string.Create(CultureInfo.InvariantCulture, $"""
        {CostTable.Print(Root, depth)}
        {Name} for {Input}: {Parameters:N0} parameters, {(TrainableParameters == Parameters ? "all" : $"{TrainableParameters:N0}")} trainable; {Macs:N0} multiply-accumulates
        Activations of one sample: {CostTable.Size(TrainingActivationBytes)} kept in a training step, {CostTable.Size(InferencePeakBytes)} at the peak of inference
        Receptive field: {ReceptiveField}
        """);
}
