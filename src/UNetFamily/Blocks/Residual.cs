namespace UNetFamily;

/// <summary>A block that adds what it learns to a shortcut of its input.</summary>
internal interface IResidualBlock
{
    /// <summary>The last unit before the sum; an initialization can silence its norm, so that a fresh block passes its input through.</summary>
    ConvNormAct Last { get; }
}

/// <summary>What the residual blocks have in common.</summary>
internal static class Residual
{
    /// <summary>ResNet-D's shortcut: average over the stride, then project; the input itself where nothing changes.</summary>
    public static Module<Tensor, Tensor> Shortcut(SpatialDims dims, long from, long to, Extent stride, Normalization? norm)
    {
        var layers = new List<Module<Tensor, Tensor>>();
        if (!stride.All(step => step == 1)) layers.Add(dims.AvgPool(stride));
        if (from != to) layers.Add(new ConvNormAct(dims, from, to, kernel: 1, norm: norm, activation: Activation.None, bias: false));
        return layers.Count > 0 ? Sequential(layers) : Identity();
    }

}
