namespace UNetFamily;

/// <summary>A block of two maps, such as a gate or a step of a decoder. See <see cref="Block"/>.</summary>
/// <param name="name">The name of the block, usually that of its class.</param>
public abstract class Block2(string name) : Module<Tensor, Tensor, Tensor>(name)
{
    /// <summary>Applies the block.</summary>
    /// <param name="first">The first input; it stays as it is.</param>
    /// <param name="second">The second input; it stays as it is.</param>
    /// <returns>What the block gives; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The inputs don't fit a layer or each other; the message names it. Nothing was computed.</exception>
    public sealed override Tensor forward(Tensor first, Tensor second) => LiveRun.Of(this, maps => [Flow(maps[0], maps[1])], first, second)[0];

    /// <summary>What the block computes.</summary>
    /// <param name="first">The first input.</param>
    /// <param name="second">The second input.</param>
    /// <returns>The output.</returns>
    protected abstract FeatureMap Flow(FeatureMap first, FeatureMap second);

    internal FeatureMap Enter(FeatureMap first, FeatureMap second) => first.Within(this, () => Flow(first, second),
        Hooks.On(this) ? () => call(first.Tensor, second.Tensor) : null);
}
