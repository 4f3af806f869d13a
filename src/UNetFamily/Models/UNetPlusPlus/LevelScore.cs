namespace UNetFamily;

/// <summary>What one way to use a UNet++ costs and gives; a row of <see cref="LevelComparison"/>.</summary>
/// <param name="Name"><c>L1</c>, <c>L2</c> and so on for a branch, <c>mean</c> for accurate mode.</param>
/// <param name="Level">The branch to prune to; null for accurate mode, which needs the whole network.</param>
/// <param name="Parameters">The numbers that the network has.</param>
/// <param name="Macs">Multiply-accumulates for one image of the validation set's first size.</param>
/// <param name="DicePerClass">
/// The Dice coefficient of each foreground class, over all pixels of the set together; null for a class that neither the network nor the labels have anywhere.
/// </param>
/// <param name="Time">The mean time for one image.</param>
public sealed record LevelScore(string Name, int? Level, long Parameters, long Macs, ValueList<double?> DicePerClass, TimeSpan Time)
{
    /// <summary>The mean of <see cref="DicePerClass"/>, without classes that occur nowhere; NaN when none occurs.</summary>
    public double Dice => DicePerClass.Average() ?? double.NaN;
}
