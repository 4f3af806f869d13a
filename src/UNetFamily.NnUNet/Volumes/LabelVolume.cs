namespace UNetFamily.NnUNet;

/// <summary>A label for each voxel of a grid.</summary>
/// <param name="Labels">The labels, X fastest.</param>
/// <param name="Size">Voxels along each axis.</param>
public sealed record LabelVolume(ushort[] Labels, VolumeSize Size);
