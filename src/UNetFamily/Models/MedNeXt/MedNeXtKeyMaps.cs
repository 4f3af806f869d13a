namespace UNetFamily;

/// <summary>The names that published checkpoints give to MedNeXt's weights.</summary>
public static class MedNeXtKeyMaps
{
    /// <summary>MIC-DKFZ/MedNeXt, <c>nnunet_mednext/network_architecture/mednextv1</c>.</summary>
    public static KeyMap Official { get; } = new("MIC-DKFZ/MedNeXt",
        new KeyRule.Rename("^dummy_tensor$", "^dummy$"),
        new KeyRule.Rename("^enc_block_{i}", "^encoder.{i}"),
        new KeyRule.Rename("^dec_block_{i}", "^decoder.{i}"),
        new KeyRule.Rename("^down_{i}.res_conv", "^down.{i}.shortcut"),
        new KeyRule.Rename("^down_{i}", "^down.{i}.block"),
        new KeyRule.Rename("^up_{i}.res_conv", "^up.{i}.shortcut"),
        new KeyRule.Rename("^up_{i}", "^up.{i}.block"),
        new KeyRule.Rename("^out_0.conv_out", "^head"),
        new KeyRule.Rename("^out_{i+1}.conv_out", "^auxiliary.{i}"),
        new KeyRule.Rename("conv1", "depthwise"),
        new KeyRule.Rename("conv2", "expand"),
        new KeyRule.Rename("conv3", "compress"),
        new KeyRule.Rename("grn_gamma", "grn.gamma"),
        new KeyRule.Rename("grn_beta", "grn.beta"));
}
