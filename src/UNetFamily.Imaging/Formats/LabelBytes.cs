using System.Buffers.Binary;

namespace UNetFamily.Imaging;

/// <summary>Labels in the form in which a file holds them: a byte each, or two, the less significant one first.</summary>
internal sealed class LabelBytes
{
    // The last value of a byte is left to programs that mark with it what is to be ignored; nnU-Net's writers do so.
    private const ushort MostInByte = 254;
    private const int Chunk = 1 << 16;

    private readonly ReadOnlyMemory<byte> bytes;

    private LabelBytes(VoxelType type, ReadOnlyMemory<byte> bytes) => (Type, this.bytes) = (type, bytes);

    public VoxelType Type { get; }

    public ReadOnlySpan<byte> Bytes => bytes.Span;

    public int Count => bytes.Length / Type.Bytes;

    public static LabelBytes Of(ReadOnlySpan<byte> labels) => new(VoxelType.UInt8, labels.ToArray());

    public static LabelBytes Of(ReadOnlySpan<ushort> labels)
    {
        var most = (ushort)0;
        foreach (var label in labels) most = Math.Max(most, label);
        var type = most <= MostInByte ? VoxelType.UInt8 : VoxelType.UInt16;
        var bytes = new byte[(long)labels.Length * type.Bytes];
        if (type == VoxelType.UInt8)
            for (var i = 0; i < labels.Length; i++) bytes[i] = (byte)labels[i];
        else
            for (var i = 0; i < labels.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), labels[i]);
        return new LabelBytes(type, bytes);
    }

    public string? Problem(VolumeSize size) => Count == size.Voxels ? null : $"{Count} labels don't fill a grid of {size}.";

    public void WriteTo(Stream stream)
    {
        for (var at = 0; at < bytes.Length; at += Chunk) stream.Write(bytes.Span.Slice(at, Math.Min(Chunk, bytes.Length - at)));
    }
}
