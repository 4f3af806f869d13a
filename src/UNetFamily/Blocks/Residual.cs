namespace UNetFamily;

/// <summary>A block that adds what it learns to a shortcut of its input.</summary>
internal interface IResidualBlock
{
    /// <summary>The last unit before the sum; an initialization can silence its norm, so that a fresh block passes its input through.</summary>
    ConvNormAct Last { get; }
}

/// <summary>What the residual blocks have in common: <c>activation(branch(x) + shortcut(x))</c>.</summary>
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

    public static Tensor Forward(Tensor input, Module<Tensor, Tensor> shortcut, Module<Tensor, Tensor> activation, params ReadOnlySpan<Module<Tensor, Tensor>> branch)
    {
        using var passed = shortcut.call(input);
        var change = input.alias();
        foreach (var layer in branch)
        {
            using var before = change;
            change = layer.call(before);
        }
        using var learned = change;
        using var sum = learned.add_(passed);
        return activation.call(sum);
    }

    public static TensorShape Trace(Tracer tracer, TensorShape input, Module<Tensor, Tensor> shortcut, Module<Tensor, Tensor> activation, params ReadOnlySpan<Module<Tensor, Tensor>> branch)
    {
        var passed = tracer.Through(input, shortcut);
        var learned = tracer.Chain(input, [.. branch]);
        return tracer.Through(Tracer.SummedInto(learned, passed), activation);
    }
}
