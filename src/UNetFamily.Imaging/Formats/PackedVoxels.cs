using System.IO.Compression;

namespace UNetFamily.Imaging;

/// <summary>Takes voxels out of the rest of a file, packed or not, after looking whether it is long enough.</summary>
internal static class PackedVoxels
{
    /// <summary>The most bytes that a byte of DEFLATE can become, which bounds what a compressed file may claim to hold.</summary>
    public const long MostDeflation = 1032;

    public static float[] Read(Stream file, VolumeSize size, VoxelType type, bool bigEndian, Packing packing)
    {
        var (left, needed) = (file.Length - file.Position, (long)size.Voxels * type.Bytes);
        var longest = packing == Packing.None ? left : checked(left * MostDeflation);
        if (needed > longest) throw new InvalidDataException($"the header promises {needed:N0} bytes of voxels, and the file can't hold more than {longest:N0}.");
        using Stream? content = packing switch { Packing.Gzip => WholeGzip.Open(file), Packing.Zlib => new ZLibStream(file, CompressionMode.Decompress, leaveOpen: true), _ => null };
        var values = VoxelReader.Read(content ?? file, size.Voxels, type, bigEndian);
        VoxelReader.RequireEnd(content ?? file, $"{size} voxels of {type.Name} are {needed:N0} bytes");
        return values;
    }
}

/// <summary>How voxels are packed.</summary>
internal enum Packing
{
    None,
    Gzip,
    Zlib,
}
