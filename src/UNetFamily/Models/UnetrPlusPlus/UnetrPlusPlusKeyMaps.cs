namespace UNetFamily;

/// <summary>The names that published checkpoints give to UNETR++'s weights.</summary>
public static class UnetrPlusPlusKeyMaps
{
    /// <summary>
    /// Amshaker/unetr_plus_plus, the classes <c>UNETR_PP</c> of <c>unetr_pp/network_architecture</c>, and their <c>EPA</c> and <c>TransformerBlock</c> alone.
    /// With a shared projection, checkpoints hold one tensor under two names, <c>E</c> and <c>F</c>.
    /// </summary>
    /// <param name="projection">The network's <see cref="UnetrPlusPlusOptions.Projection"/>.</param>
    public static KeyMap Official(TokenProjection projection) => new("Amshaker/unetr_plus_plus",
    [
        .. Projections(projection),
        new KeyRule.Rename("^unetr_pp_encoder.downsample_layers.{i}.0.conv", "^encoder.down.{i}.conv"),
        new KeyRule.Rename("^unetr_pp_encoder.downsample_layers.{i}.1", "^encoder.down.{i}.norm"),
        new KeyRule.Rename("^unetr_pp_encoder.stages", "^encoder.stages"),
        new KeyRule.Rename("^encoder1", "^detail"),
        .. UpStage(5, "up.0"),
        .. UpStage(4, "up.1"),
        .. UpStage(3, "up.2"),
        .. UpStage(2, "last"),
        new KeyRule.Rename("^out1.conv.conv", "^head"),
        new KeyRule.Rename("^out2.conv.conv", "^auxiliary.0"),
        new KeyRule.Rename("^out3.conv.conv", "^auxiliary.1"),
        new KeyRule.Rename("pos_embed", "position"),
        new KeyRule.Rename("epa_block", "attention"),
        new KeyRule.Rename("temperature", "channel_temperature"),
        new KeyRule.Rename("temperature2", "spatial_temperature"),
        new KeyRule.Rename("out_proj", "spatial_out"),
        new KeyRule.Rename("out_proj2", "channel_out"),
        new KeyRule.Rename("conv51", "residual.0"),
        new KeyRule.Rename("conv52", "residual.1"),
        new KeyRule.Rename("conv8.1", "project"),
        new KeyRule.Rename("norm1", "conv1.norm"),
        new KeyRule.Rename("norm2", "conv2.norm"),
        new KeyRule.Rename("norm3", "skip.0.norm"),
        new KeyRule.Rename("conv3.conv", "skip.0.conv"),
    ]);

    private static IEnumerable<KeyRule> UpStage(int official, string ours) =>
    [
        new KeyRule.Rename($"^decoder{official}.transp_conv.conv", $"^{ours}.up"),
        new KeyRule.Rename($"^decoder{official}.decoder_block.0", $"^{ours}.block"),
    ];

    private static IEnumerable<KeyRule> Projections(TokenProjection projection) => projection switch
    {
        TokenProjection.Shared => [new KeyRule.Alias("F", "E"), new KeyRule.Rename("E", "e")],
        TokenProjection.Separate => [new KeyRule.Rename("E", "e"), new KeyRule.Rename("F", "f")],
        _ => [new KeyRule.Rename("EF", "e.weight")],
    };
}
