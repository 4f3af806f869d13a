namespace UNetFamily;

/// <summary>The names that published checkpoints give to UNet 3+'s weights.</summary>
public static class UNet3PlusKeyMaps
{
    /// <summary>ZJUGiveLab/UNet-Version, <c>models/UNet_3Plus.py</c>, whose names say what is connected with what, and so depend on the depth.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Official(UNet3PlusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (levels, rules) = (options.Widths.Count, new List<KeyRule>());
        rules.AddRange(Double("conv1", "stem"));
        for (var level = 1; level < levels; level++) rules.AddRange(Double($"conv{level + 1}", $"down.{level - 1}.conv"));
        for (var stage = options.Depth; stage >= 1; stage--)
        {
            var ours = $"up.{options.Depth - stage}";
            for (var level = 1; level <= levels; level++)
            {
                var connection = level < stage ? $"h{level}_PT_hd{stage}" : level == stage ? $"h{level}_Cat_hd{stage}" : $"hd{level}_UT_hd{stage}";
                rules.AddRange(Unit($"{connection}_conv", $"{connection}_bn", $"{ours}.scales.{level - 1}.conv"));
            }
            rules.AddRange(Unit($"conv{stage}d_1", $"bn{stage}d_1", $"{ours}.fuse"));
        }
        rules.Add(new KeyRule.Rename("^outconv1", "^head"));
        rules.Add(new KeyRule.Rename("^outconv{i+2}", "^heads.{i}"));
        rules.Add(new KeyRule.Rename("^cls.1", "^classifier.conv"));
        return new KeyMap("ZJUGiveLab/UNet-Version", rules);

        static IEnumerable<KeyRule> Double(string official, string ours) =>
            [.. Unit($"{official}.conv1.0", $"{official}.conv1.1", $"{ours}.first"), .. Unit($"{official}.conv2.0", $"{official}.conv2.1", $"{ours}.second")];

        static IEnumerable<KeyRule> Unit(string conv, string norm, string ours) => [new KeyRule.Rename($"^{conv}", $"^{ours}.conv"), new KeyRule.Rename($"^{norm}", $"^{ours}.norm")];
    }
}
