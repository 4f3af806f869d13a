using UNetFamily;

namespace Readme;

/// <summary>The code of docs/plots.md.</summary>
public static class PlotsPage
{
    /// <summary>Draws a training that is over.</summary>
    /// <param name="folder">The folder of the training.</param>
    public static void Curve(string folder)
    {
        #region curve
        var epochs = TrainingLog.Read(Path.Combine(folder, "log.csv"));
        LearningCurve.Save(Path.Combine(folder, "curve.png"), epochs, new LearningCurveOptions { Title = "Spleen", Score = "mean Dice" });
        #endregion
    }

    /// <summary>Draws a slice.</summary>
    /// <param name="slice">Its grey values.</param>
    /// <param name="truth">Its true classes.</param>
    /// <param name="prediction">Its predicted classes.</param>
    public static void Sheet(float[] slice, byte[] truth, byte[] prediction)
    {
        #region sheet
        var view = new SliceView(slice, Width: 64, Height: 48) { PixelHeight = 1.5 };           // row by row from the top; pixels needn't be square
        new SliceSheet(["background", "liver", "tumour"], SliceRow.ComparedColumns, [SliceRow.Comparing("slice 40\nDice 0.91", view, truth, prediction)])
        {
            Title = "Slices that the network has not seen",
        }.Save("slices.png");
        Console.WriteLine(ClassColours.Hex(1));                                                 // for a legend of your own
        #endregion
    }
}
