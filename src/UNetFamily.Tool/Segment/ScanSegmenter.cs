using System.Globalization;
using UNetFamily.Imaging;
using UNetFamily.Scans;

namespace UNetFamily.Tool;

/// <summary>A network in a file: one of ours, in TorchSharp, or any ONNX network, in ONNX Runtime.</summary>
internal sealed class ScanSegmenter : ICaseSegmenter
{
    private readonly ScanNetwork network;
    private readonly OnnxNetwork? onnx;

    public ScanSegmenter(Screen screen, SegmentRequest request)
    {
        var path = request.Models[0];
        if (request.Kind is ModelKind.Onnx) onnx = OnnxNetwork.FromFile(path, Devices.OnnxOf(request.Device));
        try
        {
            network = onnx is not null ? Of(onnx, path) : Load(screen, path, Devices.Of(request.Device));
            network.Preparation = Chosen(network, request);
        }
        catch
        {
            network?.Dispose();
            onnx?.Dispose();
            throw;
        }
        var windows = network.Preparation.RoiSize.Select(side => side == 0 ? "all" : side.ToString(CultureInfo.InvariantCulture));
        screen.Say($"{network.Name} with {network.Preparation.Classes.Count} classes, windows of {string.Join(" x ", windows)}");
    }

    public IReadOnlyList<SegmentationCase> Cases(string input, OutputPlace place)
    {
        if (File.Exists(input)) return [CaseOf(input, place)];
        SegmentationCase[] cases = [.. Images(input).Select(file => CaseOf(file, place))];
        if (cases.Length == 0) throw new FileNotFoundException($"There are no images in {input}: names may end with {string.Join(", ", ImageFile.Endings)}.", input);
        return cases.GroupBy(image => image.Output).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new UsageException($"{string.Join(" and ", twice.Select(image => image.Files[0]))} would have the same label map, {twice.Key}.") : cases;
    }

    public IReadOnlyList<ClassVolume> Segment(SegmentationCase image, IProgress<double> progress, CancellationToken cancellation)
    {
        var scan = ImageFile.Read(image.Files[0]);
        if (scan.Channels.Count != 1) throw new InvalidDataException($"{image.Files[0]}: it has {scan.Channels.Count} channels, and a scan has one.");
        LabelMap map;
        try
        {
            map = network.Segment(scan, new Immediate<WindowProgress>(at => progress.Report((double)at.Done / at.Total)), cancellation);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{image.Files[0]}: {problem.Message}", problem);
        }
        map.Save(image.Output);
        return [.. map.Classes.Zip(map.Millilitres(), (name, millilitres) => new ClassVolume(name, millilitres)).Skip(1)];
    }

    public void Dispose()
    {
        network.Dispose();
        onnx?.Dispose();
    }

    private static ScanNetwork Load(Screen screen, string path, TorchSharp.torch.Device device) => screen.WithSpinner("Loading", () => ScanNetwork.FromFile(path, device));

    private static ScanNetwork Of(OnnxNetwork onnx, string path)
    {
        try
        {
            return new ScanNetwork(onnx, ScanPreparation.In(path, onnx.Metadata));
        }
        catch (ArgumentException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>What the file says, unless the command line says something else.</summary>
    private static ScanPreparation Chosen(ScanNetwork network, SegmentRequest request)
    {
        var known = network.Preparation;
        return known with
        {
            Spacing = request.Spacing ?? known.Spacing,
            RoiSize = request.Roi is [var all] ? [.. Enumerable.Repeat(all, (int)network.SpatialDims)] : request.Roi is { } sides ? [.. sides] : known.RoiSize,
            Overlap = request.Overlap ?? known.Overlap,
            MirrorSymmetric = known.MirrorSymmetric || request.Mirror,
        };
    }

    // Of a pair of files the header is the image.
    private static IEnumerable<string> Images(string folder) => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)
        .Where(file => EndingOf(file) is { } ending && !(ending.StartsWith(".img", StringComparison.Ordinal) && (File.Exists(file[..^ending.Length] + ".hdr") || File.Exists(file[..^ending.Length] + ".hdr.gz"))));

    private static SegmentationCase CaseOf(string file, OutputPlace place)
    {
        var ending = EndingOf(file) ?? throw new InvalidDataException($"{file}: no format is known for that name. Names may end with {string.Join(", ", ImageFile.Endings)}.");
        var name = Path.GetFileName(file)[..^ending.Length];
        return new SegmentationCase(name, [file], place.FileOf(name, Written(ending)));
    }

    private static string? EndingOf(string file) => ImageFile.Endings.FirstOrDefault(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase))?.ToLowerInvariant();

    // Pairs of files are only read.
    private static string Written(string ending) => ending switch
    {
        ".hdr" or ".img" or ".hdr.gz" or ".img.gz" => ".nii.gz",
        ".nhdr" => ".nrrd",
        ".mhd" => ".mha",
        _ => ending,
    };
}
