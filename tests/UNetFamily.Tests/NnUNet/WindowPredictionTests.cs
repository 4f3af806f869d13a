using UNetFamily.NnUNet;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>Windows over a volume: the arithmetic of half precision, what is handed out when, and what is refused.</summary>
public class WindowPredictionTests
{
    private static readonly PlainConvUNetOptions Small = new() { InChannels = 1, OutChannels = 3, Stages = 2, FeaturesPerStage = [4, 6], SpatialDims = SpatialDims.Three, DeepSupervision = false };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Sums_are_those_of_half_precision_bit_for_bit(int folds)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        SegmentationModel[] networks = [.. Enumerable.Range(0, folds).Select(_ => Small.Build())];
        var volume = randn(1, 11, 13, 9);
        var prediction = new WindowPrediction { Patch = [8, 8, 12] };

        var logits = prediction.Logits(networks, new TensorImage(volume));

        var expected = Plain(networks, volume, prediction);
        logits.Equals(expected).Should().BeTrue("{0} numbers differ", logits.ne(expected).sum().ToInt64());
        prediction.Importance().gt(0).all().ToBoolean().Should().BeTrue();
        prediction.Importance().lt(6.1e-5).any().ToBoolean().Should().BeTrue("corners are subnormal, which is what the test is about");
        foreach (var network in networks) network.Dispose();
    }

    [Fact]
    public void Rows_come_once_in_order_as_soon_as_they_are_done()
    {
        using var scope = NewDisposeScope();
        using var network = Small.Build();
        var volume = randn(1, 30, 8, 8);
        var prediction = new WindowPrediction { Patch = [8, 8, 8] };
        var (next, seenAt) = (0L, new List<long>());
        var done = 0L;
        var whole = prediction.Logits([network], new TensorImage(volume));

        prediction.Rows([network], new TensorImage(volume), (first, rows) =>
        {
            first.Should().Be(next);
            rows.Equals(whole.narrow(1, first, rows.shape[1])).Should().BeTrue();
            next += rows.shape[1];
            seenAt.Add(done);
        }, new Immediate(at => done = at.Done));

        next.Should().Be(30);
        seenAt.First().Should().BeLessThan(3);
        seenAt.Should().BeInAscendingOrder();
    }

    [Fact]
    public void Slices_are_windows_of_their_own_where_the_patch_is_an_image()
    {
        using var scope = NewDisposeScope();
        using var network = (Small with { SpatialDims = SpatialDims.Two }).Build();
        network.eval();
        var volume = randn(1, 3, 8, 8);
        var prediction = new WindowPrediction { Patch = [8, 8], UseGaussian = false };

        var logits = prediction.Logits([network], new TensorImage(volume));

        using var noGradient = no_grad();
        var expected = stack([.. Enumerable.Range(0, 3).Select(slice => network.call(volume.narrow(1, slice, 1).transpose(0, 1)).Logits.squeeze(0))], 1);
        logits.Equals(expected.to(ScalarType.Float16)).Should().BeTrue();
    }

    [Fact]
    public void Progress_counts_each_view_of_each_fold()
    {
        using var scope = NewDisposeScope();
        using var network = Small.Build();
        List<WindowProgress> reports = [];

        new WindowPrediction { Patch = [8, 8, 8], MirrorAxes = [0, 2] }.Logits([network, network], new TensorImage(zeros(1, 12, 8, 8)), new Immediate(reports.Add)).Dispose();

        reports.Should().Equal(Enumerable.Range(1, 16).Select(done => new WindowProgress(done, 16)));
    }

    [Fact]
    public void Cancelling_ends_the_run_before_the_next_window()
    {
        using var scope = NewDisposeScope();
        using var network = Small.Build();
        using var cancellation = new CancellationTokenSource();
        var windows = 0;

        var run = () => new WindowPrediction { Patch = [8, 8, 8] }.Logits([network], new TensorImage(zeros(1, 30, 8, 8)), new Immediate(_ =>
        {
            windows++;
            cancellation.Cancel();
        }), cancellation.Token);

        run.Should().Throw<OperationCanceledException>();
        windows.Should().Be(1);
    }

    [Fact]
    public void Nothing_is_left_but_the_logits()
    {
        using var network = Small.Build();
        using var volume = randn(1, 12, 10, 8);
        var prediction = new WindowPrediction { Patch = [8, 8, 8], MirrorAxes = [0, 1, 2] };
        prediction.Logits([network], new TensorImage(volume)).Dispose();

        NoLeaks.During(() => prediction.Logits([network], new TensorImage(volume)).Dispose()).Should().Be(0);
    }

    [Fact]
    public void A_logit_that_is_too_large_is_named()
    {
        using var scope = NewDisposeScope();
        using var network = Small.Build();
        using (no_grad()) foreach (var weight in network.parameters()) weight.fill_(1e4f);

        var run = () => new WindowPrediction { Patch = [8, 8, 8] }.Logits([network], new TensorImage(randn(1, 8, 8, 8)));

        run.Should().Throw<NotFiniteNumberException>().WithMessage("The logit of head*must be finite*65504*");
    }

    public static TheoryData<WindowPrediction, string> Wrong => new()
    {
        { new() { Patch = [8] }, "Patch must have 2 or 3 sides*" },
        { new() { Patch = [8, 8] }, "Patch must have the network's 3 axes*" },
        { new() { Patch = [8, 8, 0] }, "Patch must have 2 or 3 sides of 1 or more*" },
        { new() { Patch = [8, 8, 8], StepSize = 0 }, "StepSize must be above 0*" },
        { new() { Patch = [8, 8, 8], StepSize = 1.5 }, "StepSize must be above 0 and at most 1*" },
        { new() { Patch = [8, 8, 8], MirrorAxes = [3] }, "MirrorAxes must be different axes from 0 to 2*" },
        { new() { Patch = [8, 8, 8], MirrorAxes = [1, 1] }, "MirrorAxes must be different axes*" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_settings_are_named(WindowPrediction prediction, string message)
    {
        using var scope = NewDisposeScope();
        using var network = Small.Build();

        var run = () => prediction.Logits([network], new TensorImage(zeros(1, 8, 8, 8)));

        run.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void A_large_scan_in_many_classes_takes_less_than_six_gigabytes()
    {
        using var scope = NewDisposeScope();
        var ct = ModelFolder.Read(Path.Combine(ReferenceCases.FolderOf("nnunet"), "c03_ct_norm", "model", "nnUNetTrainer__nnUNetPlans__3d_fullres"));
        var options = PlainConvUNetOptions.Planner3d(inChannels: 1, outChannels: 14) with { DeepSupervision = false };
        // The network's grid is the image's: the most that there can be.
        var folder = ct with { Network = options, Configuration = ct.Configuration with { Patch = [128, 128, 128], Spacing = [1, 0.8, 0.8] } };
        using var network = new FoldNetwork(options.Build());

        var memory = SegmentationMemory.Of(folder, new VolumeSize(600, 512, 512), new VolumeSpacing(1, 0.8, 0.8), network.WeightBytes + network.PeakBytes([128, 128, 128]));

        memory.Peak.Should().BeLessThan(6_000_000_000, "{0}", memory);
        memory.Sums.Should().BeGreaterThan(14L * 128 * 512 * 512 * 2, "that is what the rows of a window take");
    }

    /// <summary>The rule in plain loops.</summary>
    private static Tensor Plain(SegmentationModel[] networks, Tensor volume, WindowPrediction prediction)
    {
        using var noGradient = no_grad();
        var sides = volume.shape[1..];
        var patch = prediction.Patch;
        var map = prediction.Importance().to(ScalarType.Float32).data<float>().ToArray();
        var count = (int)(sides[0] * sides[1] * sides[2]);
        Half[][] folds = [.. networks.Select(_ => new Half[3 * count])];
        var weights = new Half[count];
        foreach (var start in prediction.Starts([.. sides]))
        {
            var window = zeros([1, 1, .. patch]);
            Each((inWindow, place, z, y, x) => window[0, 0, z, y, x] = volume[0, start[0] + z, start[1] + y, start[2] + x], start);
            for (var fold = 0; fold < networks.Length; fold++)
            {
                var logits = networks[fold].call(window).Logits.data<float>().ToArray();
                for (var head = 0; head < 3; head++)
                    Each((inWindow, place, _, _, _) => folds[fold][head * count + place] = (Half)((float)folds[fold][head * count + place] + logits[head * map.Length + inWindow] * map[inWindow]), start);
            }
            Each((inWindow, place, _, _, _) => weights[place] = (Half)((float)weights[place] + map[inWindow]), start);
        }
        var result = new float[3 * count];
        for (var i = 0; i < result.Length; i++)
        {
            var sum = (Half)((float)folds[0][i] / (float)weights[i % count]);
            for (var fold = 1; fold < folds.Length; fold++) sum = (Half)((float)sum + (float)(Half)((float)folds[fold][i] / (float)weights[i % count]));
            result[i] = folds.Length > 1 ? (float)(Half)((float)sum / folds.Length) : (float)sum;
        }
        return tensor(result).view([3, .. sides]).to(ScalarType.Float16);

        void Each(Action<int, int, long, long, long> act, ValueList<long> start)
        {
            for (var z = 0L; z < patch[0]; z++)
                for (var y = 0L; y < patch[1]; y++)
                    for (var x = 0L; x < patch[2]; x++)
                    {
                        var (a, b, c) = (start[0] + z, start[1] + y, start[2] + x);
                        if (a < 0 || b < 0 || c < 0 || a >= sides[0] || b >= sides[1] || c >= sides[2]) continue;
                        act((int)((z * patch[1] + y) * patch[2] + x), (int)((a * sides[1] + b) * sides[2] + c), z, y, x);
                    }
        }
    }

    private sealed class Immediate(Action<WindowProgress> report) : IProgress<WindowProgress>
    {
        public void Report(WindowProgress value) => report(value);
    }
}
