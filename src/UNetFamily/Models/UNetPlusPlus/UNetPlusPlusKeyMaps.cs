namespace UNetFamily;

/// <summary>The names that published checkpoints give to the weights of <see cref="UNetPlusPlus"/>, and the order in which the originals return its branches.</summary>
public static class UNetPlusPlusKeyMaps
{
    /// <summary>4uiiurz1/pytorch-nested-unet, <c>archs.py</c>: <c>NestedUNet</c>, and with plain skips <c>UNet</c>.</summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Nested(UNetPlusPlusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        // A network with one head calls it final; one that was pruned keeps the number of its branch.
        return Nested(options, options.DeepSupervision || options.LastLevel < options.Depth);
    }

    /// <summary>For a network with one head and a file of one with deep supervision, which calls that head by its number; nothing where the names are the same.</summary>
    internal static IEnumerable<KeyMap> Supervised(UNetPlusPlusOptions options) =>
        options is { DeepSupervision: false, Skips: NestedSkips.Dense } && options.LastLevel == options.Depth ? [Nested(options, numbered: true)] : [];

    private static KeyMap Nested(UNetPlusPlusOptions options, bool numbered) => new("4uiiurz1/pytorch-nested-unet",
    [
        new KeyRule.Rename("^conv{i}_0", "^encoder.{i}.convs"),
        new KeyRule.Rename("^conv{i}_{j}", "^decoder.nodes.x{i}_{j}.convs"),
        new KeyRule.Rename("convs.conv{n+1}", "convs.{n}.conv"),
        new KeyRule.Rename("convs.bn{n+1}", "convs.{n}.norm"),
        numbered ? new KeyRule.Rename("^final{k}", "^heads.x0_{k}") : new KeyRule.Rename("^final", $"^heads.x0_{options.LastLevel}"),
        .. options.ConvBias ? Array.Empty<KeyRule>() : [new KeyRule.FoldedBias("conv{n}.bias", "bn{n}.running_mean")],
    ])
    {
        FinestLast = true,
    };

    /// <summary>
    /// MrGiovanni/UNetPlusPlus, <c>keras/helper_functions.py</c>: <c>UNetPlusPlus</c>, and with plain skips <c>U_Net</c>. The names are Keras' layers', which count from 1;
    /// the layout of the weights is PyTorch's.
    /// </summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Keras(UNetPlusPlusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new KeyMap("MrGiovanni/UNetPlusPlus (Keras)",
            new KeyRule.Rename("^conv{i+1}1_{n+1}", "^encoder.{i}.convs.{n}.conv"),
            new KeyRule.Rename("^conv{i+1}{j+1}_{n+1}", "^decoder.nodes.x{i}_{j}.convs.{n}.conv"),
            new KeyRule.Rename("^up{i+1}{j+1}", "^decoder.nodes.x{i}_{j}.up"),
            options.Skips is NestedSkips.Plain
                ? new KeyRule.Rename("^output", $"^heads.x0_{options.LastLevel}")
                : new KeyRule.Rename("^output_{k}", "^heads.x0_{k}"))
        {
            FinestLast = true,
        };
    }

    /// <summary>
    /// MrGiovanni/UNetPlusPlus, <c>pytorch/nnunet/network_architecture/generic_UNetPlusPlus.py</c>: <c>loc{z}</c> and <c>up{z}</c> are antidiagonals, the longest first, each
    /// from its deepest node up, and a stack of convolutions is cut before its last.
    /// </summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap NnUNet(UNetPlusPlusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var depth = options.Depth;
        var rules = new List<KeyRule>();

        for (var i = 0; i < depth; i++) Rename($"conv_blocks_context.{i}.blocks", $"encoder.{i}.convs");
        CutStack($"conv_blocks_context.{depth}", $"encoder.{depth}.convs", options.EncoderConvsAt(depth));
        for (var z = 0; z < depth; z++)
            for (var m = 0; m < depth - z; m++)
            {
                var node = $"decoder.nodes.{NestedDecoder.Key(depth - 1 - z - m, m + 1)}";
                Rename($"up{z}.{m}", $"{node}.up");
                CutStack($"loc{z}.{m}", $"{node}.convs", options.DecoderConvs);
            }
        for (var k = 1; k <= depth; k++)
        {
            // The original always makes every head, and without deep supervision uses the last.
            if (options.DeepSupervision || k == options.LastLevel) Rename($"seg_outputs.{depth - k}", $"heads.{NestedDecoder.Key(0, k)}");
            else
            {
                Unused($"seg_outputs.{depth - k}.weight", [options.OutChannels, options.Widths[0], .. Enumerable.Repeat(1L, (int)options.SpatialDims)]);
                if (options.HeadBias) Unused($"seg_outputs.{depth - k}.bias", [options.OutChannels]);
            }
        }
        rules.Add(new KeyRule.Rename("instnorm", "norm"));
        return new KeyMap("MrGiovanni/UNetPlusPlus (nnU-Net)", rules);

        void Rename(string official, string ours) => rules.Add(new KeyRule.Rename($"^{official}", $"^{ours}"));

        void Unused(string official, ValueList<long> shape) => rules.Add(new KeyRule.Drop($"^{official}$") { ExportedShape = shape });

        void CutStack(string official, string ours, long convs)
        {
            Rename($"{official}.0.blocks", ours);
            Rename($"{official}.1.blocks.0", $"{ours}.{convs - 1}");
        }
    }
}
