using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Scans;

namespace UNetFamily.Samples.BrainSegmentation.Experiments;

/// <summary>
/// Patches of the volume through a network for volumes, the whole path of the library: patches with foreground oversampling and augmentation, a training that can be interrupted and
/// resumed, and a sliding window over the whole. It takes longer than slices, and asks for a GPU when the volumes grow.
/// </summary>
internal sealed class VolumeExperiment : Experiment
{
    // Coarse enough that a patch shows most of a brain: which lobe a voxel belongs to can be told from where it is alone.
    private const double Spacing = 3;
    private static readonly long[] Patch = [48, 64, 48];
    private const int BatchSize = 1;
    private const double PeakRate = 1e-2;
    private const int StepsPerEpoch = 10;
    private const int Validations = 4;
    private const int HeldOut = 255;

    private readonly DemoOptions options;
    private readonly Subject subject;
    private readonly SliceSplit split;
    private readonly UNet model;
    private readonly ScanPreparation preparation;

    public VolumeExperiment(DemoOptions options, Subject subject, SliceSplit split, Device device)
    {
        (this.options, this.subject, this.split) = (options, subject, split);
        model = new UNet(new UNetOptions
        {
            InChannels = 1,
            OutChannels = subject.Scheme.Names.Count,
            SpatialDims = SpatialDims.Three,
            Widths = [16, 32, 64, 128],
            Upsampling = Upsampling.Interpolated,
            Norm = Normalization.Instance,
        });
        model.to(device);
        preparation = new ScanPreparation
        {
            Spacing = Spacing,
            RoiSize = [.. Patch],
            Classes = [.. subject.Scheme.Names],
            MirrorSymmetric = subject.Scheme.MirrorSymmetric,
        };
    }

    public override SegmentationModel Model => model;

    public override string Description => string.Create(CultureInfo.InvariantCulture,
        $"U-Net for volumes, {model.parameters().Sum(parameter => parameter.numel()):N0} parameters, on patches of {string.Join(" x ", Patch)} voxels of {Spacing} mm");

    private string Folder => Path.Combine(options.Out, "training");

    public override Trained Train(CancellationToken cancellation)
    {
        var epochs = (options.Iterations + StepsPerEpoch - 1) / StepsPerEpoch;
        var loss = new BalancedLoss(subject, split, HeldOut);
        var trainer = new Trainer(model, Batches(), (output, labels) => loss.Of(output.Logits, labels), parameters => optim.AdamW(parameters, PeakRate, weight_decay: 1e-2), new TrainerOptions
        {
            Epochs = epochs,
            StepsPerEpoch = StepsPerEpoch,
            Schedule = LearningRateSchedule.Cosine().WithWarmUp(options.Iterations / 20),
            AverageDecay = 0.98,
            ValidateEvery = epochs < Validations ? epochs : epochs / Validations,
            TimeLimit = options.Limited ? options.Limit : null,
            Folder = Folder,
            Resume = options.Resume,
            Seed = options.Seed,
        })
        {
            // Only for the curve: the last weights are kept, whatever slices that are not trained on say of earlier ones.
            Validate = network => Evaluation.Of(subject, split, Whole(network, preparation with { Overlap = 0.1, MirrorSymmetric = false }, null, cancellation)).Network.MeanDice,
        };

        if (!options.Resume && Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        var losses = new Queue<double>();
        var result = Screen.WithBar("Training", bar => trainer.Run(new ImmediateProgress<TrainingProgress>(progress =>
        {
            if (progress.EndsEpoch) return;
            losses.Enqueue(progress.Loss);
            if (losses.Count > StepsPerEpoch) losses.Dequeue();
            var total = epochs * StepsPerEpoch;
            var left = TimeSpan.FromSeconds(progress.Seconds * (total - progress.Step) / progress.Step);
            bar((double)progress.Step / total, string.Create(CultureInfo.InvariantCulture, $"Training: step {progress.Step}, loss {losses.Average():0.000}, {left:h\\:mm\\:ss} left"));
        }), cancellation));

        if (result.Stop is TrainingStop.TimeLimit) Screen.Warn("The time was up before the last step; --resume with more --minutes goes on.");
        var log = TrainingLog.Read(Path.Combine(Folder, "log.csv"));
        var curve = Path.Combine(options.Out, "curve.png");
        LearningCurve.Save(curve, log, new() { Title = $"U-Net on {subject.Description}", Score = "mean Dice, held-out slices" });
        Screen.Say($"Loss and Dice over the epochs: {curve} (also in TensorBoard: tensorboard --logdir {Folder})");
        return new Trained(result.Steps, log[^1].Seconds, log[0].Loss, log[^1].Loss);
    }

    public override void Save(string path) => model.Save(path, preparation.ToNotes());

    public override byte[] Segment(SegmentationModel model, CancellationToken cancellation) => Screen.WithBar("Segmenting the volume", bar =>
        Whole(model, preparation, new ImmediateProgress<WindowProgress>(progress => bar((double)progress.Done / progress.Total, null)), cancellation));

    public override void Dispose() => model.Dispose();

    private byte[] Whole(SegmentationModel network, ScanPreparation how, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        using var scans = new ScanNetwork(network, how);
        return scans.SegmentNormalized(subject.Image, progress, cancellation).Labels.ToArray();
    }

    // Slices that are held out keep their image, as any scan to be segmented has one, but teach nothing: their label is one to ignore.
    private PatchLoader Batches()
    {
        var labels = (byte[])subject.Labels.Clone();
        foreach (var z in Enumerable.Range(0, subject.Size.Z).Except(split.Training)) labels.AsSpan(z * subject.Size.Slice, subject.Size.Slice).Fill(HeldOut);

        using var scope = NewDisposeScope();
        var grid = new ScanGrid(subject.Size, subject.Image.Geometry, Spacing);
        var image = grid.Image(subject.Image.Values);
        var head = new TrainingCase("head", image, grid.Labels(labels), subject.Scheme.Names.Count, HeldOut);
        return new PatchLoader([head], new PatchLoaderOptions
        {
            PatchSize = Extent.Of(Patch),
            BatchSize = BatchSize,
            PaddingValue = image.min().ToSingle(),
            PaddingLabel = HeldOut,
            Seed = options.Seed,
            Workers = 1,
            Augmentation = new Augmentation
            {
                Affine = new RandomAffine { RotationProbability = 0.5, Degrees = (-15, 15), ScaleProbability = 0.5, Scale = (0.85, 1.15) },
                Steps =
                [
                    new RandomNoise(),
                    new RandomBrightness(),
                    new RandomContrast(),
                    new RandomGamma(),
                    .. preparation.MirrorSymmetric ? (PatchAugmentation[])[new RandomMirror { Axes = [2] }] : [],
                ],
            },
        });
    }
}
