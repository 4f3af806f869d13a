namespace UNetFamily;

/// <summary>
/// Which weights of a multi-domain network belong to whom. A domain owns what the network's <see cref="PerDomain"/> layers hold for it, those of its
/// <see cref="DomainAdapter"/>s included; everything else is shared.
/// </summary>
public static class DomainParameters
{
    extension(nn.Module network)
    {
        /// <summary>The weights that a domain has for itself, by their names in the network.</summary>
        /// <param name="domain">The name of the domain.</param>
        /// <exception cref="ArgumentException">The network has no layers per domain, or none for this one.</exception>
        public IEnumerable<(string Name, Parameter Parameter)> ParametersOf(string domain) =>
            LayersIn(network).SelectMany(entry => entry.Layers.Of(domain).named_parameters().Select(own => ($"{entry.Path}{domain}.{own.name}", own.parameter)));

        /// <summary>The weights that all domains share, by their names in the network.</summary>
        public IEnumerable<(string Name, Parameter Parameter)> SharedParameters()
        {
            var owned = LayersIn(network).SelectMany(entry => entry.Layers.parameters()).ToHashSet<Parameter>(ReferenceEqualityComparer.Instance);
            return network.named_parameters().Where(entry => !owned.Contains(entry.parameter)).Select(entry => (entry.name, entry.parameter));
        }

        /// <summary>Freezes everything but a domain's own weights, so that training it leaves every other domain as it is.</summary>
        /// <param name="domain">The name of the domain.</param>
        /// <exception cref="ArgumentException">The network has no layers per domain, or none for this one.</exception>
        public void TrainOnly(string domain)
        {
            var own = network.ParametersOf(domain).ToArray();
            foreach (var parameter in network.parameters()) parameter.requires_grad = false;
            foreach (var (_, parameter) in own) parameter.requires_grad = true;
        }
    }

    internal static IReadOnlyList<(string Path, PerDomain Layers)> LayersIn(nn.Module network)
    {
        var layers = network.named_modules().Where(entry => entry.module is PerDomain).Select(entry => ($"{entry.name}.", (PerDomain)entry.module)).ToList();
        if (network is PerDomain itself) layers.Insert(0, ("", itself));
        return layers.Count > 0 ? layers : throw new ArgumentException($"{network.GetName()} has no layers per domain.", nameof(network));
    }
}
