using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/precision.md.</summary>
public static class PrecisionPage
{
    public static void BFloat16()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8] });
        (Tensor Image, Tensor Mask)[] batches = [(rand(1, 1, 32, 32), randint(0, 2, [1, 32, 32], ScalarType.Int64))];
        var loss = new DiceCELoss();

        #region bfloat16
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var optimizer = optim.AdamW(weights.Parameters, lr: 1e-3);        // float32 masters; made after the conversion
        foreach (var (image, mask) in batches)
        {
            using var scope = NewDisposeScope();
            using var output = model.call(image);               // float32 in and out
            weights.ZeroGradients();
            loss.Of(output.Logits, mask).backward();
            weights.CollectGradients();                         // from the network to the masters
            optimizer.step();
            weights.UpdateWeights();                            // from the masters to the network
        }
        #endregion
    }

    public static void Half()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8] });
        var (image, mask, loss) = (rand(1, 1, 32, 32), randint(0, 2, [1, 32, 32], ScalarType.Int64), new DiceCELoss());

        #region half
        using var weights = new MixedPrecision(model, Precision.Half);
        using var optimizer = optim.AdamW(weights.Parameters, lr: 1e-3);
        var scaler = new GradientScaler();

        using var scope = NewDisposeScope();
        using var output = model.call(image);
        weights.ZeroGradients();
        scaler.Scale(loss.Of(output.Logits, mask)).backward();
        weights.CollectGradients();
        var finite = scaler.Unscale(weights.Parameters);
        if (finite) optimizer.step();                           // a step whose gradients overflowed is skipped
        scaler.Update(finite);
        weights.UpdateWeights();
        #endregion
    }
}
