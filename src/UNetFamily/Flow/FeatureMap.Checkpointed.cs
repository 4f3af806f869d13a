namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Sends the map through a block that is computed again for the backward pass, so that its inside needs no memory until then; see <see cref="ActivationCheckpoint"/>.</summary>
    /// <param name="block">The block.</param>
    /// <returns>What the block gives.</returns>
    public FeatureMap Checkpointed(Module<Tensor, Tensor> block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return CheckpointedWithin(block);
    }

    internal abstract FeatureMap CheckpointedWithin(Module<Tensor, Tensor> block);
}
