namespace UNetFamily;

/// <summary>
/// One domain of a network, as a network. It registers nothing, so it owns nothing: the layers stay the whole network's, and only the weights that take part in
/// this domain's calls are listed, under the names that they have there.
/// </summary>
internal sealed class U2NetDomainView(U2Net3d whole, string domain, U2Net3dOptions options) : SegmentationModel(options)
{
    public override InputSizes InputSizes => whole.InputSizes;

    internal override nn.Module Whole => whole;

    protected override SegmentationMaps Flow(FeatureMap x) => whole.Flow(x, domain);

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
    {
        if (!recurse) return [];
        var mine = whole.SharedParameters().Concat(whole.ParametersOf(domain)).Select(entry => entry.Parameter).ToHashSet<Parameter>(ReferenceEqualityComparer.Instance);
        return whole.named_parameters().Where(entry => mine.Contains(entry.parameter));
    }

    protected override void RegisterComponents()
    {
        // Also when this view is made part of another module: the network is not its to register.
    }

    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        if (device is not null) whole.to(device, non_blocking: non_blocking);
        if (dtype is { } type) whole.to(type, non_blocking);
    }
}
