using UNetFamily.NnUNet;

namespace UNetFamily.Tool;

/// <summary>Models of nnU-Net; several are an ensemble.</summary>
internal sealed class NnUNetSegmenter : ICaseSegmenter
{
    private readonly List<NnUNetModel> models = [];
    private readonly SegmentRequest request;
    private readonly Postprocessing? postprocessing;

    public NnUNetSegmenter(Screen screen, SegmentRequest request)
    {
        this.request = request;
        try
        {
            postprocessing = request.Postprocessing is { } file ? Postprocessing.Read(Path.ChangeExtension(file, ".json")) : null;
            foreach (var model in request.Models) models.Add(Open(screen, model));
            RequireAlike();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private DatasetFile Dataset => models[0].Folder.Dataset;

    public IReadOnlyList<SegmentationCase> Cases(string input, OutputPlace place)
    {
        if (place.IsFile && !place.Path.EndsWith(Dataset.FileEnding, StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"--output needs a name that ends with {Dataset.FileEnding}, as the model's label maps do, not '{place.Path}'.");
        var images = File.Exists(input) ? [ImageCase.Of(input, Dataset)] : ImageCase.In(input, Dataset);
        RequirePreviousStage(images);
        return [.. images.Select(image =>
        {
            var output = place.FileOf(image.Name, Dataset.FileEnding);
            return new SegmentationCase(image.Name, image.Files, output, request.SaveProbabilities ? output[..^Dataset.FileEnding.Length] + ".npz" : null);
        })];
    }

    public IReadOnlyList<ClassVolume> Segment(SegmentationCase image, IProgress<double> progress, CancellationToken cancellation)
    {
        var volume = models[0].Folder.Plans.Reader.Read([.. image.Files]);
        var keeps = image.Probabilities is not null || models.Count > 1;
        List<SegmentedImage> results = [];
        foreach (var (number, model) in models.Index())
        {
            var previous = model.Folder.Configuration.PreviousStage is null ? null : LabelVolume.Read(model.Folder.Plans.Reader, PreviousOf(image.Name, model));
            var windows = new Immediate<WindowProgress>(at => progress.Report((number + (double)at.Done / at.Total) / models.Count));
            results.Add(keeps ? model.SegmentWithProbabilities(volume, previous, windows, cancellation) : new SegmentedImage(model.Segment(volume, previous, windows, cancellation), null));
        }
        var result = results.Count == 1 ? results[0] : NnUNetModel.Combine(Dataset, [.. results.Select(one => one.Probabilities!)]);
        if (image.Probabilities is { } file) ProbabilityFile.Write(file, result.Probabilities!);
        postprocessing?.Apply(result.Labels.Labels, result.Labels.Size);
        models[0].Folder.Plans.Reader.WriteLabels(image.Output, result.Labels.Labels, volume);
        return VolumesOf(result.Labels.Labels, volume.Geometry.VoxelVolume / 1000);
    }

    public void Dispose()
    {
        foreach (var model in models) model.Dispose();
    }

    private NnUNetModel Open(Screen screen, string path)
    {
        var folder = ModelFolder.Read(path, request.Folds, request.Checkpoint ?? ModelFolder.FinalCheckpoint, request.AcceptTrainer);
        var device = Devices.Of(request.Device);
        var model = screen.WithSpinner("Loading", () => NnUNetModel.Open(folder, device));
        model.Prediction = model.Prediction with { StepSize = request.StepSize, UseGaussian = request.UseGaussian, MirrorAxes = request.Mirrors ? model.Prediction.MirrorAxes : [] };
        screen.Say($"{SafeText.Of(folder.Plans.DatasetName)}, {SafeText.Of(folder.Configuration.Name)}: {folder.Network.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}, patch {string.Join(" x ", folder.Configuration.Patch)}, folds {string.Join(", ", folder.Folds.Select(fold => fold.Name))}");
        return model;
    }

    private void RequireAlike()
    {
        foreach (var model in models.Skip(1))
            if (!model.Folder.Dataset.Heads.Equals(Dataset.Heads) || model.Folder.Dataset.FileEnding != Dataset.FileEnding || model.Folder.Plans.ReaderWriter != models[0].Folder.Plans.ReaderWriter)
                throw new ModelFolderException(model.Folder.Path, $"It has other labels or images than {models[0].Folder.Path}, so that their probabilities have no mean.");
    }

    private void RequirePreviousStage(IReadOnlyList<ImageCase> images)
    {
        if (request.PreviousStage is not null && models.TrueForAll(model => model.Folder.Configuration.PreviousStage is null)) throw new UsageException($"--previous-stage is for the second stage of a cascade, and {request.Models[0]} is none.");
        foreach (var model in models)
        {
            if (model.Folder.Configuration.PreviousStage is not { } stage) continue;
            if (request.PreviousStage is null) throw new UsageException($"{model.Folder.Path} is the second stage of a cascade: --previous-stage names the folder of label maps that {stage} made.");
            foreach (var image in images)
                if (PreviousOf(image.Name, model) is var file && !File.Exists(file)) throw new ModelFolderException(file, $"There is no label map of the stage before for {image.Name}.");
        }
    }

    private string PreviousOf(string name, NnUNetModel model) => Path.Combine(request.PreviousStage!, name + model.Folder.Dataset.FileEnding);

    /// <summary>How much of each label or region there is.</summary>
    private List<ClassVolume> VolumesOf(ushort[] labels, double millilitres)
    {
        var counts = new long[ushort.MaxValue + 1];
        foreach (var label in labels) counts[label]++;
        return [.. Dataset.Labels.Where(entry => !entry.Values.All(value => value == 0) && entry.Values[0] != Dataset.IgnoreLabel).Select(entry => new ClassVolume(entry.Name, entry.Values.Sum(value => counts[value]) * millilitres))];
    }
}
