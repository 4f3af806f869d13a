namespace UNetFamily.Tests.Inference;

/// <summary>How it behaves: memory, modes, errors, progress.</summary>
public class SlidingWindowConductTests
{
    private static readonly SlidingWindow Settings = new() { RoiSize = (8, 12), Mode = BlendMode.Gaussian, SwBatchSize = 3, MirrorAxes = [1] };

    [Fact]
    public void It_leaves_its_result_alive_and_nothing_else()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (SlidingWindowTests.TinyUNet([1, 1, 30, 30]), randn(1, 1, 30, 30));
        using var flat = image[0];
        NoLeaks.During(() => Settings.Logits(model, image)).Should().Be(1);
        NoLeaks.During(() => Settings.Probabilities(model, flat)).Should().Be(1);
        NoLeaks.During(() => Settings.Labels(model, flat)).Should().Be(1);
        NoLeaks.During(() => Settings.Labels(model, new TensorImage(flat), (_, labels) => labels.sum())).Should().Be(0, "the callback runs in a scope");
    }

    [Fact]
    public void An_error_in_the_predictor_leaves_nothing_alive()
    {
        using var scope = NewDisposeScope();
        var image = randn(1, 1, 30, 30);
        var calls = 0;
        NoLeaks.During(() => FluentActions.Invoking(() => Settings.Logits(Fails, image)).Should().Throw<TimeoutException>()).Should().Be(0);
        NoLeaks.During(() => FluentActions.Invoking(() => Settings.Logits(window => window.narrow(2, 0, 4), image)).Should().Throw<InvalidOperationException>()
            .WithMessage("The predictor must return (B, classes, …spatial) = (3, classes, 8, 12) for windows (3, 1, 8, 12); it returned (3, 1, 4, 12).")).Should().Be(0);

        Tensor Fails(Tensor windows) => ++calls < 4 ? windows * 2 : throw new TimeoutException();
    }

    [Fact]
    public void Every_module_keeps_its_mode()
    {
        using var scope = NewDisposeScope();
        var image = randn(1, 1, 30, 30);
        var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [3, 4] });
        model.train();
        var frozen = model.modules().OfType<BatchNorm>().First();
        frozen.eval();
        var before = model.modules().Select(module => module.training).ToArray();

        var logits = Settings.Logits(model, image);
        Modes().Should().Equal(before);
        FluentActions.Invoking(() => Settings.Logits(model, image, new Stop())).Should().Throw<TimeoutException>();
        Modes().Should().Equal(before);
        logits.requires_grad.Should().BeFalse();

        model.eval();
        TensorAssert.Equal(logits, Settings.Logits(model, image), "the result in evaluation mode");

        IEnumerable<bool> Modes() => model.modules().Select(module => module.training);
    }

    [Fact]
    public void The_view_of_a_domain_is_evaluated_with_the_layers_of_the_whole_network()
    {
        using var scope = NewDisposeScope();
        var model = U2Net3dOptions.Universal(["heart", "liver"]).Build();
        model.train();
        var (view, image) = (model.ForDomain("liver"), randn([1, 1, 32, 32, 64]));
        var meanwhile = new List<bool>();
        var logits = new SlidingWindow().Logits(view, image, new Teller(_ => meanwhile.AddRange(model.modules().Select(module => module.training))));

        meanwhile.Should().NotBeEmpty().And.OnlyContain(training => !training);
        model.modules().Should().OnlyContain(module => module.training);
        using var noGradient = no_grad();
        TensorAssert.Equal(logits, view.call(image).Logits);
    }

    [Fact]
    public void It_tells_how_far_it_is_and_can_be_stopped()
    {
        using var scope = NewDisposeScope();
        using var cancellation = new CancellationTokenSource();
        var image = randn(2, 1, 30, 30);
        var told = new List<WindowProgress>();

        // Starts 0, 6, … 18, 22 and 0, 9, 18: 15 windows in 2 views of 2 images, 3 at a time.
        Settings.Labels(window => window.alias(), image, new Teller(told.Add));
        told.Should().Equal(Enumerable.Range(1, 20).Select(batch => new WindowProgress(3 * batch, 60)));

        told.Clear();
        var leaked = NoLeaks.During(() => FluentActions.Invoking(() => Settings.Labels(window => window.alias(), image, new Teller(StopAtSix), cancellation.Token)).Should().Throw<OperationCanceledException>());
        told.Should().Equal(new WindowProgress(3, 60), new WindowProgress(6, 60));
        leaked.Should().Be(0);

        void StopAtSix(WindowProgress progress)
        {
            told.Add(progress);
            if (progress.Done == 6) cancellation.Cancel();
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(24)]
    public void Sums_are_kept_for_the_rows_of_a_window(long rows)
    {
        SlabSums.Rows(new WindowGrid([600, 512, 512], [rows, 64, 64], [0.5])).Should().Be(rows);
        SlabSums.Rows(new WindowGrid([5, 512, 512], [rows, 64, 64], [0.5])).Should().Be(5);
    }

    [PeakMemoryTheory]
    [InlineData(512)]
    [InlineData(2048)]
    public void Memory_for_labels_does_not_grow_with_the_rows_of_a_volume(long depth)
    {
        using var scope = NewDisposeScope();
        using var volume = zeros([1, depth, 64, 64], ScalarType.Int16);
        var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 16, SpatialDims = SpatialDims.Three, Widths = [1, 1], Norm = Normalization.None });
        var settings = new SlidingWindow { RoiSize = (16, 32, 32), Overlap = [0.25] };
        settings.Labels(model, new TensorImage(volume.narrow(1, 0, 64)), (_, _) => { });

        // All logits at once would be 128 or 512 MiB, those of 16 rows are 4.
        PeakMemory.During(() => settings.Labels(model, new TensorImage(volume), (_, _) => { })).Should().BeLessThan(40 << 20);
    }

    public static IEnumerable<object[]> WrongSettings() =>
    [
        [new SlidingWindow { RoiSize = (8, 8, 8) }, "RoiSize must be one number or 2, is (8, 8, 8)."],
        [new SlidingWindow { RoiSize = (-1, 8) }, "RoiSize must be positive, or 0 for a whole axis; it is (-1, 8). Nearest: (0, 8)."],
        [new SlidingWindow { SwBatchSize = 0, Overlap = [1.5] }, "SwBatchSize must be 1 or more, is 0. Nearest: 1. Overlap must be from 0 to below 1, is [1.5]. Nearest: [0.9]."],
        [new SlidingWindow { Overlap = [0.5, -0.5] }, "Overlap must be from 0 to below 1, is [0.5, -0.5]. Nearest: [0.5, 0]."],
        [new SlidingWindow { Overlap = [0.5, 0.5, 0.5], SigmaScale = [0] }, "Overlap must have 1 value or 2, has 3. SigmaScale must be above 0, is [0]. Usual: 0.125."],
        [new SlidingWindow { PaddingMode = PaddingModes.Zeros }, "PaddingMode must be Constant, Reflect, Replicate or Circular, is Zeros. Nearest: Constant with Cval = 0."],
        [new SlidingWindow { MirrorAxes = [0, 2], Cval = double.NaN }, "Cval must be finite, is NaN. MirrorAxes must be different axes from 0 to 1, are [0, 2]."],
    ];

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public void Wrong_settings_are_named_with_what_would_be_right(SlidingWindow settings, string problems)
    {
        using var scope = NewDisposeScope();
        var (model, image) = (SlidingWindowTests.TinyUNet([1, 1, 16, 16]), randn(1, 1, 16, 16));
        FluentActions.Invoking(() => settings.Logits(model, image)).Should().Throw<ArgumentException>().WithMessage($"SlidingWindow: {problems}");
    }

    [Fact]
    public void An_image_that_does_not_fit_is_named()
    {
        using var scope = NewDisposeScope();
        var model = SlidingWindowTests.TinyUNet([1, 1, 16, 16]);
        var settings = new SlidingWindow { RoiSize = 8 };
        Refused(() => settings.Logits(model, zeros(1, 3, 16, 16)), "UNet was built with InChannels = 1; image has 3*");
        Refused(() => settings.Logits(model, zeros([1, 1, 4, 16, 16])), "UNet has 2 spatial axes; image has 3*");
        Refused(() => settings.Logits(model, zeros(16, 16)), "image must be (C, …spatial) or (N, C, …spatial)*is (16, 16).*");
        Refused(() => settings.Logits(model, zeros(1, 1, 0, 16)), "image must have no empty axis, is (1, 0, 16).*");
        Refused(() => settings.Labels(window => window, zeros(1, 16, 16)), "image must be (N, C, H, W) or (N, C, D, H, W), has 3 axes*");
        Refused(() => (settings with { RoiSize = (1, 8) }).Logits(model, zeros(1, 1, 16, 16)), "RoiSize (1, 8) doesn't fit UNet: height of input (axis 2) is 1; it takes 2 or more. Nearest: 2.");
        Refused(() => (settings with { PaddingMode = PaddingModes.Reflect }).Logits(model, zeros(1, 1, 3, 16)), "PaddingMode Reflect can add at most 2 to 3 places of axis 0; a window of 8 needs 3.*");

        static void Refused(Action action, string message) => action.Should().Throw<ArgumentException>().WithMessage(message);
    }

    private sealed class Stop : IProgress<WindowProgress>
    {
        public void Report(WindowProgress value) => throw new TimeoutException();
    }

    private sealed class Teller(Action<WindowProgress> tell) : IProgress<WindowProgress>
    {
        public void Report(WindowProgress value) => tell(value);
    }
}
