using System.Globalization;
using System.Text;

namespace UNetFamily.Imaging;

/// <summary>The checked content of a NIfTI header.</summary>
internal sealed record NiftiHeader(VolumeSize Size, VoxelType Type, bool BigEndian, long VoxOffset, double Slope, double Intercept, NiftiGeometry Geometry, NiftiLayout Layout)
{
    private const long LastVoxOffset = 16 << 20;
    private const short RgbCode = 128, RgbaCode = 2304;

    private static readonly (short Code, VoxelType Type)[] Types =
    [
        (2, VoxelType.UInt8), (4, VoxelType.Int16), (8, VoxelType.Int32), (16, VoxelType.Float32), (64, VoxelType.Float64),
        (256, VoxelType.Int8), (512, VoxelType.UInt16), (768, VoxelType.UInt32), (1024, VoxelType.Int64), (1280, VoxelType.UInt64),
    ];

    public static short CodeOf(VoxelType type) => Array.Find(Types, known => known.Type == type).Code;

    /// <summary>Reads a header, and nothing behind it: the header of a pair of files has nothing there.</summary>
    /// <param name="stream">Stands at its first byte.</param>
    /// <param name="ofPair">Whether the voxels are in a file of their own.</param>
    public static NiftiHeader Read(Stream stream, bool ofPair)
    {
        // The first field is the header's own size, and so tells version and byte order.
        var first = new byte[4];
        VoxelReader.Fill(stream, first);
        var (little, big) = (NiftiLayout.Integer(first, 4, bigEndian: false), NiftiLayout.Integer(first, 4, bigEndian: true));
        var layout = little == NiftiLayout.Two.HeaderSize || big == NiftiLayout.Two.HeaderSize ? NiftiLayout.Two : NiftiLayout.One;
        if (little != layout.HeaderSize && big != layout.HeaderSize)
            throw new InvalidDataException($"not NIfTI: the header's size is {little}, not {NiftiLayout.One.HeaderSize} or {NiftiLayout.Two.HeaderSize}.");
        var bytes = new byte[layout.HeaderSize];
        first.CopyTo(bytes, 0);
        VoxelReader.Fill(stream, bytes.AsSpan(4));
        return new Fields(bytes, layout, big == layout.HeaderSize).ToHeader(ofPair);
    }

    private readonly ref struct Fields(ReadOnlySpan<byte> bytes, NiftiLayout layout, bool bigEndian)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;
        private readonly NiftiLayout layout = layout;
        private readonly bool bigEndian = bigEndian;

        public NiftiHeader ToHeader(bool ofPair)
        {
            RequireMagic(ofPair);
            var (size, rank) = Size();
            var type = Type();
            var offset = VoxOffset(ofPair);
            var (slope, intercept) = Scaling();
            return new NiftiHeader(size, type, bigEndian, offset, slope, intercept, Geometry(rank), layout);
        }

        private void RequireMagic(bool ofPair)
        {
            var magic = Encoding.Latin1.GetString(bytes.Slice(layout.Magic, layout.SingleMagic.Length));
            if (magic == (ofPair ? layout.PairMagic : layout.SingleMagic)) return;
            if (magic == layout.PairMagic) throw new InvalidDataException("the voxels are in another file (.hdr and .img); give the path of one of the two.");
            if (magic == layout.SingleMagic) throw new InvalidDataException("the header is that of a single file (.nii), not of a pair.");
            throw new InvalidDataException($"not NIfTI-{layout.Version}: the magic number is missing.");
        }

        private (VolumeSize Size, int Rank) Size()
        {
            var rank = Side(0);
            if (rank is < 1 or > 7) throw new InvalidDataException($"the number of axes must be 1 to 7, is {rank}.");
            var sides = new long[7];
            for (var axis = 0; axis < 7; axis++) sides[axis] = axis < rank ? Side(axis + 1) : 1;
            var shape = string.Join(" x ", sides[..(int)rank]);

            if (sides.Any(side => side < 1)) throw new InvalidDataException($"every axis needs a voxel or more; the shape is {shape}.");
            if (rank < 2 || sides[3..].Any(side => side > 1)) throw new InvalidDataException($"only single volumes are read, and images of two axes; the shape is {shape}.");
            // A side alone first: three of 64 bits overflow everything.
            if (sides[..3].Any(side => side > VoxelReader.MostVoxels) || (Int128)sides[0] * sides[1] * sides[2] > VoxelReader.MostVoxels) throw new InvalidDataException($"{shape} is more than the {VoxelReader.MostVoxels:N0} voxels that are read.");
            return (new VolumeSize((int)sides[2], (int)sides[1], (int)sides[0]), (int)Math.Min(rank, 3));
        }

