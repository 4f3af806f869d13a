namespace UNetFamily;

/// <summary>Straight runs of layers that hold one tensor at a time.</summary>
internal static class Chaining
{
    /// <summary>
    /// Sends a tensor that nothing else needs through a layer, and frees it: outside training, memory then holds one map of the run and not all of them.
    /// </summary>
    public static Tensor Into(this Tensor x, Module<Tensor, Tensor> layer)
    {
        using (x) return layer.call(x);
    }
}
