using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/onnx.md, to be run in a folder that is there for it.</summary>
public static class OnnxPage
{
    public static void Onnx()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [8, 16], Norm = Normalization.Instance });
        using var scan = rand(1, 100, 120);

        #region onnx
        model.ExportOnnx("net.onnx", 64, new OnnxExportOptions { Notes = new Dictionary<string, string> { ["classes"] = "background, liver, spleen" } });

        using var network = OnnxNetwork.FromFile("net.onnx", new OnnxRunOptions { ExecutionProviders = ["cpu"] });     // or cuda, directml, coreml …
        var sliding = new SlidingWindow { RoiSize = 64, Overlap = [0.5], Mode = BlendMode.Gaussian };
        using var labels = sliding.Labels(network, scan);               // as with a network of TorchSharp
        var plain = sliding.Labels(network, scan.data<float>().ToArray(), [1, 100, 120]);      // the same on plain memory: no libtorch is loaded
        Console.WriteLine(network.Metadata["classes"]);
        #endregion

        #region labels
        model.ExportOnnx("labels.onnx", (64, 64), new OnnxExportOptions { Output = OnnxOutput.Labels, HalfWeights = true });     // classes come out, of half the size
        #endregion
    }
}
