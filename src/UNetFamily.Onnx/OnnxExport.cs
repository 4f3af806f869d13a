namespace UNetFamily;

/// <summary>Exports networks to ONNX, the format that ONNX Runtime, TensorRT, OpenVINO, Core ML and others read.</summary>
public static class OnnxExport
{
    /// <summary>
    /// Writes a network as an ONNX file (opset 17; 19 with circular padding), as it computes in evaluation. It is written from the network's description, so every network of the library and every one that is composed
    /// of its blocks can be exported. The input is named <c>image</c>, (N, InChannels, …spatial), the output by <see cref="OnnxExportOptions.Output"/>: <c>logits</c>, <c>probabilities</c> or <c>labels</c>. N may be
    /// anything; so may the spatial sides, in the steps that the network takes, unless what it computes depends on them (<see cref="NetworkGraph.UsesSizes"/>): then they are those of <paramref name="size"/>.
    /// Numbers are float32, whatever the network's type. The metadata say network, options, sizes and the library's version, under the names that <c>Save</c> uses, and the notes. Hooks are no part of the file.
    /// </summary>
    /// <param name="model">The network, on any device. It is put into evaluation mode meanwhile.</param>
    /// <param name="path">
    /// The file to write; one of that name is replaced, when the new one is whole. Weights of more than 2 GB go into <c>path.data</c> beside it, which belongs to it.
    /// </param>
    /// <param name="size">A spatial size that the network takes: (H, W) or (D, H, W).</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ArgumentException">The network doesn't take the size, or an option doesn't fit it; the message says what would. Nothing was written.</exception>
    /// <exception cref="NotSupportedException">A module inside is not known, or can't be expressed in ONNX; the message names its path. Nothing was written.</exception>
    /// <exception cref="IOException">The file can't be written; one of that name is as it was.</exception>
    public static void ExportOnnx(this SegmentationModel model, string path, Extent size, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        model.ThrowIfDisposed();
        options ??= new OnnxExportOptions();
        using var part = Part(model, options);
        var chosen = part ?? model;
        if (!size.Fits(chosen.Options.SpatialDims)) throw new ArgumentException($"{chosen.GetName()} has {(int)chosen.Options.SpatialDims} spatial axes; size is {size}.", nameof(size));
        var sides = size.Along(chosen.Options.SpatialDims);
        ModelInspection.RequireSize(chosen, sides);
        WholeFile.Target(path);

        using var evaluating = NetworkMode.Evaluate(chosen.Whole);
        using var noGradient = no_grad();
        using var network = NetworkWriter.Write(chosen, sides, options);
        OnnxFile.Write(path, network, options.MostInside);
    }

    /// <summary>The part of the network that was asked for; null for all of it.</summary>
    private static SegmentationModel? Part(SegmentationModel model, OnnxExportOptions options)
    {
        if (options.Domain is not null && options.Level is not null) throw new ArgumentException("Domain is for networks of several domains and Level for UNet++; no network is both.", nameof(options));
        if (options.Domain is { } domain)
            return model is U2Net3d several ? several.ForDomain(domain) : throw new ArgumentException($"Domain is '{domain}', and {model.GetName()} isn't made for several. Leave it out.", nameof(options));
        if (options.Level is { } level)
            return model is UNetPlusPlus nested ? nested.Prune(level) : throw new ArgumentException($"Level is {level}, and {model.GetName()} has no branches. Leave it out.", nameof(options));
        return null;
    }
}
