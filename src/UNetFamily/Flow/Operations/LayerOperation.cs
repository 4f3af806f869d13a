namespace UNetFamily;

/// <summary>An operation that is a layer's; it runs by calling it, so that hooks fire.</summary>
/// <param name="layer">The layer.</param>
internal abstract class LayerOperation(Module<Tensor, Tensor> layer) : Operation
{
    public override nn.Module Layer => layer;

    public override Tensor Run(Tensor[] x) => layer.call(x[0]);

    /// <summary>Throws when the channels are not those that the layer was built for.</summary>
    protected void RequireChannels(long[] x, long expected)
    {
        if (x.Length < 2 || x[1] != expected) throw new ArgumentException($"{layer.GetType().Name} takes {expected} channels; the map is {x.Print()}{(x.Length < 2 ? "" : $", with {x[1]}")}.");
    }
}
