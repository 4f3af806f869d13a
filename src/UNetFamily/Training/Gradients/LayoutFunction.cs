namespace UNetFamily;

/// <summary>A change of a map's layout as one node of libtorch's graph, whose own copies between layouts take ten times as long on a CPU.</summary>
internal sealed class LayoutFunction : GradientFunction<LayoutFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(ChangeLayout);

    /// <inheritdoc/>
    protected override string Failure => "The gradient of a change of layout could not be computed";

    /// <inheritdoc/>
    protected override (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors) => (new ChangeLayout((MemoryLayout)call).Run(tensors), []);

    /// <inheritdoc/>
    protected override Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient) => [gradient.InLayout(((MemoryLayout)call).Other())];
}
