namespace UNetFamily.NnUNet;

/// <summary>A label for each place of a grid.</summary>
/// <param name="Labels">The labels, the last axis fastest.</param>
/// <param name="Sides">The sides (Z, Y, X).</param>
public sealed record LabelVolume(ushort[] Labels, ValueList<int> Sides);
