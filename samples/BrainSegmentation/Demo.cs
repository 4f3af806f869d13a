using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Experiments;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;

namespace UNetFamily.Samples.BrainSegmentation;

/// <summary>The demo, from the data to the files.</summary>
internal static class Demo
{
    /// <summary>Runs it all.</summary>
    /// <returns>Whether everything was as it should be.</returns>
    public static async Task<bool> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (options.Quick) Screen.Warn("A quick run: it shows that everything works, and trains too briefly for good figures.");
        var subject = await LoadAsync(options, cancellation);
        var split = SliceSplit.Of(subject);
        var device = cuda.is_available() ? CUDA : CPU;
        Screen.Say($"Data: {subject.Description}; {subject.Size} voxels, {subject.Scheme.Names.Count - 1} classes.");
        Screen.Say($"Training slices: {split.Training.Length}. Held out: {split.Centres.Length} blocks of {split.Thickness} slices, judged by their centres {string.Join(", ", split.Centres)}.");

        manual_seed(options.Seed);
        using Experiment experiment = options.Volumes ? new VolumeExperiment(options, subject, split, device) : new SliceExperiment(options, subject, split, device);
        Screen.Say($"Network: {experiment.Description}, {device.type}.");
        var trained = experiment.Train(cancellation);
        Screen.Say(string.Create(CultureInfo.InvariantCulture,
            $"Trained {trained.Steps} steps in {trained.Seconds:0} s: loss {trained.FirstLoss:0.000} to {trained.Loss:0.000}, peak memory {Screen.PeakMemory()}."));

        var files = ResultFiles.In(options.Out);
        experiment.Save(files.Weights);
        using var reloaded = SegmentationModel.FromFile(files.Weights).to(device);

        // The volume is segmented with the weights that were saved, and judged as other programs will see it: read back from its file.
        var predicted = experiment.Segment(reloaded, cancellation);
        Nifti.WriteLabels(files.LabelMap, predicted, subject.Size, subject.Image.Geometry);
        var written = Nifti.Read(files.LabelMap);
        var labels = Array.ConvertAll(written.Values, value => (byte)value);

        var evaluation = Evaluation.Of(subject, split, labels);
        Screen.Table(subject.Scheme, evaluation);
        Screen.Say("One head only: this tells how well unseen slices of it are filled in, not how the network does on other people.");
        File.WriteAllText(files.Scores, evaluation.Network.Report.ToCsv());
        Sheet.Save(files.Picture, "U-Net", subject, split.Centres, labels, evaluation.Network);
        Screen.Say($"Picture (truth, prediction):         {files.Picture}");
        Screen.Say($"Scores of each slice and class:     {files.Scores}");
        Screen.Say($"Label map of the whole volume:      {files.LabelMap}");
        Screen.Say($"Weights:                            {files.Weights}");

        return Passed(
            (trained.Loss < (options.Quick ? 1 : 0.8) * trained.FirstLoss, "the loss did not fall"),
            (Equal(experiment.Model.state_dict(), reloaded.state_dict()), "the weights that were saved are not those that were trained"),
            (labels.AsSpan().SequenceEqual(predicted) && written.Geometry.Matches(subject.Image.Geometry, subject.Size), "the label map that was written reads differently"),
            (options.Quick || evaluation.Network.MeanDice > evaluation.Baseline, "the network is no better than copying a neighbouring slice"));
    }

    private static bool Equal(Dictionary<string, Tensor> weights, Dictionary<string, Tensor> others)
    {
        using var scope = NewDisposeScope();
        return weights.Count == others.Count && weights.All(entry => others.TryGetValue(entry.Key, out var other) && entry.Value.eq(other).all().item<bool>());
    }

    /// <summary>The pair of files that was asked for, the phantom, or the brain; the phantom also where the brain can't be fetched.</summary>
    public static async Task<Subject> LoadAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (options is { Image: { } image, Labels: { } labels }) return Subject.Of($"{image} with {labels}", Nifti.Read(image), Nifti.Read(labels));
        if (options.Phantom) return Phantom.Create(options.Seed);
        try
        {
            return await (options.Macaque ? BrainData.LoadMacaqueRegionsAsync(Screen.Say, cancellation) : BrainData.LoadAsync(Screen.Say, cancellation));
        }
        catch (DataUnavailableException problem)
        {
            Screen.Warn($"The brain can't be fetched: {problem.Message}");
            Screen.Warn("A generated phantom takes its place: its figures say nothing about brains. --image and --labels take any NIfTI pair.");
            return Phantom.Create(options.Seed);
        }
    }

    private static bool Passed(params ReadOnlySpan<(bool Holds, string Otherwise)> checks)
    {
        var passed = true;
        foreach (var (holds, otherwise) in checks)
        {
            if (!holds) Screen.Fail($"Check failed: {otherwise}.");
            passed &= holds;
        }
        return passed;
    }
}

/// <summary>Where the results go.</summary>
internal sealed record ResultFiles(string Picture, string Scores, string LabelMap, string Weights)
{
    /// <summary>Names the files and makes the folder.</summary>
    public static ResultFiles In(string folder)
    {
        Directory.CreateDirectory(folder);
        return new ResultFiles(Path.Combine(folder, "slices.png"), Path.Combine(folder, "scores.csv"), Path.Combine(folder, "labels.nii.gz"), Path.Combine(folder, "unet.safetensors"));
    }
}
