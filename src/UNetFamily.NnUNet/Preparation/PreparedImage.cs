namespace UNetFamily.NnUNet;

/// <summary>What the network gets of an image, and the way back to the image.</summary>
/// <param name="Channels">The numbers of each channel on the network's grid, the last axis fastest; for the second stage of a cascade with the labels of the first, a channel for each.</param>
/// <param name="Size">The size of that grid, its axes in the network's order.</param>
/// <param name="Spacing">Its spacing in millimetres.</param>
/// <param name="ImageSize">The size of the image with its axes in the network's order.</param>
/// <param name="ImageSpacing">The spacing of the image in that order.</param>
/// <param name="Box">The part of it that the network sees.</param>
public sealed record PreparedImage(IReadOnlyList<float[]> Channels, VolumeSize Size, VolumeSpacing Spacing, VolumeSize ImageSize, VolumeSpacing ImageSpacing, VolumeBox Box);
