namespace UNetFamily;

/// <summary>The names that published checkpoints give to ConvUNeXt's weights.</summary>
public static class ConvUNeXtKeyMaps
{
    /// <summary>
    /// 1914669687/ConvUNeXt, <c>src/ConvUNeXt.py</c>. Its training script saves an envelope with the weights under <c>model</c>, beside <c>optimizer</c>,
    /// <c>lr_scheduler</c>, <c>epoch</c>, <c>args</c> (an <c>argparse.Namespace</c>) and, with mixed precision, <c>scaler</c>.
    /// </summary>
    public static KeyMap Official { get; } = new("1914669687/ConvUNeXt",
        new KeyRule.Rename("^in_conv.0", "^stem.input.conv"),
        new KeyRule.Rename("^in_conv.1", "^stem.input.norm"),
        new KeyRule.Rename("^in_conv.{b+3}", "^stem.blocks.{b}"),
        new KeyRule.Rename("^down{i+1}.0", "^down.{i}.norm"),
        new KeyRule.Rename("^down{i+1}.1", "^down.{i}.conv"),
        new KeyRule.Rename("^down{i+1}.{b+2}", "^down.{i}.blocks.{b}"),
        new KeyRule.Rename("^up{i+1}.norm", "^up.{i}.norm"),
        new KeyRule.Rename("^up{i+1}.up", "^up.{i}.up"),
        new KeyRule.Rename("^up{i+1}.gate", "^up.{i}.gate.gates"),
        new KeyRule.Rename("^up{i+1}.linear1", "^up.{i}.gate.forget"),
        new KeyRule.Rename("^up{i+1}.linear2", "^up.{i}.gate.mix"),
        new KeyRule.Rename("^up{i+1}.conv1x1", "^up.{i}.merge"),
        new KeyRule.Rename("^up{i+1}.conv.{b}", "^up.{i}.blocks.{b}"),
        new KeyRule.Rename("dwconv", "branch.depthwise"),
        new KeyRule.Rename("norm1", "branch.norm1"),
        new KeyRule.Rename("pwconv1", "branch.expand"),
        new KeyRule.Rename("pwconv2", "branch.compress"),
        new KeyRule.Rename("norm2", "branch.norm2"),
        new KeyRule.Rename("^out_conv.0", "^head"),
        new KeyRule.LinearAsConv("pwconv1.weight"),
        new KeyRule.LinearAsConv("pwconv2.weight"),
        new KeyRule.LinearAsConv("gate.weight"),
        new KeyRule.LinearAsConv("linear1.weight"),
        new KeyRule.LinearAsConv("linear2.weight"));
}
