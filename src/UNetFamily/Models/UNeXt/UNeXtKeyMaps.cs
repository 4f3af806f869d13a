namespace UNetFamily;

/// <summary>The names that published checkpoints give to UNeXt's weights.</summary>
public static class UNeXtKeyMaps
{
    /// <summary>jeya-maria-jose/UNeXt-pytorch, <c>archs.py</c>: <c>UNext</c> and <c>UNext_S</c>. Its checkpoints are plain state dicts, <c>model.pth</c>.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Official(UNeXtOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (first, stages) = (options.ConvLevels, options.Widths.Count - 1);
        var rules = new List<KeyRule>();
        for (var level = 0; level < first; level++) rules.AddRange([Pair($"encoder{level + 1}", $"down.{level}.conv"), Pair($"ebn{level + 1}", $"down.{level}.norm")]);
        for (var stage = 0; stage < stages; stage++) rules.AddRange([Pair($"decoder{stage + 1}", $"up.{stage}.conv"), Pair($"dbn{stage + 1}", $"up.{stage}.norm")]);
        for (var place = 0; place < 2; place++)
        {
            var (down, up) = ($"down.{first + place}", $"up.{place}.tokens");
            rules.AddRange(Embedding($"patch_embed{place + 3}.", $"{down}.embed."));
            rules.AddRange([.. Block($"block{place + 1}.0.", $"{down}.tokens.block."), Pair($"norm{place + 3}", $"{down}.tokens.norm")]);
            rules.AddRange([.. Block($"dblock{place + 1}.0.", $"{up}.block."), Pair($"dnorm{place + 3}", $"{up}.norm")]);
        }
        return new KeyMap("jeya-maria-jose/UNeXt-pytorch", [.. rules, Pair($"decoder{stages + 1}", "last.conv"), Pair("final", "head"), .. Linears]);
    }

    /// <summary>A shifted MLP alone, class <c>shiftmlp</c>.</summary>
    internal static KeyMap ShiftedMlp { get; } = new("jeya-maria-jose/UNeXt-pytorch, shiftmlp", [.. Mlp("", ""), .. Linears]);

    /// <summary>A block alone, class <c>shiftedBlock</c>.</summary>
    internal static KeyMap ShiftedMlpBlock { get; } = new("jeya-maria-jose/UNeXt-pytorch, shiftedBlock", [.. Block("", ""), .. Linears]);

    /// <summary>An embedding alone, class <c>OverlapPatchEmbed</c>.</summary>
    internal static KeyMap PatchEmbedding { get; } = new("jeya-maria-jose/UNeXt-pytorch, OverlapPatchEmbed", [.. Embedding("", "")]);

    private static KeyRule[] Linears => [new KeyRule.LinearAsConv("fc1.weight"), new KeyRule.LinearAsConv("fc2.weight")];

    private static IEnumerable<KeyRule> Block(string official, string ours) => [Pair($"{official}norm2", $"{ours}norm"), .. Mlp($"{official}mlp.", $"{ours}mlp.")];

    private static KeyRule[] Mlp(string official, string ours) =>
        [Pair($"{official}fc1", $"{ours}expand"), Pair($"{official}dwconv.dwconv", $"{ours}depthwise"), Pair($"{official}fc2", $"{ours}compress")];

    private static KeyRule[] Embedding(string official, string ours) => [Pair($"{official}proj", $"{ours}conv"), Pair($"{official}norm", $"{ours}norm")];

    private static KeyRule.Rename Pair(string official, string ours) => new($"^{official}", $"^{ours}");
}
