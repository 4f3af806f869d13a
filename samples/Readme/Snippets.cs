using TorchSharp;
using UNetFamily;
using UNetFamily.Imaging;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Readme;

/// <summary>The regions are the README's code, line for line; a test compares them, as it does for each page of docs and the file that is named after it.</summary>
public static class Snippets
{
    public static void Predict()
    {
        using var image = rand(1, 3, 64, 64);

        #region predict
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2 });
        model.eval();

        using var noGradient = no_grad();
        using var output = model.call(image);           // (N, 3, H, W) -> output.Logits: (N, 2, H, W)
        using var mask = output.Logits.argmax(1);       // the class of each pixel
        #endregion
    }

    public static void Train()
    {
        (Tensor Image, Tensor Mask)[] batches = [(rand(2, 3, 32, 32), randint(0, 2, [2, 32, 32], ScalarType.Int64))];

        #region train
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2) with { Widths = [16, 32, 64, 128] });
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);

        foreach (var (image, mask) in batches)
        {
            using var scope = NewDisposeScope();        // frees whatever the step creates
            using var output = model.call(image);
            var loss = functional.cross_entropy(output.Logits, mask);

            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
        #endregion
    }

    /// <summary>To be run in a folder with a scan and a network.</summary>
    public static void Segment()
    {
        #region segment
        using var model = SegmentationModel.FromFile("unet.safetensors");       // what model.Save wrote
        var scan = ImageFile.Read("scan.nii.gz");                               // needs the package UNetFamily.Imaging
        using var volume = tensor(scan.Values).reshape(1, scan.Size.Z, scan.Size.Y, scan.Size.X);

        var sliding = new SlidingWindow { RoiSize = (32, 64, 64), Overlap = [0.5], Mode = BlendMode.Gaussian };
        using var labels = sliding.Labels(model, volume);                       // (D, H, W), window by window
        ushort[] classes = [.. labels.data<byte>().Select(label => (ushort)label)];
        ImageFile.WriteLabels("labels.nii.gz", classes, scan.Size, scan.Geometry);
        #endregion
    }
}
