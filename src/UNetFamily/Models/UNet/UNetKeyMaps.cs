namespace UNetFamily;

/// <summary>The names that published checkpoints give to U-Net's weights.</summary>
public static class UNetKeyMaps
{
    /// <summary>
    /// milesial/Pytorch-UNet, <c>unet/unet_model.py</c>; <c>mask_values</c> is an extra entry that its training script saves. Its convolutions had biases until 2021, which are folded into the norms after them.
    /// </summary>
    public static KeyMap Milesial { get; } = new("milesial/Pytorch-UNet",
        new KeyRule.Drop("^mask_values$"),
        new KeyRule.Rename("^inc", "^stem"),
        new KeyRule.Rename("^down{i+1}.maxpool_conv.1", "^down.{i}.conv"),
        new KeyRule.Rename("^up{i+1}", "^up.{i}"),
        new KeyRule.Rename("double_conv.0", "first.conv"),
        new KeyRule.Rename("double_conv.1", "first.norm"),
        new KeyRule.Rename("double_conv.3", "second.conv"),
        new KeyRule.Rename("double_conv.4", "second.norm"),
        new KeyRule.Rename("^outc.conv", "^head"),
        new KeyRule.FoldedBias("double_conv.0.bias", "double_conv.1.running_mean"),
        new KeyRule.FoldedBias("double_conv.3.bias", "double_conv.4.running_mean"));

    /// <summary>
    /// The layer names of the authors' Caffe release (u-net-release-2015-10-02), which depend on the depth: <c>conv_d0a-b</c> on the way down,
    /// <c>upconv_d4c_u3a</c>, <c>conv_u3b-c</c> on the way up.
    /// </summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Caffe(UNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var depth = options.Widths.Count - 1;
        var rules = new List<KeyRule>
        {
            Pair("conv_d0a-b", "stem.first.conv"),
            Pair("conv_d0b-c", "stem.second.conv"),
        };
        for (var level = 1; level <= depth; level++)
        {
            rules.Add(Pair($"conv_d{level}a-b", $"down.{level - 1}.conv.first.conv"));
            rules.Add(Pair($"conv_d{level}b-c", $"down.{level - 1}.conv.second.conv"));
        }
        for (var level = depth - 1; level >= 0; level--)
        {
            var below = level == depth - 1 ? $"d{depth}c" : $"u{level + 1}d";
            var stage = $"up.{depth - 1 - level}";
            rules.Add(Pair($"upconv_{below}_u{level}a", options.UpActivation ? $"{stage}.up.conv" : $"{stage}.up"));
            rules.Add(Pair($"conv_u{level}b-c", $"{stage}.conv.first.conv"));
            rules.Add(Pair($"conv_u{level}c-d", $"{stage}.conv.second.conv"));
        }
        rules.Add(Pair("conv_u0d-score", "head"));
        return new KeyMap("u-net-release-2015-10-02", rules);

        static KeyRule Pair(string official, string ours) => new KeyRule.Rename($"^{official}", $"^{ours}");
    }
}
