using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/losses.md.</summary>
public static class LossesPage
{
    public static void Losses()
    {
        using var outer = NewDisposeScope();
        using var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 4, deepSupervision: true) with { Widths = [4, 8, 16] });
        var (image, mask) = (rand(1, 1, 32, 32), randint(0, 4, [1, 32, 32], ScalarType.Int64));
        var cells = randint(0, 9, [1, 32, 32], ScalarType.Int64);

        #region losses
        var loss = new DiceCELoss { IncludeBackground = false, Batch = true, IgnoreIndex = 255 };       // nnU-Net's
        var everyMap = new DeepSupervisionLoss(loss, SupervisionWeights.NnUNet);                        // 1, 1/2, 1/4, …, 0

        using var scope = NewDisposeScope();
        using var output = model.call(image);
        everyMap.Of(output, mask).backward();           // mask: (N, H, W) of class indices, or (N, C, H, W) one-hot

        var weights = new BoundaryWeights { W0 = 10, Sigma = 5 }.Of(cells);                             // the U-Net paper's weight map
        var weighted = new SoftmaxCrossEntropyLoss().Of(output.Logits, mask, weights);
        #endregion
    }

    #region own loss
    private sealed record LogCoshDiceLoss : SegmentationLoss      // any sum of what LossInput has
    {
        protected override Tensor Compute(LossInput input)
        {
            var both = (input.Probabilities * input.Target).sum(input.SpatialAxes);
            var all = (input.Probabilities + input.Target).sum(input.SpatialAxes);
            return (1 - (2 * both + 1e-5) / (all + 1e-5)).cosh().log().mean();
        }
    }
    #endregion

    public static Tensor Own(Tensor logits, Tensor target) => new LogCoshDiceLoss().Of(logits, target);
}
