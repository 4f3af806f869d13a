namespace UNetFamily;

/// <summary>The names that published checkpoints give to Attention U-Net's weights. They number levels from opposite ends, so the maps depend on the depth.</summary>
public static class AttentionUNetKeyMaps
{
    /// <summary>LeeJunHyun/Image_Segmentation, <c>network.py</c>: <c>AttU_Net</c>, <c>R2AttU_Net</c>, and <c>U_Net</c> without gates.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap ImageSegmentation(AttentionUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var unit = options.Unit is AttentionUNetUnit.RecurrentResidual ? "RRCNN" : "Conv";
        var rules = new List<KeyRule> { Pair($"{unit}1", "stem"), Pair("Conv_1x1", "head") };
        foreach (var (level, i) in Decoder(options))
        {
            var number = level + 2;
            rules.Add(Pair($"{unit}{number}", $"down.{level}.conv"));
            rules.AddRange(Unit($"Up{number}.up.1", $"Up{number}.up.2", $"up.{i}.conv"));
            rules.Add(Pair($"Up_{(unit == "Conv" ? "conv" : unit)}{number}", $"merge.{i}"));
            rules.AddRange(Gate($"Att{number}", i, conv: ""));
        }
        rules.AddRange(options.Unit is AttentionUNetUnit.RecurrentResidual
            ? [Anywhere("RCNN.0.conv.0", "first.conv"), Anywhere("RCNN.0.conv.1", "first.norm"), Anywhere("RCNN.1.conv.0", "second.conv"), Anywhere("RCNN.1.conv.1", "second.norm"), Anywhere("Conv_1x1", "project")]
            : [Anywhere("conv.0", "first.conv"), Anywhere("conv.1", "first.norm"), Anywhere("conv.3", "second.conv"), Anywhere("conv.4", "second.norm")]);
        return new KeyMap("LeeJunHyun/Image_Segmentation", rules);
    }

    /// <summary>Project-MONAI/MONAI, <c>monai/networks/nets/attentionunet.py</c>, since version 1.1.0. Each level lies within the one above it.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Monai(AttentionUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var rules = new List<KeyRule>();
        rules.AddRange(Block("model.0", "stem"));
        foreach (var (level, i) in Decoder(options))
        {
            var at = $"model.1{string.Concat(Enumerable.Repeat(".submodule.1", level))}";
            rules.AddRange(Block(i == 0 ? $"{at}.submodule" : $"{at}.submodule.0", $"down.{level}.conv"));
            rules.AddRange([Pair($"{at}.upconv.up.conv", $"up.{i}.conv"), Pair($"{at}.upconv.up.adn.N", $"up.{i}.norm")]);
            rules.AddRange([Pair($"{at}.merge.conv", $"merge.{i}.conv.conv"), Pair($"{at}.merge.adn.A", $"merge.{i}.conv.activation")]);
            rules.AddRange(Gate($"{at}.attention", i, conv: ".conv"));
        }
        rules.Add(Pair("model.2.conv", "head"));
        return new KeyMap("Project-MONAI/MONAI", rules);

        static IEnumerable<KeyRule> Block(string official, string ours) =>
            [.. Unit($"{official}.conv.0.conv", $"{official}.conv.0.adn.N", $"{ours}.first"), .. Unit($"{official}.conv.1.conv", $"{official}.conv.1.adn.N", $"{ours}.second")];
    }

    /// <summary>The authors' ozan-oktay/Attention-Gated-Networks, <c>models/networks</c>: <c>unet_CT_multi_att_dsv_3D</c>, <c>unet_CT_single_att_dsv_3D</c>, <c>unet_CT_dsv_3D</c> and <c>unet_grid_attention_3D</c>.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Oktay(AttentionUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var rules = new List<KeyRule>();
        rules.AddRange(Double("conv1", "stem"));
        rules.AddRange(Unit("gating.conv1.0", "gating.conv1.1", "gating"));
        foreach (var (level, i) in Decoder(options))
        {
            rules.AddRange(Double(i == 0 ? "center" : $"conv{level + 2}", $"down.{level}.conv"));
            rules.AddRange(Double($"up_concat{level + 1}.conv", $"merge.{i}"));
            rules.Add(Pair(level == 0 ? "dsv1" : $"dsv{level + 1}.dsv.0", $"heads.{level}"));
            rules.AddRange(Attention($"attentionblock{level + 1}", $"gates.{i}"));
        }
        rules.Add(Pair("final", "head"));
        rules.AddRange([Anywhere("W.0", "mix.conv"), Anywhere("W.1", "mix.norm"), Anywhere("theta", "skip"), Anywhere("phi", "signal"), Anywhere("psi", "weigh")]);
        return new KeyMap("ozan-oktay/Attention-Gated-Networks", rules);

        IEnumerable<KeyRule> Attention(string official, string ours) => options.CombinedGates is null
            ? [Pair(official, ours)]
            : [Pair($"{official}.gate_block_{{g+1}}", $"{ours}.gates.{{g}}"), .. Unit($"{official}.combine_gates.0", $"{official}.combine_gates.1", $"{ours}.combine")];

        static IEnumerable<KeyRule> Double(string official, string ours) =>
            [.. Unit($"{official}.conv1.0", $"{official}.conv1.1", $"{ours}.first"), .. Unit($"{official}.conv2.0", $"{official}.conv2.1", $"{ours}.second")];
    }

    /// <summary>The additive gate alone, as class <c>Attention_block</c> of LeeJunHyun/Image_Segmentation names its weights.</summary>
    internal static KeyMap AdditiveGate { get; } = new("LeeJunHyun/Image_Segmentation, Attention_block", [.. Gate("", "", conv: "")]);

    /// <summary>The levels of the decoder, deepest first, with their place in its lists.</summary>
    private static IEnumerable<(int Level, int Place)> Decoder(AttentionUNetOptions options) => Enumerable.Range(0, options.Depth).Select(i => (options.Depth - 1 - i, i));

    private static IEnumerable<KeyRule> Gate(string official, int place, string conv) => Gate($"{official}.", $"gates.{place}.", conv);

    private static IEnumerable<KeyRule> Gate(string official, string ours, string conv) => new[] { ("W_g", "signal"), ("W_x", "skip"), ("psi", "weigh") }
        .SelectMany(part => Unit($"{official}{part.Item1}.0{conv}", $"{official}{part.Item1}.1", $"{ours}{part.Item2}"));

    /// <summary>A convolution and its norm.</summary>
    private static IEnumerable<KeyRule> Unit(string conv, string norm, string ours) => [Pair(conv, $"{ours}.conv"), Pair(norm, $"{ours}.norm")];

    private static KeyRule.Rename Pair(string official, string ours) => new($"^{official}", $"^{ours}");

    private static KeyRule.Rename Anywhere(string official, string ours) => new(official, ours);
}
