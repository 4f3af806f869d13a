using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Readme;

/// <summary>The code of docs/memory.md.</summary>
public static class MemoryPage
{
    public static long Scopes()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8] });
        var batches = new[] { rand(1, 1, 32, 32), rand(1, 1, 32, 32) };
        long[] counts = [];
        model.eval();

        #region scopes
        using var _ = no_grad();
        foreach (var batch in batches)
        {
            using var scope = NewDisposeScope();                // frees what this round makes
            using var output = model.call(batch);               // exactly this is alive after the call
            var classes = output.Logits.argmax(1);
            counts = [.. counts, classes.count_nonzero().ToInt64()];
        }
        #endregion
        foreach (var batch in batches) batch.Dispose();
        return counts.Length;
    }

    public static void Recompute()
    {
        var block = new DoubleConv(SpatialDims.Two, 1, 4, Normalization.Instance);
        using var x = rand(1, 1, 16, 16).requires_grad_(true);

        #region recompute
        using var scope = NewDisposeScope();
        using var model = new MedNeXt(MedNeXtOptions.Small(inChannels: 1, outChannels: 2) with { Channels = 4, ActivationCheckpointing = true });
        var y = ActivationCheckpoint.Run(block, x);             // any block, or a Sequential of several
        #endregion
        y.sum().backward();
    }

    public static bool Keep()
    {
        #region allocator
        Allocator.KeepFreedBlocks();                            // before a loop of your own; Trainer and SlidingWindow do it
        Allocator.ReturnFreedBlocks();                          // gives back what is free now
        #endregion
        return Allocator.KeepsFreedBlocks;
    }
}
