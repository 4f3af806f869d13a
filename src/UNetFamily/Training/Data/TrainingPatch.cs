namespace UNetFamily;

/// <summary>A patch in the making: plain memory of the batch that it will be part of, for augmentations to change. It is valid only while an augmentation runs.</summary>
public sealed class TrainingPatch
{
    private readonly BatchBuffer buffer;
    private readonly int sample;

    internal TrainingPatch(BatchBuffer buffer, int sample) => (this.buffer, this.sample) = (buffer, sample);

    /// <summary>Images or volumes.</summary>
    public SpatialDims SpatialDims => buffer.SpatialDims;

    /// <summary>How many channels the image has.</summary>
    public int Channels => buffer.Channels;

    /// <summary>The depth; 1 for an image.</summary>
    public int Depth => buffer.Depth;

    /// <summary>The height.</summary>
    public int Height => buffer.Height;

    /// <summary>The width.</summary>
    public int Width => buffer.Width;

    /// <summary>The label of each voxel, (D, H, W) in row-major order.</summary>
    public Span<byte> Labels => buffer.Labels.AsSpan(sample * buffer.Voxels, buffer.Voxels);

    /// <summary>As many numbers as a channel has, with whatever was left there.</summary>
    public Span<float> Scratch => buffer.Scratch;

    /// <summary>The arrays that hold the patch, and where it starts in them.</summary>
    internal (float[] Image, int ImageStart, byte[] Labels, int LabelStart) Memory => (buffer.Images, sample * Channels * buffer.Voxels, buffer.Labels, sample * buffer.Voxels);

    /// <summary>A channel of the image, (D, H, W) in row-major order.</summary>
    /// <param name="index">0 to <see cref="Channels"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public Span<float> Channel(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Channels, nameof(index));
        return buffer.Images.AsSpan((sample * Channels + index) * buffer.Voxels, buffer.Voxels);
    }
}
