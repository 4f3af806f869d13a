namespace UNetFamily.NnUNet;

/// <summary>A part of an axis.</summary>
/// <param name="Start">Its first place.</param>
/// <param name="End">The place behind its last.</param>
public readonly record struct AxisRange(int Start, int End)
{
    /// <summary>How many places it has.</summary>
    public int Length => End - Start;
}
