using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Scans;

namespace UNetFamily.Samples.BrainSegmentation.Experiments;

/// <summary>Slices with their neighbours through a network for images, and a training loop of its own: the most that a few minutes on a CPU give.</summary>
internal sealed class SliceExperiment : Experiment
{
    private readonly DemoOptions options;
    private readonly Subject subject;
    private readonly SliceSplit split;
    private readonly FieldOfView view;
    private readonly SliceSampler sampler;
    private readonly UNet model;

    public SliceExperiment(DemoOptions options, Subject subject, SliceSplit split, Device device)
    {
        (this.options, this.subject, this.split) = (options, subject, split);
        view = new FieldOfView(subject, split);
        model = new UNet(new UNetOptions
        {
            InChannels = SliceSampler.Channels,
            OutChannels = subject.Scheme.Names.Count,
            Widths = [16, 32, 64, 128],
            Upsampling = Upsampling.Interpolated,
        });
        model.to(device);
        sampler = new SliceSampler(subject, view, device, options.Seed);
    }

    public override SegmentationModel Model => model;

    public override string Description => string.Create(CultureInfo.InvariantCulture,
        $"U-Net, {model.parameters().Sum(parameter => parameter.numel()):N0} parameters, on slices of {view.Width} x {view.Height} pixels");

    public override Trained Train(CancellationToken cancellation)
    {
        var lesson = new Lesson(model, sampler, new BalancedLoss(subject, split), split.Training);
        var trainer = new LessonTrainer(model, new TrainingPlan(options.Iterations, options.Limit), lesson);
        var end = Screen.Train(report => trainer.Run(options.Seed, report, cancellation));
        return new Trained(end.Steps, end.Elapsed.TotalSeconds, end.FirstLoss, end.Loss);
    }

    // Whoever has the file can segment other scans with it; of those, the field of view isn't known, so windows of its size go over whole slices.
    public override void Save(string path) => model.Save(path, new ScanPreparation
    {
        Spacing = view.Pixel,
        NeighbourDistance = SliceSampler.NeighbourDistance,
        RoiSize = [view.Height, view.Width],
        Classes = [.. subject.Scheme.Names],
        MirrorSymmetric = subject.Scheme.MirrorSymmetric,
    }.ToNotes());

    public override byte[] Segment(SegmentationModel model, CancellationToken cancellation)
    {
        var slices = Enumerable.Range(0, subject.Size.Z).ToArray();
        var segmenter = new Segmenter(model, sampler, view, subject);
        return Screen.WithBar("Segmenting the volume", bar => segmenter.Segment(slices, done => bar((double)done / slices.Length, null), cancellation));
    }

    public override void Dispose()
    {
        sampler.Dispose();
        model.Dispose();
    }
}
