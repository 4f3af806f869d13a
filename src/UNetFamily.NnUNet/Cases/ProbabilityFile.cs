using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace UNetFamily.NnUNet;

/// <summary>Writes probabilities as nnU-Net saves them: a compressed archive of NumPy's with one array, <c>probabilities</c>.</summary>
internal static class ProbabilityFile
{
    private const int Alignment = 64;

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <param name="path">The file; its name ends with <c>.npz</c>.</param>
    /// <param name="probabilities">(heads, …sides), float32 on the CPU, side by side in memory.</param>
    public static void Write(string path, Tensor probabilities)
    {
        var half = path + ".part";
        try
        {
            using (var archive = ZipFile.Open(half, ZipArchiveMode.Create))
            using (var entry = archive.CreateEntry("probabilities.npy", CompressionLevel.Fastest).Open())
            {
                entry.Write(Header(probabilities.shape));
                // A head at a time: a span counts its bytes in 32 bits.
                for (var head = 0L; head < probabilities.shape[0]; head++)
                {
                    using var part = probabilities.select(0, head);
                    entry.Write(part.bytes);
                }
            }
            File.Move(half, path, overwrite: true);
        }
        catch
        {
            File.Delete(half);
            throw;
        }
    }

    private static byte[] Header(long[] shape)
    {
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        var length = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment - 10;
        byte[] header = [0x93, .. "NUMPY"u8, 1, 0, 0, 0, .. Encoding.ASCII.GetBytes(text.PadRight(length - 1)), (byte)'\n'];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)length));
        return header;
    }
}
