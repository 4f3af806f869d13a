namespace UNetFamily;

/// <summary>A map of a flow that runs: a tensor, and its number in the flow's graph where there is one.</summary>
internal sealed class LiveMap(LiveRun run, Tensor tensor, int id) : FeatureMap
{
    public int Id => id;

    internal override long[] Axes => run.ShapeOf(id) ?? tensor.shape;

    internal override Tensor Tensor => tensor;

    internal override FeatureMap Apply(Operation operation, params FeatureMap[] operands) => run.Apply(operation, operands);

    internal override FeatureMap[] Within(nn.Module module, Func<FeatureMap[]> flow, Func<Tensor[]>? hooked = null) => hooked is null ? run.Within(flow) : run.Called(module, hooked());

    internal override FeatureMap CheckpointedWithin(Module<Tensor, Tensor> block) => run.Called(block, [ActivationCheckpoint.Run(block, tensor)])[0];

    private protected override FeatureMap Foreign(nn.Module module, params FeatureMap[] others) => run.Untracked(module switch
    {
        Module<Tensor, Tensor> one => one.call(tensor),
        Module<Tensor, Tensor, Tensor> two => two.call(tensor, others[0].Tensor),
        _ => throw new NotSupportedException($"{module.GetType().Name} takes something else than maps."),
    });

    private protected override void NoteSize()
    {
    }
}
