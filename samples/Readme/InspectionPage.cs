using UNetFamily;

namespace Readme;

/// <summary>The code of docs/inspection.md.</summary>
public static class InspectionPage
{
    public static string Inspect()
    {
        #region inspect
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2 });
        var summary = model.Summary(256, 256);                          // from shapes alone: nothing runs
        Console.WriteLine(summary.ToString(depth: 1));
        Console.WriteLine(summary.Root.Find("down.3").Macs);            // any part of it, as numbers

        var fit = model.Fits(8_000_000_000, new FitRequest { CaseSize = [768, 1024] });
        Console.WriteLine(fit);                                         // patch and batch for training in 8 GB
        #endregion
        return $"{summary.ToString(depth: 1)}\n{fit}";
    }

    public static void Details()
    {
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2, Widths = [8, 16] });
        var summary = model.Summary(64, 64);

        #region details
        Console.WriteLine(model.EstimateMemory([64, 64]));                      // what training a batch of these needs, and for what
        Console.WriteLine(summary.ReceptiveField.Of(0, 0)[0]);                  // the rows that the corner's logits see
        Console.WriteLine(summary.MacsOf(LayerKind.Convolution));               // by kind of layer; FvcoreFlops counts as papers do

        var graph = model.Describe(64, 64);                                     // every operation, with operands, shape and weights
        foreach (var operation in graph.Operations) Console.WriteLine(operation);
        #endregion
    }
}
