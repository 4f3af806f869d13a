using System.Numerics;
using System.Runtime.InteropServices;

namespace UNetFamily.Imaging;

/// <summary>A kind of voxel: its name, its width, and the way to double.</summary>
internal sealed record VoxelType(string Name, int Bytes, VoxelType.Converter ToDouble)
{
    public static readonly VoxelType UInt8 = Of<byte>("uint8");
    public static readonly VoxelType Int8 = Of<sbyte>("int8");
    public static readonly VoxelType UInt16 = Of<ushort>("uint16");
    public static readonly VoxelType Int16 = Of<short>("int16");
    public static readonly VoxelType UInt32 = Of<uint>("uint32");
    public static readonly VoxelType Int32 = Of<int>("int32");
    public static readonly VoxelType UInt64 = Of<ulong>("uint64");
    public static readonly VoxelType Int64 = Of<long>("int64");
    public static readonly VoxelType Float32 = Of<float>("float32");
    public static readonly VoxelType Float64 = Of<double>("float64");

    public delegate void Converter(ReadOnlySpan<byte> bytes, Span<double> target);

    private static VoxelType Of<T>(string name) where T : unmanaged, INumberBase<T> => new(name, Marshal.SizeOf<T>(), (bytes, target) =>
    {
        var source = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < source.Length; i++) target[i] = double.CreateTruncating(source[i]);
    });
}
