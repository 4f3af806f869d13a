namespace UNetFamily;

/// <summary>The names that published checkpoints give to Double U-Net's weights.</summary>
public static class DoubleUNetKeyMaps
{
    /// <summary>DebeshJha/2020-CBMS-DoubleU-Net, <c>doubleunet_pytorch.py</c>, class <c>build_doubleunet</c>, which returns the first network's logits first.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Official(DoubleUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (rules, depth) = (new List<KeyRule>(), options.Widths.Count);
        rules.AddRange(Vgg(options).Select(conv => Pair($"e1.x{conv.Level + 1}.{conv.Number}", $"encoder1.{conv.Level}.conv{conv.Place}.conv")));
        for (var level = 0; level < depth; level++)
        {
            rules.AddRange(Block($"e2.c{level + 1}.", level == 0 ? "encoder2.0." : $"encoder2.{level}.block."));
            rules.AddRange([.. Block($"d1.c{level + 1}.", $"up1.{level}.block."), .. Block($"d2.c{level + 1}.", $"up2.{level}.block.")]);
        }
        foreach (var network in new[] { 1, 2 }) rules.AddRange([.. Pyramid($"a{network}.", $"pyramid{network}.", options.Dilations.Count), Pair($"y{network}", $"head{network}")]);
        return new KeyMap("DebeshJha/2020-CBMS-DoubleU-Net", [.. rules, .. Linears]) { FinestLast = true };
    }

    /// <summary>The first encoder's convolutions as torchvision's VGG-19 without batch norms names them.</summary>
    internal static KeyMap Torchvision(DoubleUNetOptions options) => new("torchvision, vgg19",
        [.. Vgg(options).Select(conv => Pair($"features.{conv.Number}", $"{conv.Level}.conv{conv.Place}.conv")), new KeyRule.Drop("^classifier")]);

    /// <summary>Squeeze and excitation alone, class <c>squeeze_excitation_block</c>.</summary>
    internal static KeyMap SqueezeExcitation { get; } = new("DebeshJha/2020-CBMS-DoubleU-Net, squeeze_excitation_block", [.. Excitation("", ""), .. Linears]);

    /// <summary>A block alone, class <c>conv_block</c>.</summary>
    internal static KeyMap ConvBlock { get; } = new("DebeshJha/2020-CBMS-DoubleU-Net, conv_block", [.. Block("", ""), .. Linears]);

    /// <summary>The pyramid alone, class <c>ASPP</c>.</summary>
    internal static KeyMap AtrousPyramid { get; } = new("DebeshJha/2020-CBMS-DoubleU-Net, ASPP", [.. Pyramid("", "", dilations: 3)]);

    private static KeyRule[] Linears => [new KeyRule.LinearAsConv("fc.0.weight"), new KeyRule.LinearAsConv("fc.2.weight")];

    /// <summary>The convolutions of VGG with their numbers in torchvision's list of layers, where a ReLU follows each, and pools stand between the levels.</summary>
    private static IEnumerable<(int Level, int Place, int Number)> Vgg(DoubleUNetOptions options)
    {
        var number = 0;
        for (var level = 0; level < options.VggConvs.Count; level++, number++)
            for (var place = 0; place < options.VggConvs[level]; place++, number += 2) yield return (level, place, number);
    }

    private static IEnumerable<KeyRule> Block(string official, string ours) =>
        [.. Unit($"{official}c1", $"{ours}conv.first"), .. Unit($"{official}c2", $"{ours}conv.second"), .. Excitation($"{official}a1.", $"{ours}attention.")];

    private static KeyRule[] Excitation(string official, string ours) => [Pair($"{official}fc.0", $"{ours}squeeze"), Pair($"{official}fc.2", $"{ours}excite")];

    // The branch without dilation, those with, and the last convolution are numbered through.
    private static IEnumerable<KeyRule> Pyramid(string official, string ours, int dilations) =>
        [.. Unit($"{official}avgpool.1", $"{ours}pooled"), .. Enumerable.Range(0, dilations + 1).SelectMany(i => Unit($"{official}c{i + 1}", $"{ours}branches.{i}")), .. Unit($"{official}c{dilations + 2}", $"{ours}fuse")];

    private static KeyRule[] Unit(string official, string ours) => [Pair($"{official}.conv.0", $"{ours}.conv"), Pair($"{official}.conv.1", $"{ours}.norm")];

    private static KeyRule.Rename Pair(string official, string ours) => new($"^{official}", $"^{ours}");
}
