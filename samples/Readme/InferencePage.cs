using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/inference.md.</summary>
public static class InferencePage
{
    public static void Whole()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        using var scan = rand([1, 20, 40, 40]);
        using var hounsfield = randint(-1024, 3072, [1, 20, 40, 40], ScalarType.Int16);

        #region whole
        var sliding = new SlidingWindow { RoiSize = (16, 32, 32), Overlap = [0.5], Mode = BlendMode.Gaussian, MirrorAxes = [0, 1, 2] };
        using var labels = sliding.Labels(model, scan);                 // (C, D, H, W) -> (D, H, W): logits of the whole never exist at once
        using var probabilities = sliding.Probabilities(model, scan);   // (classes, D, H, W)

        using var file = File.Create("labels.raw");                     // 16-bit voxels in, finished slices out
        sliding.Labels(model, new TensorImage(hounsfield, scale: 1 / 500.0), (slice, slices) => file.Write(slices.bytes));
        #endregion
    }

    public static void Ensemble()
    {
        using var first = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [4, 8] });
        using var second = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [4, 8] });
        using var image = rand(1, 1, 70, 70);
        first.eval();
        second.eval();

        #region any function
        var sliding = new SlidingWindow { RoiSize = (32, 32), SwBatchSize = 4 };
        using var mean = sliding.Logits(windows =>                      // any function of windows, here the mean of two networks
        {
            using var a = first.call(windows);
            using var b = second.call(windows);
            return (a.Logits + b.Logits) / 2;
        }, image, new Progress<WindowProgress>(at => Console.Write($"\r{at.Done} of {at.Total} windows")));
        #endregion
    }

    public static void Plan()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        using var window = rand([1, 1, 16, 32, 32]);

        #region plan
        using var plan = model.ForInference(16, 32, 32);                // as long as eight predictions
        using var logits = plan.Run(window);                            // (N, C, D, H, W) -> (N, classes, D, H, W), equal to rounding
        Console.WriteLine(plan);                                        // every step, its memory layout, and what it took
        #endregion
    }
}
