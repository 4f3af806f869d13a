namespace UNetFamily;

/// <summary>
/// The names that nnU-Net's checkpoints give to the weights of its networks (MIC-DKFZ/dynamic-network-architectures). The originals register layers twice:
/// a unit's layers also as <c>all_modules</c>, and the encoder also inside the decoder, so that a tensor has up to four names.
/// nnU-Net v2 saves an envelope with the weights under <c>network_weights</c>, beside <c>optimizer_state</c>, <c>grad_scaler_state</c>, <c>logging</c>,
/// <c>_best_ema</c>, <c>current_epoch</c>, <c>init_args</c>, <c>trainer_name</c> and <c>inference_allowed_mirroring_axes</c>; v1 under <c>state_dict</c>.
/// </summary>
public static class NnUNetKeyMaps
{
    /// <summary>Class <c>PlainConvUNet</c>.</summary>
    /// <param name="options">The options of the network: which layers a unit has decides the numbers in its second names.</param>
    public static KeyMap Plain(PlainConvUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Map(
            Unit(options, "^encoder.stages.{s}.0.convs.{i}", order: options.Order),
            [new KeyRule.Rename("^encoder.stages.{s}.0.convs.{i}", "^encoder.stages.{s}.{i}")],
            PlainDecoder(options, options.Order));
    }

    /// <summary>Class <c>ResidualEncoderUNet</c>.</summary>
    /// <param name="options">The options of the network: which layers a unit has decides the numbers in its second names.</param>
    public static KeyMap ResidualEncoder(ResidualEncoderUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Map(Encoder(options), PlainDecoder(options, ConvOrder.ConvNormAct));
    }

    /// <summary>Class <c>ResidualUNet</c>.</summary>
    /// <param name="options">The options of the network: which layers a unit has decides the numbers in its second names.</param>
    public static KeyMap Residual(ResidualUNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Map(Encoder(options), Block(options, "^decoder.stages.{s}.blocks.{b}", ResidualBlockKind.Basic));
    }

    // A unit's activation is renamed first, so that on the way back the one after a residual sum is told apart before it.
    private static KeyMap Map(params IEnumerable<KeyRule>[] parts) => new("MIC-DKFZ/dynamic-network-architectures",
    [
        new KeyRule.Rename("nonlin", "activation"),
        .. parts.SelectMany(rules => rules),
        new KeyRule.Rename("^decoder.transpconvs.{s}", "^decoder.stages.{s}.up"),
        new KeyRule.Rename("^decoder.seg_layers.{s}", "^decoder.heads.{s}"),
        new KeyRule.Alias("^decoder.encoder", "^encoder"),
    ]);

    private static IEnumerable<KeyRule> PlainDecoder(NnUNetOptions options, ConvOrder order) =>
    [
        .. Unit(options, "^decoder.stages.{s}.convs.{i}", order: order),
        new KeyRule.Rename("^decoder.stages.{s}.convs.{i}", "^decoder.stages.{s}.blocks.{i}"),
    ];

    private static IEnumerable<KeyRule> Encoder(NnUNetResidualOptions options) =>
    [
        .. Unit(options, "^encoder.stem.convs.0"),
        .. Block(options, "^encoder.stages.{s}.blocks.{b}", options.Block),
        new KeyRule.Rename("^encoder.stem.convs.0", "^encoder.stem"),
        new KeyRule.Rename("^encoder.stages.{s}.blocks.{b}", "^encoder.stages.{s}.{b}"),
    ];

    /// <summary>The second names of a residual block's layers, and the name of the activation after its sum.</summary>
    private static IEnumerable<KeyRule> Block(NnUNetOptions options, string block, ResidualBlockKind kind) => kind is ResidualBlockKind.Basic
        ?
        [
            .. Unit(options, $"{block}.conv1"),
            .. Unit(options, $"{block}.conv2", dropout: false, activation: false),
            .. Unit(options, $"{block}.skip.{{i}}", dropout: false, activation: false),
            new KeyRule.Rename($"{block}.nonlin2", $"{block}.activation"),
        ]
        :
        [
            .. Unit(options, $"{block}.conv1", dropout: false),
            .. Unit(options, $"{block}.conv2"),
            .. Unit(options, $"{block}.conv3", dropout: false, activation: false),
            .. Unit(options, $"{block}.skip.{{i}}", dropout: false, activation: false),
            new KeyRule.Rename($"{block}.nonlin3", $"{block}.activation"),
        ];

    /// <summary>The second names of a unit's layers: their places in <c>all_modules</c>.</summary>
    private static IEnumerable<KeyRule> Unit(NnUNetOptions options, string unit, bool dropout = true, bool activation = true, ConvOrder order = ConvOrder.ConvNormAct)
    {
        List<string> layers = ["conv"];
        if (dropout && options.Dropout != Regularization.None) layers.Add("dropout");
        if (!options.Norm.IsNone) layers.Add("norm");
        if (activation && options.Activation != Activation.None) layers.Add("nonlin");
        if (order is ConvOrder.ConvActNorm && layers is [.., "norm", "nonlin"]) layers.Reverse(layers.Count - 2, 2);
        return layers.Select((layer, place) => new KeyRule.Alias($"{unit}.all_modules.{place}", $"{unit}.{layer}"));
    }
}
