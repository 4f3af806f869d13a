using System.Diagnostics;
using System.Globalization;
using UNetFamily.NnUNet;
using UNetFamily.Samples.BrainSegmentation.Report;

namespace UNetFamily.Samples.Segment;

/// <summary>From a folder of images to a folder of label maps, with the model of a folder that nnU-Net trained.</summary>
internal static class FolderSegmentation
{
    public const int Done = 0, SomeFailed = 1, BadModel = 3, BadImages = 4;

    /// <summary>Segments all cases. What can be checked is checked before the first.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(FolderOptions options, CancellationToken cancellation)
    {
        List<NnUNetModel> models = [];
        try
        {
            Postprocessing? postprocessing;
            try
            {
                postprocessing = options.Postprocessing is { } file ? Postprocessing.Read(Path.ChangeExtension(file, ".json")) : null;
                foreach (var model in options.Models) models.Add(Open(model, options));
                RequireAlike(models);
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException)
            {
                Screen.Fail(problem.Message);
                return BadModel;
            }

            IReadOnlyList<ImageCase> cases;
            try
            {
                cases = Cases(options, models[0].Folder.Dataset);
                RequirePreviousStage(options, models, cases);
            }
            catch (ModelFolderException problem)
            {
                Screen.Fail(problem.Message);
                return BadImages;
            }
            return Run(options, models, postprocessing, cases, cancellation);
        }
        finally
        {
            foreach (var model in models) model.Dispose();
        }
    }

    private static int Run(FolderOptions options, List<NnUNetModel> models, Postprocessing? postprocessing, IReadOnlyList<ImageCase> cases, CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.Output);
        List<string> failed = [];
        foreach (var (number, image) in cases.Index())
        {
            cancellation.ThrowIfCancellationRequested();
            var (label, output) = ($"{number + 1}/{cases.Count} {image.Name}", Path.Combine(options.Output, image.Name));
            var map = output + models[0].Folder.Dataset.FileEnding;
            if (!options.Overwrite && File.Exists(map) && (!options.SaveProbabilities || File.Exists(output + ".npz")))
            {
                Screen.Say($"{label}: is there already");
                continue;
            }
            var watch = Stopwatch.StartNew();
            try
            {
                Segment(options, models, postprocessing, image, label, output, map, cancellation);
                Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{label}: {watch.Elapsed.TotalSeconds:0.0} s, at most {Screen.PeakMemory()}"));
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException or ArithmeticException or NotSupportedException)
            {
                failed.Add(image.Name);
                Screen.Fail($"{label}: {problem.Message}");
            }
        }
        if (failed.Count == 0) return Done;
        Screen.Fail($"{failed.Count} of {cases.Count} cases failed: {string.Join(", ", failed)}");
        return SomeFailed;
    }

    private static void Segment(FolderOptions options, List<NnUNetModel> models, Postprocessing? postprocessing, ImageCase image, string label, string output, string map, CancellationToken cancellation)
    {
        var volume = models[0].Folder.Plans.Reader.Read(image.Files);
        var keeps = options.SaveProbabilities || models.Count > 1;
        List<SegmentedImage> results = [];
        Screen.WithBar(label, bar =>
        {
            foreach (var (number, model) in models.Index())
            {
                var previous = model.Folder.Configuration.PreviousStage is null ? null : LabelVolume.Read(model.Folder.Plans.Reader, PreviousOf(options, image, model));
                var progress = new ImmediateProgress<WindowProgress>(at => bar((number + (double)at.Done / at.Total) / models.Count, null));
                results.Add(keeps ? model.SegmentWithProbabilities(volume, previous, progress, cancellation) : new SegmentedImage(model.Segment(volume, previous, progress, cancellation), null));
            }
            return 0;
        });
        var result = results.Count == 1 ? results[0] : NnUNetModel.Combine(models[0].Folder.Dataset, [.. results.Select(one => one.Probabilities!)]);
        if (options.SaveProbabilities) ProbabilityFile.Write(output + ".npz", result.Probabilities!);
        postprocessing?.Apply(result.Labels.Labels, result.Labels.Size);
        models[0].Folder.Plans.Reader.WriteLabels(map, result.Labels.Labels, volume);
    }

    private static NnUNetModel Open(string path, FolderOptions options)
    {
        var folder = ModelFolder.Read(path, options.Folds?.ToArray(), options.Checkpoint ?? ModelFolder.FinalCheckpoint, options.AcceptTrainer);
        var model = NnUNetModel.Open(folder, Segmentation.DeviceOf(options.Device));
        model.Prediction = model.Prediction with { StepSize = options.StepSize, UseGaussian = options.UseGaussian, MirrorAxes = options.Mirrors ? model.Prediction.MirrorAxes : [] };
        Screen.Say($"{folder.Plans.DatasetName}, {folder.Configuration.Name}: {folder.Network.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}, patch {string.Join(" x ", folder.Configuration.Patch)}, folds {string.Join(", ", folder.Folds.Select(fold => fold.Name))}");
        return model;
    }

    private static void RequireAlike(List<NnUNetModel> models)
    {
        foreach (var model in models.Skip(1))
            if (!model.Folder.Dataset.Heads.Equals(models[0].Folder.Dataset.Heads) || model.Folder.Dataset.FileEnding != models[0].Folder.Dataset.FileEnding || model.Folder.Plans.ReaderWriter != models[0].Folder.Plans.ReaderWriter)
                throw new ModelFolderException(model.Folder.Path, $"It has other labels or images than {models[0].Folder.Path}, so that their probabilities have no mean.");
    }

    private static IReadOnlyList<ImageCase> Cases(FolderOptions options, DatasetFile dataset)
    {
        var all = File.Exists(options.Input) ? [ImageCase.Of(options.Input, dataset)] : ImageCase.In(options.Input, dataset);
        return [.. all.Where((_, number) => number % options.Shard.Count == options.Shard.Index)];
    }

    private static void RequirePreviousStage(FolderOptions options, List<NnUNetModel> models, IReadOnlyList<ImageCase> cases)
    {
        foreach (var model in models)
        {
            if (model.Folder.Configuration.PreviousStage is not { } stage) continue;
            if (options.PreviousStage is null) throw new ModelFolderException(model.Folder.Path, $"It is the second stage of a cascade: --previous-stage names the folder of label maps that {stage} made.");
            foreach (var image in cases)
                if (PreviousOf(options, image, model) is var file && !File.Exists(file)) throw new ModelFolderException(file, $"There is no label map of the stage before for {image.Name}.");
        }
    }

    private static string PreviousOf(FolderOptions options, ImageCase image, NnUNetModel model) => Path.Combine(options.PreviousStage!, image.Name + model.Folder.Dataset.FileEnding);
}
