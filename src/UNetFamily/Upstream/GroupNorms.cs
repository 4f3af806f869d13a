namespace UNetFamily;

/// <summary>Group norms as PyTorch makes them; those of TorchSharp start with whatever the memory held, see README.md beside this file.</summary>
internal static class GroupNorms
{
    /// <summary>A group norm with weights of 1 and biases of 0.</summary>
    /// <param name="groups">The groups; they divide the channels.</param>
    /// <param name="channels">The channels.</param>
    public static Module<Tensor, Tensor> Build(long groups, long channels)
    {
        var norm = GroupNorm(groups, channels);
        init.ones_(norm.weight);
        init.zeros_(norm.bias!);
        return norm;
    }
}
