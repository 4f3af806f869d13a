using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/checkpoints.md, to be run in a folder that is there for it.</summary>
public static class CheckpointsPage
{
    public static void All()
    {
        using (var carvana = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2))) carvana.Export("unet_carvana.pth", UNetKeyMaps.Milesial);
        Files();
        Look();
        Part();
        Names();
        Resume();
    }

    private static void Files()
    {
        #region files
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2));
        model.Load("unet_carvana.pth");                         // finds the weights and the project whose names they have; checks everything, then loads

        model.Save("mine.safetensors");                         // weights, network, options and any notes of yours in one file
        using var again = SegmentationModel.FromFile("mine.safetensors");      // in evaluation mode, ready to predict
        model.Export("theirs.safetensors", UNetKeyMaps.Milesial);       // for the original's Python code
        #endregion
    }

    private static void Look()
    {
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2));

        #region look
        using var checkpoint = Checkpoint.Open("unet_carvana.pth");     // lists what is there; numbers are read when they are asked for
        checkpoint.Verify();                                            // checksums, and numbers that are not finite
        foreach (var entry in checkpoint.Tensors.Take(3)) Console.WriteLine($"{entry.Name} {entry.Shape}");

        var report = model.Compare(checkpoint);                         // changes nothing
        Console.WriteLine($"{report.Origin}: {report.Differences.Count} differences");
        #endregion
    }

    private static void Part()
    {
        #region part
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 5));        // other classes than the file's
        var report = model.LoadPartial("unet_carvana.pth");
        Console.WriteLine(report);                                      // what was loaded, and that the head was not
        #endregion
    }

    private static void Names()
    {
        using var model = new UNet(UNetOptions.Milesial(inChannels: 1, outChannels: 2) with { Widths = [4, 8] });

        #region names
        var keys = new KeyMap("somebody's U-Net",
            new KeyRule.Rename("^enc0", "^stem"),                       // theirs, ours
            new KeyRule.Rename("^enc{i+1}", "^down.{i}.conv"),
            new KeyRule.Rename("^dec{i}", "^up.{i}"));
        model.Export("somebody.safetensors", keys);
        using var checkpoint = Checkpoint.Open("somebody.safetensors");
        model.Load(checkpoint, keys);
        #endregion
    }

    private static void Resume()
    {
        using var model = new UNet(UNetOptions.Milesial(inChannels: 1, outChannels: 2) with { Widths = [4, 8] });

        #region resume
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);
        model.SaveTraining("training.safetensors", optimizer, new TrainingPosition { Epoch = 3, Step = 750 });
        var position = model.ResumeTraining("training.safetensors", optimizer);       // weights, moments and random numbers
        Console.WriteLine($"Goes on at step {position.Step}.");
        #endregion
    }
}
