using System.Globalization;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Volumes;

namespace UNetFamily.Samples.Segment;

/// <summary>From the files to the label map.</summary>
internal static class Segmentation
{
    // Of a byte, in which the label map is written.
    private const int MostClasses = 256;

    /// <summary>Segments the image and writes its labels. What can be checked is checked before the work.</summary>
    /// <exception cref="UsageException">The network can't segment such volumes, or options don't fit it.</exception>
    /// <exception cref="IOException">A file can't be read or written, or (<see cref="CheckpointException"/>) is no network of ours.</exception>
    /// <exception cref="InvalidDataException">The image is none that can be read.</exception>
    public static void Run(SegmentOptions options, CancellationToken cancellation)
    {
        Nifti.RequireWritable(options.Out);
        using var loaded = Load(options);
        var (model, notes) = (loaded.Network, loaded.Notes);
        if (model.OutChannels > MostClasses) throw new UsageException($"{options.Model} has {model.OutChannels} classes; a label map holds {MostClasses} at most.");
        var preprocessing = Choose(options, model, notes);
        if (Problem(model, preprocessing) is { } problem) throw new UsageException($"{options.Model}: {problem}");
        var image = Nifti.Read(options.Image);
        var scan = image.With(Intensity.Normalize(image.Values));
        Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{model.Name} with {model.OutChannels} classes; {scan.Size} voxels."));

        var labels = Screen.WithBar("Segmenting", bar =>
        {
            var progress = new ImmediateProgress<WindowProgress>(at => bar((double)at.Done / at.Total, null));
            return model.Dims is SpatialDims.Three
                ? VolumeSegmenter.Segment(model, preprocessing, scan, progress, cancellation)
                : SliceSegmenter.Segment(model, preprocessing, scan, progress, cancellation);
        });
        Nifti.WriteLabels(options.Out, labels, scan.Size, scan.Geometry);
        Report(preprocessing, scan, labels);
        Screen.Say($"Label map: {options.Out}");
    }

    /// <summary>The network of a file: ours in TorchSharp, any ONNX network in ONNX Runtime.</summary>
    private static Loaded Load(SegmentOptions options)
    {
        if (options.Model.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            string[] parts = (options.Device ?? "cpu").Split(':');
            var network = OnnxNetwork.FromFile(options.Model, new OnnxRunOptions
            {
                ExecutionProviders = parts[0] == "cpu" ? ["cpu"] : [parts[0], "cpu"],
                Device = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0,
            });
            return new Loaded(ScanNetwork.Of(network), network.Metadata, network);
        }
        var device = DeviceOf(options.Device);
        var model = SegmentationModel.FromFile(options.Model);
        model.to(device);
        using var file = Checkpoint.Open(options.Model);
        return new Loaded(model, file.Metadata, model);
    }

    /// <summary>The device of a name; without one, a GPU where there is one.</summary>
    public static Device DeviceOf(string? name)
    {
        if (name is null) return cuda.is_available() ? CUDA : CPU;
        if (name == "cpu") return CPU;
        if (!cuda.is_available()) throw new UsageException($"--device {name}: there is no GPU that libtorch can use. Nearest: --device cpu.");
        var (index, count) = (name.Contains(':', StringComparison.Ordinal) ? int.Parse(name.Split(':')[1], CultureInfo.InvariantCulture) : 0, cuda.device_count());
        return index < count ? new Device(DeviceType.CUDA, index) : throw new UsageException($"--device {name}: there are {count} GPUs. Nearest: --device cuda:{count - 1}.");
    }

    /// <summary>What the file says, unless the command line says something else.</summary>
    private static Preprocessing Choose(SegmentOptions options, ScanNetwork model, IReadOnlyDictionary<string, string> notes)
    {
        var (axes, classes) = ((int)model.Dims, (int)Math.Max(2, model.OutChannels));
        var known = Preprocessing.In(options.Model, notes) ?? new Preprocessing
        {
            RoiSize = [.. Enumerable.Repeat(0L, axes)],
            Classes = [.. Enumerable.Range(0, classes).Select(label => label == 0 ? "background" : $"class {label}")],
        };
        if (known.Classes.Length != classes) throw new InvalidDataException($"{options.Model}: there are {known.Classes.Length} names for {classes} classes.");
        var chosen = known with
        {
            Spacing = options.Spacing ?? known.Spacing,
            RoiSize = options.Roi is [var all] ? [.. Enumerable.Repeat(all, axes)] : options.Roi ?? known.RoiSize,
            Overlap = options.Overlap ?? known.Overlap,
            MirrorSymmetric = known.MirrorSymmetric || options.Mirror,
        };
        return chosen.RoiSize.Length == axes ? chosen : throw new UsageException($"Windows need {axes} sides for {model.Name}, not {chosen.RoiSize.Length}.");
    }

    private static string? Problem(ScanNetwork model, Preprocessing preprocessing) => model.Dims is SpatialDims.Two ? SliceSegmenter.Problem(model, preprocessing)
        : model.InChannels == 1 ? null
        : $"it takes volumes of {model.InChannels} channels, and a scan has one.";

    /// <summary>How much of each class there is.</summary>
    private static void Report(Preprocessing preprocessing, Volume scan, byte[] labels)
    {
        var counts = new long[preprocessing.Classes.Length];
        foreach (var label in labels) counts[label]++;
        var millilitres = scan.Geometry.VoxelVolume / 1000;
        foreach (var (label, name) in preprocessing.Classes.Index().Skip(1))
            Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{name,-24} {counts[label] * millilitres,10:N1} ml"));
    }

    /// <summary>A network, what its file says of it, and what must be freed.</summary>
    private sealed record Loaded(ScanNetwork Network, IReadOnlyDictionary<string, string> Notes, IDisposable Owned) : IDisposable
    {
        public void Dispose() => Owned.Dispose();
    }
}
