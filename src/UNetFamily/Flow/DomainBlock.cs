namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Sends the map through a block for a domain.</summary>
    /// <param name="block">The block.</param>
    /// <param name="domain">The name of the domain; a batch belongs to one.</param>
    /// <returns>What the block gives.</returns>
    public FeatureMap Through(DomainBlock block, string domain)
    {
        ArgumentNullException.ThrowIfNull(block);
        return block.Enter(this, domain);
    }
}

/// <summary>A block of one map and the domain that it belongs to. See <see cref="Block"/>.</summary>
/// <param name="name">The name of the block, usually that of its class.</param>
public abstract class DomainBlock(string name) : Module<Tensor, string, Tensor>(name)
{
    /// <summary>Applies the block for a domain.</summary>
    /// <param name="input">What the block takes; it stays as it is.</param>
    /// <param name="domain">The name of the domain; a batch belongs to one.</param>
    /// <returns>What the block gives; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">There is no such domain, or the input doesn't fit a layer. Nothing was computed.</exception>
    public sealed override Tensor forward(Tensor input, string domain) => LiveRun.Of(this, maps => [Flow(maps[0], domain)], input)[0];

    /// <summary>What the block computes for a domain.</summary>
    /// <param name="x">The input.</param>
    /// <param name="domain">The name of the domain.</param>
    /// <returns>The output.</returns>
    protected abstract FeatureMap Flow(FeatureMap x, string domain);

    internal FeatureMap Enter(FeatureMap x, string domain) => x.Within(this, () => Flow(x, domain),
        Hooks.On(this) ? () => call(x.Tensor, domain) : null);
}
