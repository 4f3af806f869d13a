using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace UNetFamily.Benchmarks;

/// <summary>Measures one job in this process. <c>python/measure.py</c> does the same, step by step.</summary>
internal static class Measurement
{
    private const int AddsPerRepetition = 1000;
    private const int FewestRepetitions = 3;

    public const int WindowClasses = 14;

    public static Measured Run(Job job)
    {
        // As in a program that makes its network before it uses TorchSharp otherwise.
        NativeThreads.Rest();
        if (job.Threads > 0) set_num_threads(job.Threads);
        // As where the library runs a network; UNETFAMILY_KEEP_FREED_BLOCKS=0 shows what it costs without.
        if (Allocator.IsAutomatic) Allocator.KeepFreedBlocks();
        random.manual_seed(1);
        var milliseconds = job.Benchmark switch
        {
            Benchmark.Overhead => Overhead(job),
            Benchmark.Flow => FlowOfAdds(job),
            Benchmark.Attention => Attention(job),
            Benchmark.Forward or Benchmark.Plan when job.InOnnxRuntime => OnnxForward.Measure(job, Repeat),
            Benchmark.Forward => Forward(job),
            Benchmark.Plan => Plan(job),
            Benchmark.Window => Window(job),
            Benchmark.Stages => Repeat(job, Stages.Of(job.Network!, (int)job.Input[^1])),
            _ => Step(job),
        };
        using var process = Process.GetCurrentProcess();
        return new Measured(__version__, get_num_threads(), milliseconds, process.PeakWorkingSet64 / 1e6);
    }

    private static double[] Overhead(Job job)
    {
        using var a = randn([4, 4], device: device(job.Device));
        using var b = randn([4, 4], device: device(job.Device));
        return [.. Repeat(job, Adds).Select(total => total / AddsPerRepetition)];

        void Adds()
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < AddsPerRepetition; i++) _ = a + b;
        }
    }

    private static double[] FlowOfAdds(Job job)
    {
        using var block = new AddsBlock();
        using var a = randn([4, 4], device: device(job.Device));
        using var b = randn([4, 4], device: device(job.Device));
        return [.. Repeat(job, () => block.call(a, b).Dispose()).Select(total => total / AddsPerRepetition)];
    }

    /// <summary>The adds of <see cref="Overhead"/> as a flow: each is described, checked, computed, and freed because nothing uses it.</summary>
    private sealed class AddsBlock() : Block2(nameof(AddsBlock))
    {
        protected override FeatureMap Flow(FeatureMap first, FeatureMap second)
        {
            var sum = first + second;
            for (var i = 1; i < AddsPerRepetition; i++) sum = first + second;
            return sum;
        }
    }

    private static double[] Attention(Job job)
    {
        using var attention = new EfficientPairedAttention(channels: job.Input[1], tokens: job.Input[2]);
        attention.to(device(job.Device));
        attention.eval();
        using var input = randn(job.Input, device: device(job.Device));
        using var mode = no_grad();
        return Repeat(job, () => attention.call(input).Dispose());
    }

    private static double[] Forward(Job job)
    {
        using var model = ModelCatalog.Find(job.Network!).Options.Build();
        model.to(device(job.Device));
        model.eval();
        using var input = randn(job.Input, device: device(job.Device));
        using var mode = no_grad();
        return Repeat(job, () => model.call(input).Dispose());
    }

    private static double[] Plan(Job job)
    {
        using var model = ModelCatalog.Find(job.Network!).Options.Build();
        model.to(device(job.Device));
        using var plan = model.ForInference(job.Input.AsSpan(2), job.Input[0]);
        using var input = randn(job.Input, device: device(job.Device));
        return Repeat(job, () => plan.Run(input).Dispose());
    }

    private static double[] Step(Job job)
    {
        using var model = ModelCatalog.Find(job.Network!).Options.Build();
        model.to(device(job.Device));
        model.train();
        using var optimizer = optim.SGD(model.parameters(), 1e-3, momentum: 0.9);
        using var input = randn(job.Input, device: device(job.Device));
        using var target = Target(model, input);
        return Repeat(job, TrainingStep);

        void TrainingStep()
        {
            using var scope = NewDisposeScope();
            var output = model.call(input);
            var loss = functional.cross_entropy(output.Logits, target);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
    }

    /// <summary>Labels of a volume in 16-bit numbers, as CT has them, by a small network: what counts is the memory, and that nothing but the network takes long.</summary>
    private static double[] Window(Job job)
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = WindowClasses, SpatialDims = SpatialDims.Three, Widths = [2, 4], Norm = Normalization.None });
        model.to(device(job.Device));
        using var volume = empty(job.Input, ScalarType.Int16);
        for (var slice = 0L; slice < job.Input[1]; slice++)
        {
            using var scope = NewDisposeScope();
            volume.select(1, slice).copy_(randint(-1024, 3072, [1, job.Input[2], job.Input[3]], ScalarType.Int16));
        }

        var settings = new SlidingWindow { RoiSize = (64, 128, 128), Mode = BlendMode.Gaussian };
        var labels = new byte[volume.numel()];
        var start = Stopwatch.GetTimestamp();
        settings.Labels(model, new TensorImage(volume, scale: 1 / 500.0), (row, rows) => rows.bytes.CopyTo(labels.AsSpan((int)(row * job.Input[2] * job.Input[3]))));
        return [Stopwatch.GetElapsedTime(start).TotalMilliseconds];
    }

    private static Tensor Target(SegmentationModel model, Tensor input)
    {
        using var mode = no_grad();
        using var output = model.call(input);
        var (batch, classes, sides) = (output.Logits.shape[0], output.Logits.shape[1], output.Logits.shape[2..]);
        return randint(0, classes, [batch, .. sides], ScalarType.Int64, input.device);
    }

    /// <summary>Milliseconds of each repetition, the first, which warms up, left out.</summary>
    private static double[] Repeat(Job job, Action action)
    {
        var milliseconds = new List<double>();
        Timed();
        var watch = Stopwatch.StartNew();
        var fewest = job.Seconds > 0 ? FewestRepetitions : 1;
        while (milliseconds.Count < fewest || watch.Elapsed.TotalSeconds < job.Seconds) milliseconds.Add(Timed());
        return [.. milliseconds];

        double Timed()
        {
            var start = Stopwatch.GetTimestamp();
            action();
            if (job.Device != "cpu") cuda.synchronize();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
