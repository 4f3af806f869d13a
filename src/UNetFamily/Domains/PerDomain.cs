namespace UNetFamily;

/// <summary>
/// A layer for each domain, of which a call takes one: what a multi-domain network doesn't share. Calls with different domains can run at the same time on
/// several threads; only <see cref="Add"/> must be alone.
/// </summary>
public sealed class PerDomain : DomainBlock
{
    // RegisterComponents doesn't look into a dictionary: the layers are registered under the names of their domains.
    private readonly Dictionary<string, Module<Tensor, Tensor>> layers = [];

    /// <summary>Builds a layer for each domain.</summary>
    /// <param name="domains">The names of the domains.</param>
    /// <param name="build">Makes the layer of a domain.</param>
    /// <exception cref="ArgumentException">There is no domain, one comes twice, or a name is none for a domain.</exception>
    public PerDomain(IEnumerable<string> domains, Func<string, Module<Tensor, Tensor>> build) : base(nameof(PerDomain))
    {
        ArgumentNullException.ThrowIfNull(domains);
        ArgumentNullException.ThrowIfNull(build);
        foreach (var domain in domains) Add(domain, build(domain));
        if (layers.Count == 0) throw new ArgumentException("There must be one domain or more.", nameof(domains));
    }

    /// <summary>The names of the domains, in the order in which they came.</summary>
    public IReadOnlyCollection<string> Domains => layers.Keys;

    /// <summary>The layer of a domain.</summary>
    /// <param name="domain">Its name.</param>
    /// <exception cref="ArgumentException">There is no such domain; the message lists those there are.</exception>
    public Module<Tensor, Tensor> Of(string domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return layers.GetValueOrDefault(domain) ?? throw new ArgumentException($"There is no domain '{domain}'. There are: {string.Join(", ", layers.Keys)}.", nameof(domain));
    }

    /// <summary>Adds a domain.</summary>
    /// <param name="domain">Its name.</param>
    /// <param name="layer">Its layer; it belongs to this module now.</param>
    /// <exception cref="ArgumentException">There is a domain of that name already, or it is none for a domain.</exception>
    public void Add(string domain, Module<Tensor, Tensor> layer)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentNullException.ThrowIfNull(layer);
        if (Domain.Problem(domain) is { } problem) throw new ArgumentException(problem, nameof(domain));
        if (!layers.TryAdd(domain, layer)) throw new ArgumentException($"There is a domain '{domain}' already.", nameof(domain));
        register_module(domain, layer);
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x, string domain) => x.Through(Of(domain));

    /// <summary>Gives the layer of a domain away.</summary>
    internal Module<Tensor, Tensor> Take(string domain)
    {
        var layer = Of(domain);
        layers.Remove(domain);
        register_module(domain, null!);     // null takes the registration back
        return layer;
    }
}
