using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;
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
        var view = new FieldOfView(subject, split);
        var device = cuda.is_available() ? CUDA : CPU;
        Screen.Say($"Data: {subject.Description}; {subject.Size} voxels, {subject.Scheme.Names.Count - 1} classes.");
        Screen.Say($"Training slices: {split.Training.Length}. Held out: {split.Centres.Length} blocks of {split.Thickness} slices, judged by their centres {string.Join(", ", split.Centres)}.");

        manual_seed(options.Seed);
        var network = new UNetOptions
        {
            InChannels = SliceSampler.Channels,
            OutChannels = subject.Scheme.Names.Count,
            Widths = [16, 32, 64, 128],
            Upsampling = Upsampling.Interpolated,
        };
        using var model = new UNet(network).to(device);
        using var sampler = new SliceSampler(subject, view, device, options.Seed);
        var loss = new BalancedLoss(subject, split);
        Screen.Say(string.Create(CultureInfo.InvariantCulture,
            $"Network: U-Net, {model.parameters().Sum(parameter => parameter.numel()):N0} parameters, on {view.Width} x {view.Height} pixels, {device.type}."));

        var trainer = new LessonTrainer(model, new TrainingPlan(options.Iterations, options.Limit), new Lesson(model, sampler, loss, split.Training));
        var trained = Screen.Train(report => trainer.Run(options.Seed, report, cancellation));
        Screen.Say(string.Create(CultureInfo.InvariantCulture,
            $"Trained {trained.Steps} steps in {trained.Elapsed.TotalSeconds:0} s: loss {trained.FirstLoss:0.000} to {trained.Loss:0.000}, peak memory {Screen.PeakMemory()}."));

        var files = ResultFiles.In(options.Out);
        model.Save(files.Weights);
        using var reloaded = SegmentationModel.FromFile(files.Weights).to(device);

        // The volume is segmented with the weights that were saved, and judged as other programs will see it: read back from its file.
        var slices = Enumerable.Range(0, subject.Size.Z).ToArray();
        var segmenter = new Segmenter(reloaded, sampler, view, subject);
        var predicted = Screen.Segment(slices.Length, report => segmenter.Segment(slices, report, cancellation));
        Nifti.WriteLabels(files.LabelMap, predicted, subject.Size, subject.Image.Geometry);
        var written = Nifti.Read(files.LabelMap);
        var labels = Array.ConvertAll(written.Values, value => (byte)value);

        var evaluation = Evaluation.Of(subject, split, labels);
        Screen.Table(subject.Scheme, evaluation);
        Screen.Say("One head only: this tells how well unseen slices of it are filled in, not how the network does on other people.");
        Sheet.Draw(subject, labels, split.Centres).Save(files.Picture);
        Screen.Say($"Picture (slice, truth, prediction): {files.Picture}");
        Screen.Say($"Label map of the whole volume:      {files.LabelMap}");
        Screen.Say($"Weights:                            {files.Weights}");

        var unsaved = new Segmenter(model, sampler, view, subject).Segment(split.Centres, cancellation: cancellation);
        return Passed(
            (trained.Loss < 0.8 * trained.FirstLoss, "the loss did not fall"),
            (split.Centres.Select((z, index) => (z, index)).All(centre => labels.AsSpan(centre.z * subject.Size.Slice, subject.Size.Slice)
                .SequenceEqual(unsaved.AsSpan(centre.index * subject.Size.Slice, subject.Size.Slice))), "the saved weights give other labels than the trained network"),
            (labels.AsSpan().SequenceEqual(predicted) && written.Geometry.Matches(subject.Image.Geometry, subject.Size), "the label map that was written reads differently"),
            (options.Quick || evaluation.Network.Mean > evaluation.Baseline, "the network is no better than copying a neighbouring slice"));
    }

    /// <summary>The pair of files that was asked for, the phantom, or the brain; the phantom also where the brain can't be fetched.</summary>
    public static async Task<Subject> LoadAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (options is { Image: { } image, Labels: { } labels }) return Subject.Of($"{image} with {labels}", Nifti.Read(image), Nifti.Read(labels));
        if (options.Phantom) return Phantom.Create(options.Seed);
        try
        {
            return await BrainData.LoadAsync(Screen.Say, cancellation);
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
internal sealed record ResultFiles(string Picture, string LabelMap, string Weights)
{
    /// <summary>Names the files and makes the folder.</summary>
    public static ResultFiles In(string folder)
    {
        Directory.CreateDirectory(folder);
        return new ResultFiles(Path.Combine(folder, "slices.png"), Path.Combine(folder, "labels.nii.gz"), Path.Combine(folder, "unet.safetensors"));
    }
}
