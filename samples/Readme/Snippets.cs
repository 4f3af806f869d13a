using TorchSharp;
using UNetFamily;
using UNetFamily.Imaging;
using UNetFamily.NnUNet;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Readme;

/// <summary>The regions are the README's code, line for line; a test compares them.</summary>
public static class Snippets
{
    public static void Segment()
    {
        using var image = rand(1, 3, 64, 64);

        #region segment
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2 });
        model.eval();

        using var noGradient = no_grad();
        using var output = model.call(image);           // (N, 3, H, W) -> output.Logits: (N, 2, H, W)
        using var mask = output.Logits.argmax(1);       // the class of each pixel
        #endregion
    }

    public static void Train()
    {
        (Tensor Image, Tensor Mask)[] batches = [(rand(2, 3, 32, 32), randint(0, 2, [2, 32, 32], ScalarType.Int64))];

        #region train
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2) with { Widths = [16, 32, 64, 128] });
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);

        foreach (var (image, mask) in batches)
        {
            using var scope = NewDisposeScope();        // frees whatever the step creates
            using var output = model.call(image);
            var loss = functional.cross_entropy(output.Logits, mask);

            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
        #endregion
    }

    public static void Volumes()
    {
        using var volume = rand([1, 1, 16, 32, 32]);

        #region volumes
        var options = new UNetOptions
        {
            InChannels = 1,
            OutChannels = 4,
            SpatialDims = SpatialDims.Three,            // (N, C, D, H, W) instead of (N, C, H, W)
            Widths = [16, 32, 64],
            Norm = Normalization.Instance,
        };
        using var model = options.Build();
        using var output = model.call(volume);
        #endregion
    }

    public static void WholeVolumes()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        using var scan = rand([1, 20, 40, 40]);
        using var hounsfield = randint(-1024, 3072, [1, 20, 40, 40], ScalarType.Int16);

        #region whole volumes
        var sliding = new SlidingWindow { RoiSize = (16, 32, 32), Overlap = [0.5], Mode = BlendMode.Gaussian, MirrorAxes = [0, 1, 2] };
        using var labels = sliding.Labels(model, scan);                 // (C, D, H, W) -> (D, H, W): logits of the whole never exist at once
        using var probabilities = sliding.Probabilities(model, scan);   // (classes, D, H, W)

        using var file = File.Create("labels.raw");                     // 16-bit voxels in, finished slices out
        sliding.Labels(model, new TensorImage(hounsfield, scale: 1 / 500.0), (slice, slices) => file.Write(slices.bytes));
        #endregion
    }

    public static void Plan()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        using var window = rand([1, 1, 16, 32, 32]);

        #region plan
        using var plan = model.ForInference(16, 32, 32);                // as long as four predictions
        using var logits = plan.Run(window);                            // (N, C, D, H, W) -> (N, classes, D, H, W), equal to rounding
        Console.WriteLine(plan);                                        // every step, its memory layout, and what it took
        #endregion
    }

    public static void SegmentFolder()
    {
        #region model folders of nnU-Net
        using var model = NnUNetModel.Open("Dataset001_Brain/nnUNetTrainer__nnUNetPlans__3d_fullres");
        foreach (var image in ImageCase.In("images", model.Folder.Dataset))     // CASE_0000.nii.gz, CASE_0001.nii.gz ...
            model.Segment(image, "labels");                                     // labels/CASE.nii.gz on the grid of the image
        #endregion
    }

    public static void Images()
    {
        #region images
        var head = ImageFile.Read("head.nii.gz");                        // NIfTI, NRRD, MetaImage, PNG, BMP, TIFF
        ushort[] bright = [.. head.Values.Select(value => (ushort)(value > 100 ? 1 : 0))];      // (Z, Y, X), X fastest
        ImageFile.WriteLabels("bright.nii.gz", bright, head.Size, head.Geometry);               // lies on the image in every viewer

        var millimetre = new VolumeSpacing(1, 1, 1);
        var size = ResampledSize.Of(head.Size, head.Spacing, millimetre);
        var even = VolumeResampling.Resample(head.Values, head.Size, size, head.Spacing, millimetre, ResamplingRule.Data);      // cubic, as SciPy and nnU-Net do it
        #endregion

        Console.WriteLine($"{even.Length} voxels");
    }

    public static void Prune()
    {
        using var image = rand(1, 1, 64, 64);
        (Tensor Images, Tensor Labels)[] validation = [(rand(2, 1, 64, 64), randint(0, 3, [2, 64, 64], ScalarType.Int64))];

        #region prune
        using var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(inChannels: 1, outChannels: 3, deepSupervision: true));
        model.eval();                                           // after training on every branch: output.FinestFirst

        Console.WriteLine(LevelComparison.Measure(model, validation));  // Dice, time and size of each branch
        using var small = model.Prune(level: 2);                // a network of its own, with 6 % of the weights
        using var output = small.call(image);                   // bit for bit the second branch of the large one
        #endregion
    }

    public static void Checkpoints()
    {
        new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2)).Export("unet_carvana.pth", UNetKeyMaps.Milesial);

        #region checkpoints
        using var model = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2));
        model.Load("unet_carvana.pth");                         // finds the weights and the project whose names they have; checks everything, then loads

        model.Save("mine.safetensors");                         // weights, network, options and any notes of yours in one file
        using var again = SegmentationModel.FromFile("mine.safetensors");      // in evaluation mode, ready to predict
        model.Export("theirs.safetensors", UNetKeyMaps.Milesial);       // for the original's Python code
        #endregion
    }

    public static void Domains()
    {
        using var volume = rand([1, 1, 32, 64, 32]);

        #region domains
        using var model = U2Net3dOptions.Universal(["heart", "liver"]).Build();   // to be trained, a batch of one domain at a time
        using var liver = model.ForDomain("liver");             // a network as any other, on the same weights
        using var output = liver.call(volume);

        using var spleen = model.AddDomain("spleen");           // 2 % more weights; all others are frozen now
        using var optimizer = optim.Adam(model.ParametersOf("spleen").Select(own => own.Parameter), lr: 3e-4);
        model.SaveDomain("spleen", "spleen.safetensors");       // what it has for itself, for LoadDomain
        #endregion
    }

    public static void Losses()
    {
        using var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 4, deepSupervision: true) with { Widths = [4, 8, 16] });
        var (image, mask) = (rand(1, 1, 32, 32), randint(0, 4, [1, 32, 32], ScalarType.Int64));
        var cells = randint(0, 9, [1, 32, 32], ScalarType.Int64);

        #region losses
        var loss = new DiceCELoss { IncludeBackground = false, Batch = true, IgnoreIndex = 255 };       // nnU-Net's
        var everyMap = new DeepSupervisionLoss(loss, SupervisionWeights.NnUNet);                        // 1, 1/2, 1/4, …, 0

        using var scope = NewDisposeScope();
        using var output = model.call(image);
        everyMap.Of(output, mask).backward();           // mask: (N, H, W) of class indices, or (N, C, H, W) one-hot

        var weights = new BoundaryWeights { W0 = 10, Sigma = 5 }.Of(cells);                             // the U-Net paper's weight map
        var weighted = new SoftmaxCrossEntropyLoss().Of(output.Logits, mask, weights);
        #endregion
    }

    public static void Metrics()
    {
        (string Name, Tensor Predicted, Tensor Truth)[] validation = [("patient 1", randint(0, 3, [8, 16, 16], ScalarType.Int64), randint(0, 3, [8, 16, 16], ScalarType.Int64))];

        #region metrics
        var metrics = new SegmentationMetrics(new MetricOptions
        {
            Classes = ["background", "liver", "spleen"],
            EmptyClass = EmptyClass.Skip,                       // a class that is neither labelled nor predicted says nothing
            MissingSurface = MissingSurface.ImageDiagonal,      // a missed organ is as far away as can be
            Tolerance = [2],                                    // mm, for normalised surface Dice
        });
        foreach (var (name, predicted, truth) in validation) metrics.Add(name, predicted, truth, 5, 0.8, 0.8);     // (D, H, W) labels, spacing in mm

        var report = metrics.Report();
        Console.WriteLine($"Dice {report.Mean.Dice:0.000}, 95th percentile of Hausdorff {report.Mean.HausdorffPercentile:0.0} mm, {report.PerClass[1].Missed} spleens missed");
        File.WriteAllText("scores.csv", report.ToCsv());
        #endregion
    }

    public static void TrainingData()
    {
        (string Name, Tensor Image, Tensor Labels)[] scans = [("patient 1", rand([1, 40, 50, 60]), randint(0, 3, [40, 50, 60], ScalarType.Int64))];
        var steps = 2;

        #region training-data
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

    public static void LongTraining()
    {
        using var model = new UNet(UNetOptions.Milesial(1, 2));
        IBatchSource loader = new Noise();
        Func<SegmentationModel, double> meanDice = _ => 0.5;
        using var stop = new CancellationTokenSource();

        #region training
        var trainer = new Trainer(model, loader, new DiceCELoss(), weights => optim.SGD(weights, 0.01, momentum: 0.99, weight_decay: 3e-5, nesterov: true), new TrainerOptions
        {
            Epochs = 200,
            Precision = Precision.BFloat16,                 // float32 masters, norms and losses
            AverageDecay = 0.999,                           // of the weights, for validation and the result
            Patience = 30,
            Folder = "spleen",                              // last.safetensors, best.safetensors, log.csv, events for TensorBoard
            Resume = true,                                  // where it was interrupted, on the CPU bit for bit
        })
        {
            Validate = meanDice,
        };
        trainer.Run(new Progress<TrainingProgress>(at => Console.Write($"\repoch {at.Epoch}, step {at.Step}, loss {at.Loss:0.000}")), stop.Token);
        #endregion
    }

    private sealed class Noise : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
        {
            while (true) yield return new(rand(2, 1, 32, 32), randint(0, 2, [2, 32, 32], ScalarType.Int64));
        }
    }

    #region block
    private sealed class GatedUp : Block2       // a step of a decoder: raise, gate the skip, join, convolve
    {
        private readonly Module<Tensor, Tensor> up;
        private readonly LstmAttentionGate gate;
        private readonly DoubleConv conv;

        public GatedUp(SpatialDims dims, long below, long skip) : base(nameof(GatedUp))
        {
            up = Upsampling.Transposed.Build(dims, below, skip, scale: 2);
            gate = new LstmAttentionGate(dims, signal: skip, skip: skip);
            conv = new DoubleConv(dims, 2 * skip, skip, Normalization.Instance);
            RegisterComponents();
        }

        protected override FeatureMap Flow(FeatureMap below, FeatureMap skip)
        {
            var raised = below.Through(up).PadTo(skip);
            return FeatureMap.Concat(raised.Through(gate, skip), raised).Through(conv);
        }
    }
    #endregion

    public static Tensor Compose(Tensor below, Tensor skip)
    {
        using var block = new GatedUp((SpatialDims)(skip.dim() - 2), below.shape[1], skip.shape[1]);
        return block.call(below, skip);
    }

    public static void Onnx()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [8, 16], Norm = Normalization.Instance });
        using var scan = rand(1, 100, 120);

        #region onnx
        model.ExportOnnx("net.onnx", 64, new OnnxExportOptions { Notes = new Dictionary<string, string> { ["classes"] = "background, liver, spleen" } });

        using var network = OnnxNetwork.FromFile("net.onnx", new OnnxRunOptions { ExecutionProviders = ["cpu"] });     // or cuda, directml, coreml …
        var sliding = new SlidingWindow { RoiSize = 64, Overlap = [0.5], Mode = BlendMode.Gaussian };
        using var labels = sliding.Labels(network, scan);               // as with a network of TorchSharp
        var plain = sliding.Labels(network, scan.data<float>().ToArray(), [1, 100, 120]);      // the same on plain memory: no libtorch is loaded
        Console.WriteLine(network.Metadata["classes"]);
        #endregion
    }

    public static string Inspect()
    {
        #region inspect
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2 });
        var summary = model.Summary(256, 256);                          // from shapes alone: nothing runs
        Console.WriteLine(summary.ToString(depth: 1));
        Console.WriteLine(summary.Root.Find("down.3").Macs);            // any part of it, as numbers

        var fit = model.Fits(8_000_000_000, new FitRequest { CaseSize = [768, 1024] });
        Console.WriteLine(fit);                                         // patch and batch for training in 8 GB
        #endregion
        return $"{summary.ToString(depth: 1)}\n{fit}";
    }
}
