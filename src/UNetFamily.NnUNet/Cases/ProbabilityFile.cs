using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace UNetFamily.NnUNet;

/// <summary>Writes probabilities as nnU-Net saves them: a compressed archive of NumPy's with one array, <c>probabilities</c>.</summary>
public static class ProbabilityFile
{
    private const int Alignment = 64;
    private const int NumbersAtOnce = 1 << 20;

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <param name="path">The file; its name ends with <c>.npz</c>.</param>
    /// <param name="probabilities">The probabilities.</param>
    public static void Write(string path, ProbabilityVolume probabilities)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(probabilities);
        var half = path + ".part";
        File.Delete(half);
        try
        {
            using (var archive = ZipFile.Open(half, ZipArchiveMode.Create))
            using (var entry = archive.CreateEntry("probabilities.npy", CompressionLevel.Fastest).Open())
            {
                entry.Write(Header([probabilities.Heads.Count, probabilities.Size.Z, probabilities.Size.Y, probabilities.Size.X]));
                foreach (var head in probabilities.Heads) Write(entry, head);
            }
            File.Move(half, path, overwrite: true);
        }
        catch
        {
            File.Delete(half);
            throw;
        }
    }

    /// <summary>A part at a time: a span counts its bytes in 32 bits.</summary>
    private static void Write(Stream stream, float[] numbers)
    {
        for (var first = 0; first < numbers.Length; first += NumbersAtOnce) stream.Write(MemoryMarshal.AsBytes(numbers.AsSpan(first, Math.Min(NumbersAtOnce, numbers.Length - first))));
    }

    private static byte[] Header(int[] shape)
    {
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        var length = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment - 10;
        byte[] header = [0x93, .. "NUMPY"u8, 1, 0, 0, 0, .. Encoding.ASCII.GetBytes(text.PadRight(length - 1)), (byte)'\n'];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)length));
        return header;
    }
}
