namespace UNetFamily;

/// <summary>How a network is exported. Everything has a default.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>What the network ends in.</summary>
    /// <value><see cref="OnnxOutput.Logits"/>, which a sliding window averages.</value>
    public OnnxOutput Output { get; init; } = OnnxOutput.Logits;

    /// <summary>Whether norms with running statistics become part of the convolutions before them: the same numbers to rounding, from fewer operations.</summary>
    /// <value>true.</value>
    public bool FoldNorms { get; init; } = true;

    /// <summary>Whether kernels and matrices are stored as 16-bit numbers, in half the space. The network still computes in float32, from weights that were rounded to 11 bits.</summary>
    /// <value>false.</value>
    public bool HalfWeights { get; init; }

    /// <summary>Whether the maps of deep supervision are further outputs, <c>auxiliary_1</c> and so on, finest first. Without them, nothing that only they need is computed.</summary>
    /// <value>false.</value>
    public bool Auxiliary { get; init; }

    /// <summary>The domain to export of a network for several, <see cref="U2Net3d"/>.</summary>
    /// <value>null: its first.</value>
    public string? Domain { get; init; }

    /// <summary>The branch to export of a <see cref="UNetPlusPlus"/>, as <see cref="UNetPlusPlus.Prune"/> cuts it.</summary>
    /// <value>null: the whole network.</value>
    public int? Level { get; init; }

    /// <summary>Texts of your own for the file, such as classes, spacing and normalisation; <see cref="OnnxNetwork.Metadata"/> has them again.</summary>
    /// <value>None.</value>
    public IReadOnlyDictionary<string, string> Notes { get; init; } = new Dictionary<string, string>();

    /// <summary>The most bytes of weights that the file itself holds; more go into a file beside it. protobuf, in which ONNX is written, ends at 2 GiB.</summary>
    internal long MostInside { get; init; } = 2_000_000_000;
}
