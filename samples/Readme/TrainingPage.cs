using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Readme;

/// <summary>The code of docs/training.md.</summary>
public static class TrainingPage
{
    public static void Patches()
    {
        (string Name, Tensor Image, Tensor Labels)[] scans = [("patient 1", rand([1, 40, 50, 60]), randint(0, 3, [40, 50, 60], ScalarType.Int64))];
        var steps = 2;

        #region patches
        var cases = scans.Select(scan => new TrainingCase(scan.Name, scan.Image, scan.Labels, classes: 3));     // (C, D, H, W) and (D, H, W)
        var loader = new PatchLoader(cases, new PatchLoaderOptions
        {
            PatchSize = (32, 48, 48),
            BatchSize = 2,                              // one of them is centred on foreground
            Augmentation = Augmentation.NnUNet(SpatialDims.Three, (32, 48, 48)),
            Seed = 1,                                   // batch k depends on the seed and k alone: a resumed training sees the same
        });
        foreach (var batch in loader.From(step: 0).Take(steps))         // made on other threads, ahead of the training step
        {
            Learn(batch.Images, batch.Labels);          // (2, C, 32, 48, 48) and (2, 32, 48, 48)
            batch.Dispose();
        }
        #endregion

        static void Learn(Tensor images, Tensor labels) => functional.cross_entropy(images.expand(-1, 3, -1, -1, -1), labels).Dispose();
    }

    #region augmentation
    private sealed record Bias : PatchAugmentation          // a smooth change of brightness from left to right
    {
        public double Strength { get; init; } = 0.3;

        protected override void Apply(TrainingPatch patch, PatchRandom random)
        {
            var slope = (float)random.Uniform(-Strength, Strength);
            for (var channel = 0; channel < patch.Channels; channel++)
            {
                var values = patch.Channel(channel);        // (D, H, W), to be changed in place
                for (var i = 0; i < values.Length; i++) values[i] += slope * (i % patch.Width) / patch.Width;
            }
        }
    }
    #endregion

    public static Augmentation Steps()
    {
        #region steps
        var augmentation = new Augmentation
        {
            Affine = new RandomAffine { Degrees = (-15, 15) },          // rotation and scale, while the patch is read
            Steps = [new RandomNoise { Probability = 0.1 }, new Bias { Probability = 0.5 }, new RandomMirror()],
        };
        #endregion
        return augmentation;
    }

    /// <summary>Two epochs instead of 200, into a folder that is there for it.</summary>
    public static TrainingResult Run(string folder)
    {
        using var model = new UNet(UNetOptions.Milesial(1, 2) with { Widths = [4, 8] });
        var loader = new Noise();
        var (trainer, options) = Long(model, loader, _ => 0.5);
        var shorter = new Trainer(model, loader, new DiceCELoss(), weights => optim.SGD(weights, 0.01), options with { Epochs = 2, StepsPerEpoch = 2, Folder = folder }) { Validate = trainer.Validate };
        using var stop = new CancellationTokenSource();
        return Show(shorter, stop);
    }

    private static (Trainer Trainer, TrainerOptions Options) Long(SegmentationModel model, IBatchSource loader, Func<SegmentationModel, double> meanDice)
    {
        #region trainer
        var options = new TrainerOptions
        {
            Epochs = 200,
            Precision = Precision.BFloat16,                 // float32 masters, norms and losses
            AverageDecay = 0.999,                           // of the weights, for validation and the result
            Patience = 30,
            Folder = "spleen",                              // last.safetensors, best.safetensors, log.csv, events for TensorBoard
            Resume = true,                                  // where it was interrupted, on the CPU bit for bit
        };
        var trainer = new Trainer(model, loader, new DiceCELoss(), weights => optim.SGD(weights, 0.01, momentum: 0.99, weight_decay: 3e-5, nesterov: true), options)
        {
            Validate = meanDice,
        };
        #endregion
        return (trainer, options);
    }

    private static TrainingResult Show(Trainer trainer, CancellationTokenSource stop)
    {
        #region run
        var result = trainer.Run(new Progress<TrainingProgress>(at => Console.Write($"\repoch {at.Epoch}, step {at.Step}, loss {at.Loss:0.000}")), stop.Token);
        Console.WriteLine($"{result.Stop} after {result.Epochs} epochs, best score {result.BestScore:0.000}");
        #endregion
        return result;
    }

    private sealed class Noise : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
        {
            while (true) yield return new(rand(2, 1, 32, 32), randint(0, 2, [2, 32, 32], ScalarType.Int64));
        }
    }
}
