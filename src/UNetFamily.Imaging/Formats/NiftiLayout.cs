using System.Buffers.Binary;

namespace UNetFamily.Imaging;

/// <summary>
/// Where the fields of a NIfTI header lie, and how wide they are: NIfTI-1 has 348 bytes with 16-bit sides and single precision, NIfTI-2 has 540 with 64-bit sides and double precision
/// (https://nifti.nimh.nih.gov/nifti-1, https://nifti.nimh.nih.gov/nifti-2).
/// </summary>
internal sealed record NiftiLayout
{
    public static readonly NiftiLayout One = new()
    {
        Version = 1, HeaderSize = 348, Dim = 40, Intent = 68, DataType = 70, BitPix = 72, PixDim = 76, VoxOffset = 108, Slope = 112, Units = 123, Description = 148, FormCodes = 252, QForm = 256, SForm = 280, Magic = 344,
        SideWidth = 2, CodeWidth = 2, RealWidth = 4, SingleMagic = "n+1\0", PairMagic = "ni1\0",
    };

    public static readonly NiftiLayout Two = new()
    {
        Version = 2, HeaderSize = 540, Dim = 16, Intent = 504, DataType = 12, BitPix = 14, PixDim = 104, VoxOffset = 168, Slope = 176, Units = 500, Description = 240, FormCodes = 344, QForm = 352, SForm = 400, Magic = 4,
        SideWidth = 8, CodeWidth = 4, RealWidth = 8, SingleMagic = "n+2\0\r\n\u001a\n", PairMagic = "ni2\0\r\n\u001a\n",
    };

    public required int Version { get; init; }

    public required int HeaderSize { get; init; }

    public required int Dim { get; init; }

    public required int Intent { get; init; }

    public required int DataType { get; init; }

    public required int BitPix { get; init; }

    public required int PixDim { get; init; }

    public required int VoxOffset { get; init; }

    /// <summary>The slope; the intercept follows.</summary>
    public required int Slope { get; init; }

    public required int Units { get; init; }

    public required int Description { get; init; }

    /// <summary>The code of the qform; that of the sform follows.</summary>
    public required int FormCodes { get; init; }

    public required int QForm { get; init; }

    public required int SForm { get; init; }

    public required int Magic { get; init; }

    /// <summary>The bytes of a side.</summary>
    public required int SideWidth { get; init; }

    /// <summary>The bytes of an intent, a unit and the code of a form.</summary>
    public required int CodeWidth { get; init; }

    /// <summary>The bytes of a real number.</summary>
    public required int RealWidth { get; init; }

    public required string SingleMagic { get; init; }

    public required string PairMagic { get; init; }

    /// <summary>Where voxels begin in a file of its own header: four bytes say whether extensions follow.</summary>
    public int FirstVoxel => HeaderSize + 4;

    public static long Integer(ReadOnlySpan<byte> bytes, int width, bool bigEndian) => (width, bigEndian) switch
    {
        (2, true) => BinaryPrimitives.ReadInt16BigEndian(bytes),
        (2, false) => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        (4, true) => BinaryPrimitives.ReadInt32BigEndian(bytes),
        (4, false) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        (_, true) => BinaryPrimitives.ReadInt64BigEndian(bytes),
        (_, false) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
    };

    public static double Real(ReadOnlySpan<byte> bytes, int width, bool bigEndian) => (width, bigEndian) switch
    {
        (4, true) => BinaryPrimitives.ReadSingleBigEndian(bytes),
        (4, false) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        (_, true) => BinaryPrimitives.ReadDoubleBigEndian(bytes),
        (_, false) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
    };
}
