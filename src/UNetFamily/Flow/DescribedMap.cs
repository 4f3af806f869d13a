namespace UNetFamily;

/// <summary>A map of a flow that is recorded.</summary>
internal sealed class DescribedMap(Recorder recorder, int id) : FeatureMap
{
    public int Id => id;

    internal override long[] Axes => recorder.Graph.ShapeOf(id);

    internal override FeatureMap Apply(Operation operation, params FeatureMap[] operands) => recorder.Apply(operation, operands);

    internal override FeatureMap[] Within(nn.Module module, Func<FeatureMap[]> flow, Func<Tensor[]>? hooked = null) => recorder.Within(module, [this], flow);

    internal override FeatureMap CheckpointedWithin(Module<Tensor, Tensor> block) => recorder.Within(block, [this], () => [Through(block)], isCheckpointed: true)[0];

    private protected override FeatureMap Foreign(nn.Module module, params FeatureMap[] others) => throw recorder.Unknown(module);

    private protected override void NoteSize() => recorder.Graph.UsesSizes = true;
}
