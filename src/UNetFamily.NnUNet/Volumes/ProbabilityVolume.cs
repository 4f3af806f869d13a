namespace UNetFamily.NnUNet;

/// <summary>How probable each head of a network is at each place of a grid.</summary>
/// <param name="Heads">The probabilities of each head, X fastest.</param>
/// <param name="Size">Voxels along each axis.</param>
public sealed record ProbabilityVolume(IReadOnlyList<float[]> Heads, VolumeSize Size);

/// <summary>What became of an image.</summary>
/// <param name="Labels">A label for each voxel.</param>
/// <param name="Probabilities">The probabilities behind them, where they were asked for.</param>
public sealed record SegmentedImage(LabelVolume Labels, ProbabilityVolume? Probabilities);
