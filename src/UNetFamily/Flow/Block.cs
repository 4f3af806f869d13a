namespace UNetFamily;

/// <summary>
/// A block of one map. A derived class has its layers and one <see cref="Flow"/>, the whole computation as in a paper's figure; it runs, is described, summed up and exported from that alone.
/// </summary>
/// <param name="name">The name of the block, usually that of its class.</param>
public abstract class Block(string name) : Module<Tensor, Tensor>(name)
{
    /// <summary>Applies the block.</summary>
    /// <param name="input">What the block takes; it stays as it is.</param>
    /// <returns>What the block gives; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The input doesn't fit a layer; the message names it. Nothing was computed.</exception>
    public sealed override Tensor forward(Tensor input) => LiveRun.Of(this, maps => [Flow(maps[0])], input)[0];

    /// <summary>What the block computes. It follows the map through layers and operations, and may be followed several times.</summary>
    /// <param name="x">The input.</param>
    /// <returns>The output.</returns>
    protected abstract FeatureMap Flow(FeatureMap x);

    internal FeatureMap Enter(FeatureMap x) => x.Within(this, () => Flow(x), Hooks.On(this) ? () => call(x.Tensor) : null);
}
