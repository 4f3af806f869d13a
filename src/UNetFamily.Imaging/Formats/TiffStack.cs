using BitMiracle.LibTiff.Classic;

namespace UNetFamily.Imaging;

/// <summary>
/// TIFF through LibTiff.NET: a picture, or a volume with a page for each slice. Values of 8, 16, 32 and 64 bits, whole or real, one channel or several; pages are stored in strips. Writes label maps with a page for each
/// slice.
/// </summary>
public static class TiffStack
{
    private const int MostPages = short.MaxValue;

    /// <summary>Reads a file. TIFF says nothing of the distance between slices: the spacing is 1.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no such image; the message begins with its path and says why.</exception>
    public static Volume Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFile.Named(path, () =>
        {
            var length = new FileInfo(path).Length;
            // What the system has against the file it says here, so that it isn't taken for damage.
            File.OpenRead(path).Dispose();
            try
            {
                using var tiff = Tiff.Open(path, "r") ?? throw new InvalidDataException("this is no TIFF file that can be read.");
                return Read(tiff, length);
            }
            catch (Exception damage) when (damage is IOException or ArithmeticException or IndexOutOfRangeException or ArgumentException or InvalidCastException or NullReferenceException or FormatException)
            {
                // LibTiff.NET meets damaged files with whatever goes wrong first.
                throw new InvalidDataException("the file is damaged.", damage);
            }
        });
    }

    /// <summary>Writes a label map, compressed, with a page for each slice. It appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="labels">The label of each voxel, (Z, Y, X) with X fastest. They have 8 bits where no label is above 254, otherwise 16.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <exception cref="ArgumentException">The labels don't fill the grid.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<ushort> labels, VolumeSize size) => Write(path, LabelBytes.Of(labels), size);

    internal static void Write(string path, LabelBytes labels, VolumeSize size)
    {
        if (labels.Problem(size) is { } problem) throw new ArgumentException(problem, nameof(labels));
        using var memory = new MemoryStream();
        labels.WriteTo(memory);
        var (bytes, row) = (memory.GetBuffer(), size.X * labels.Type.Bytes);
        NewFile.Write(path, file =>
        {
            using var tiff = Tiff.ClientOpen(path, "w", file, new TiffStream());
            for (var z = 0; z < size.Z; z++)
            {
                tiff.SetField(TiffTag.IMAGEWIDTH, size.X);
                tiff.SetField(TiffTag.IMAGELENGTH, size.Y);
                tiff.SetField(TiffTag.BITSPERSAMPLE, 8 * labels.Type.Bytes);
                tiff.SetField(TiffTag.SAMPLESPERPIXEL, 1);
                tiff.SetField(TiffTag.SAMPLEFORMAT, SampleFormat.UINT);
                tiff.SetField(TiffTag.PHOTOMETRIC, Photometric.MINISBLACK);
                tiff.SetField(TiffTag.PLANARCONFIG, PlanarConfig.CONTIG);
                tiff.SetField(TiffTag.COMPRESSION, Compression.ADOBE_DEFLATE);
                tiff.SetField(TiffTag.ROWSPERSTRIP, tiff.DefaultStripSize(0));
                for (var y = 0; y < size.Y; y++)
                    if (!tiff.WriteScanline(bytes, (z * size.Y + y) * row, y, 0)) throw new IOException($"{path}: a row can't be written.");
                if (!tiff.WriteDirectory()) throw new IOException($"{path}: a page can't be written.");
            }
        });
    }

    private static Volume Read(Tiff tiff, long length)
    {
        var pages = Math.Max((int)tiff.NumberOfDirectories(), 1);
        var page = PageOf(tiff);
        if (pages > MostPages) throw new InvalidDataException($"there are {pages} pages; {MostPages} are the most.");
        if ((Int128)page.Width * page.Height * pages > VoxelReader.MostVoxels) throw new InvalidDataException($"{page.Width} x {page.Height} x {pages} is more than the {VoxelReader.MostVoxels:N0} voxels that are read.");
        // The other kinds of compression pack less densely than DEFLATE.
        if ((Int128)page.Width * page.Height * pages * page.Channels * page.Type.Bytes > length * PackedVoxels.MostDeflation) throw new InvalidDataException("the header promises more than the file can hold.");
        var size = new VolumeSize(pages, page.Height, page.Width);
        float[][] channels = [.. Enumerable.Range(0, page.Channels).Select(_ => new float[size.Voxels])];
        var (row, numbers) = (new byte[tiff.ScanlineSize()], new double[page.Width * page.Channels]);
        if (row.Length < numbers.Length * page.Type.Bytes) throw new InvalidDataException("a row is shorter than the header says.");
        for (var z = 0; z < pages; z++)
        {
            if (!tiff.SetDirectory((short)z) || PageOf(tiff) != page) throw new InvalidDataException($"page {z} differs from the first in size or type.");
            for (var y = 0; y < size.Y; y++)
            {
                if (!tiff.ReadScanline(row, y)) throw new InvalidDataException($"page {z} is damaged, or cut off.");
                page.Type.ToDouble(row.AsSpan(0, numbers.Length * page.Type.Bytes), numbers);
                for (var channel = 0; channel < channels.Length; channel++)
                    for (var x = 0; x < size.X; x++) channels[channel][(z * size.Y + y) * size.X + x] = (float)numbers[x * channels.Length + channel];
            }
        }
        return new Volume(channels, size, AffineGeometry.Plain(new VolumeSpacing(1, 1, 1)) with { Rank = pages == 1 ? 2 : 3 });
    }

    private static Page PageOf(Tiff tiff)
    {
        if (tiff.IsTiled()) throw new InvalidDataException("the pages are stored in tiles; only strips are read.");
        var (bits, channels) = (Field(TiffTag.BITSPERSAMPLE, 1), Field(TiffTag.SAMPLESPERPIXEL, 1));
        var format = (SampleFormat)Field(TiffTag.SAMPLEFORMAT, (int)SampleFormat.UINT);
        var type = (format, bits) switch
        {
            (SampleFormat.UINT or SampleFormat.VOID, 8) => VoxelType.UInt8,
            (SampleFormat.UINT or SampleFormat.VOID, 16) => VoxelType.UInt16,
            (SampleFormat.UINT or SampleFormat.VOID, 32) => VoxelType.UInt32,
            (SampleFormat.INT, 8) => VoxelType.Int8,
            (SampleFormat.INT, 16) => VoxelType.Int16,
            (SampleFormat.INT, 32) => VoxelType.Int32,
            (SampleFormat.IEEEFP, 32) => VoxelType.Float32,
            (SampleFormat.IEEEFP, 64) => VoxelType.Float64,
            _ => throw new InvalidDataException($"values of {bits} bits of the kind {format} are not read."),
        };
        if ((Photometric)Field(TiffTag.PHOTOMETRIC, (int)Photometric.MINISBLACK) is var meaning and not (Photometric.MINISBLACK or Photometric.RGB)) throw new InvalidDataException($"pages of the kind {meaning} are not read, only grey and RGB.");
        if ((PlanarConfig)Field(TiffTag.PLANARCONFIG, (int)PlanarConfig.CONTIG) != PlanarConfig.CONTIG && channels > 1) throw new InvalidDataException("channels are stored in planes of their own, which is not read.");
        var (width, height) = (Field(TiffTag.IMAGEWIDTH, 0), Field(TiffTag.IMAGELENGTH, 0));
        return width > 0 && height > 0 && channels is > 0 and <= 16 ? new Page(width, height, channels, type) : throw new InvalidDataException($"a page has {width} x {height} pixels of {channels} channels.");

        int Field(TiffTag tag, int otherwise) => tiff.GetField(tag) is [var value, ..] ? value.ToInt() : otherwise;
    }

    private sealed record Page(int Width, int Height, int Channels, VoxelType Type);
}