        private VoxelType Type()
        {
            var (code, bits) = (Short(layout.DataType), Short(layout.BitPix));
            if (code is RgbCode or RgbaCode) throw new InvalidDataException("voxels are colours (RGB), which are no measurements; split them into channels.");
            var type = Array.Find(Types, known => known.Code == code).Type
                ?? throw new InvalidDataException($"voxels of data type {code} are not read, only {string.Join(", ", Types.Select(known => known.Type.Name))}.");
            return bits == 8 * type.Bytes ? type : throw new InvalidDataException($"the data type is {type.Name}, but bitpix is {bits}.");
        }

        private long VoxOffset(bool ofPair)
        {
            var offset = layout.Version == 1 ? Real(layout.VoxOffset) : NiftiLayout.Integer(bytes[layout.VoxOffset..], 8, bigEndian);
            var text = layout.Version == 1 ? ((float)offset).ToString(CultureInfo.InvariantCulture) : offset.ToString(CultureInfo.InvariantCulture);
            if (!double.IsInteger(offset)) throw new InvalidDataException($"vox_offset is {text}, not a whole number.");
            if (offset < (ofPair ? 0 : layout.FirstVoxel)) throw new InvalidDataException($"vox_offset is {text}, {(ofPair ? "below 0" : $"inside the header's {layout.FirstVoxel} bytes")}.");
            if (offset > LastVoxOffset) throw new InvalidDataException($"vox_offset is {text}, beyond the {LastVoxOffset:N0} bytes that are skipped.");
            return (long)offset;
        }

        // A slope of zero says that there is no scaling, and other readers take one that is no number for that as well.
        private (double Slope, double Intercept) Scaling()
        {
            var (slope, intercept) = (Real(layout.Slope), Real(layout.Slope + layout.RealWidth));
            if (slope == 0 || !double.IsFinite(slope)) return (1, 0);
            return double.IsFinite(intercept) ? (slope, intercept) : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the scaling is {slope} x + {intercept}."));
        }

        private NiftiGeometry Geometry(int rank)
        {
            var geometry = new NiftiGeometry
            {
                Rank = rank,
                PixDim = Reals(layout.PixDim, 4),
                Units = layout.Version == 1 ? bytes[layout.Units] : (byte)NiftiLayout.Integer(bytes[layout.Units..], layout.CodeWidth, bigEndian),
                QFormCode = (short)NiftiLayout.Integer(bytes[layout.FormCodes..], layout.CodeWidth, bigEndian),
                SFormCode = (short)NiftiLayout.Integer(bytes[(layout.FormCodes + layout.CodeWidth)..], layout.CodeWidth, bigEndian),
                QForm = Reals(layout.QForm, 6),
                SForm = Reals(layout.SForm, 12),
            };
            // An image of two axes says nothing of a third.
            if (rank == 2 && !(Math.Abs(geometry.PixDim[3]) > 0 && double.IsFinite(geometry.PixDim[3]))) geometry.PixDim[3] = 1;
            // An sform says all by itself.
            var sides = geometry.PixDim[1..];
            if (geometry.SFormCode <= 0 && !sides.All(side => double.IsFinite(side) && side != 0))
                throw new InvalidDataException($"the size of a voxel is {string.Join(" x ", sides.Select(side => side.ToString(CultureInfo.InvariantCulture)))}.");
            if (!geometry.Affine().All(double.IsFinite)) throw new InvalidDataException("the affine map is not finite.");
            if (!geometry.IsInvertible) throw new InvalidDataException($"the affine map ({(geometry.SFormCode > 0 ? "sform" : "qform")}) is none: an axis has no direction of its own.");
            return geometry;
        }

        private long Side(int number) => NiftiLayout.Integer(bytes[(layout.Dim + number * layout.SideWidth)..], layout.SideWidth, bigEndian);

        private short Short(int at) => (short)NiftiLayout.Integer(bytes[at..], 2, bigEndian);

        private double Real(int at) => NiftiLayout.Real(bytes[at..], layout.RealWidth, bigEndian);

        private double[] Reals(int at, int count)
        {
            var values = new double[count];
            for (var i = 0; i < count; i++) values[i] = Real(at + layout.RealWidth * i);
            return values;
        }
    }
}
