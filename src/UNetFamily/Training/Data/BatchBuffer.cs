using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>The memory of a batch while threads work on it, used again for a later batch. No tensor is involved, so none can leak from a thread.</summary>
internal sealed class BatchBuffer
{
    private readonly long[] shape;

    public BatchBuffer(PatchLoaderOptions options, SpatialDims dims, int channels)
    {
        var size = options.PatchSize.Along(dims);
        (SpatialDims, Channels, BatchSize) = (dims, channels, options.BatchSize);
        (Depth, Height, Width) = (size.Length == 3 ? (int)size[0] : 1, (int)size[^2], (int)size[^1]);
        shape = [BatchSize, Channels, .. size];
        Images = new float[BatchSize * Channels * Voxels];
        Labels = new byte[BatchSize * Voxels];
        Scratch = new float[Voxels];
    }

    public SpatialDims SpatialDims { get; }

    public int BatchSize { get; }

    public int Channels { get; }

    public int Depth { get; }

    public int Height { get; }

    public int Width { get; }

    public int Voxels => Depth * Height * Width;

    /// <summary>(N, C, D, H, W).</summary>
    public float[] Images { get; }

    /// <summary>(N, D, H, W).</summary>
    public byte[] Labels { get; }

    /// <summary>(D, H, W).</summary>
    public float[] Scratch { get; }

    /// <summary>Tensors with a copy of the numbers, made on the thread that will use them.</summary>
    public TrainingBatch ToBatch(Device? device)
    {
        using var scope = NewDisposeScope();
        var images = empty(shape, ScalarType.Float32, CPU);
        MemoryMarshal.AsBytes(Images.AsSpan()).CopyTo(images.bytes);
        var labels = empty([shape[0], .. shape[2..]], ScalarType.Byte, CPU);
        Labels.CopyTo(labels.bytes);

        // Labels travel as bytes and become 64-bit over there.
        if (device is not null) (images, labels) = (images.to(device), labels.to(device));
        return new(images.MoveToOuterDisposeScope(), labels.to(ScalarType.Int64).MoveToOuterDisposeScope());
    }
}
