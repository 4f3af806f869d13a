namespace UNetFamily.Tests.Inference;

/// <summary>Where a number is none there is no right label: it is named, with its place, whatever comes out of the network.</summary>
public class NonFiniteTests
{
    private static readonly SlidingWindow Settings = new() { RoiSize = (8, 12), Overlap = [0.5], SwBatchSize = 3 };

    private static UNet Net(Normalization norm, SpatialDims dims = SpatialDims.Two) => new(new UNetOptions { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [3, 4], Norm = norm });

    public static TheoryData<string, double> Numbers() => new()
    {
        { "instance", double.NaN }, { "instance", double.PositiveInfinity }, { "batch", double.NaN }, { "batch", double.NegativeInfinity }, { "none", double.NaN }, { "none", double.PositiveInfinity },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void In_the_image_it_is_named_by_channel_and_place(string norm, double number)
    {
        using var scope = NewDisposeScope();
        var model = Net(norm switch { "instance" => Normalization.Instance, "batch" => Normalization.Batch, _ => Normalization.None });
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            model.to(type);
            var image = randn([2, 2, 30, 29], type);
            image[1, 1, 17, 20] = number;
            var message = $"image 1 of the batch: every number must be finite; channel 1 at (17, 20) is {number}.";
            Refused(() => Settings.Labels(model, image), message);
            Refused(() => Settings.Logits(model, image), message);
            Refused(() => Settings.Probabilities(model, image), message);
            Refused(() => Settings.Labels(window => window.narrow(1, 0, 1), image), message);
            Refused(() => Settings.Labels(model, new TensorImage(image[1], scale: 0.5, shift: 1), (_, _) => { }), $"image: every number must be finite; channel 1 at (17, 20) is {number}.");
        }

        static void Refused(Action run, string message) => run.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void Of_several_the_first_is_named_and_before_the_work()
    {
        using var scope = NewDisposeScope();
        var image = zeros([1, 1, 30, 29]);
        foreach (var (row, column) in (ReadOnlySpan<(int, int)>)[(2, 25), (5, 3), (29, 0)]) image[0, 0, row, column] = double.NaN;
        var calls = 0;
        FluentActions.Invoking(() => Settings.Labels(window =>
        {
            calls++;
            return window;
        }, image)).Should().Throw<ArgumentException>().WithMessage("image: every number must be finite; channel 0 at (2, 25) is NaN.");
        calls.Should().Be(0);
    }

    [Fact]
    public void An_image_that_is_read_box_by_box_is_looked_at_when_it_is_read()
    {
        using var scope = NewDisposeScope();
        var image = zeros([1, 30, 29]);
        image[0, 17, 20] = double.NaN;
        var rows = new List<long>();
        FluentActions.Invoking(() => Settings.Labels(window => window.alias(), new Boxes(image), (row, _) => rows.Add(row))).Should().Throw<ArgumentException>().WithMessage("image: every number must be finite; channel 0 at (17, 20) is NaN.");
        rows.Should().OnlyContain(row => row < 17, "rows above it are done");
    }

    private sealed class Boxes(Tensor voxels) : IImageSource
    {
        public ValueList<long> Shape => ValueList.Create<long>(voxels.shape);

        public void Read(ReadOnlySpan<long> start, Tensor box) => new TensorImage(voxels).Read(start, box);
    }

    [Fact]
    public void Half_precision_names_the_number_that_it_cannot_hold()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Net(Normalization.None, SpatialDims.Three), zeros([2, 10, 16, 16]));
        image[0, 9, 3, 4] = 70_000;
        var settings = new SlidingWindow { RoiSize = 8 };
        settings.Labels(model, image).shape.Should().Equal(10, 16, 16);

        model.to(ScalarType.Float16);
        FluentActions.Invoking(() => settings.Labels(model, image)).Should().Throw<ArgumentException>().WithMessage("image: channel 0 at (9, 3, 4) is 70000, and the network computes in Float16, which ends at 65504. Normalize*");
        FluentActions.Invoking(() => (settings with { Cval = -1e6 }).Labels(model, image)).Should().Throw<ArgumentException>().WithMessage("Cval is -1000000, and the network computes in Float16, which ends at 65504. Nearest: -65504.");
    }

    [Fact]
    public void An_overflow_inside_the_network_is_named_by_class_and_place_and_with_its_cause()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Net(Normalization.None), ones(2, 30, 29));
        model.to(ScalarType.Float16);
        using (no_grad()) model.state_dict()["head.bias"][2] = 65504;
        using (no_grad()) model.state_dict()["head.weight"].mul_(0).add_(60_000);
        FluentActions.Invoking(() => Settings.Labels(model, image * 100)).Should().Throw<NotFiniteNumberException>()
            .WithMessage("image is finite where it was read, but the logit of class * at (*, *) is not. It computes in Float16, which ends at 65504: convert it to BFloat16 or Float32.");

        var broken = Net(Normalization.Batch);
        var statistics = broken.named_buffers().First(entry => entry.name.EndsWith("running_var", StringComparison.Ordinal));
        statistics.buffer[0] = double.NaN;
        FluentActions.Invoking(() => Settings.Labels(broken, image)).Should().Throw<NotFiniteNumberException>()
            .WithMessage($"image is finite where it was read, but the logit of class 0 at (0, 0) is not. '{statistics.name}' of the network isn't finite either.");
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_functions_logit_is_named_where_it_lies_in_the_image(double number)
    {
        using var scope = NewDisposeScope();
        var image = zeros(1, 1, 30, 29);
        image[0, 0, 17, 20] = 1;
        foreach (var run in (Action[])[() => Settings.Logits(Two, image), () => Settings.Labels(Two, image), () => Settings.Labels(Two, new TensorImage(image[0]), (_, _) => { })])
        {
            var error = run.Should().Throw<NotFiniteNumberException>().WithMessage("image is finite where it was read, but the logit of class 1 at (17, 20) is not.").Which;
            double.IsFinite(error.OffendingNumber).Should().BeFalse();
        }

        Tensor Two(Tensor windows) => cat([windows, windows.where(windows.eq(0), number)], 1);
    }

    [Fact]
    public void Large_numbers_are_numbers()
    {
        using var scope = NewDisposeScope();
        var image = full([1, 1, 30, 29], 1e36);
        Settings.Labels(window => cat([window, window * 2], 1), image).eq(1).all().ToBoolean().Should().BeTrue("their sums overflow, they don't");
    }

    [Fact]
    public void The_number_of_classes_stays_the_same()
    {
        using var scope = NewDisposeScope();
        var calls = 0;
        FluentActions.Invoking(() => Settings.Labels(window => calls++ < 2 ? window.repeat(1, 3, 1, 1) : window.repeat(1, 2, 1, 1), zeros(1, 1, 30, 29))).Should().Throw<InvalidOperationException>()
            .WithMessage("The predictor returned 3 classes for earlier windows and 2 for these; it must return the same number for all.");
        FluentActions.Invoking(() => Settings.Labels(window => window.narrow(1, 0, 0), zeros(1, 1, 30, 29))).Should().Throw<InvalidOperationException>().WithMessage("The predictor must return (B, classes, …spatial)*it returned (3, 0, 8, 12).");
    }
}
