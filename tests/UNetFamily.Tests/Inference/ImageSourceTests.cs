namespace UNetFamily.Tests.Inference;

public class ImageSourceTests
{
    [Fact]
    public void A_volume_of_16_bit_numbers_is_normalised_while_it_is_read()
    {
        using var scope = NewDisposeScope();
        var model = SlidingWindowTests.TinyUNet([1, 1, 9, 20, 13]);
        var volume = randint(-1024, 3072, [1, 9, 20, 13], ScalarType.Int16);
        var settings = new SlidingWindow { RoiSize = (4, 8, 8), Overlap = [0.5], Mode = BlendMode.Gaussian };
        var expected = settings.Labels(model, volume.to(ScalarType.Float32) * 0.01 - 3);

        TensorAssert.Equal(Streamed(settings, model, new TensorImage(volume, scale: 0.01, shift: -3)), expected);
    }

    [Fact]
    public void An_image_may_come_from_anywhere()
    {
        using var scope = NewDisposeScope();
        var model = SlidingWindowTests.TinyUNet([1, 1, 40, 30]);
        var pattern = new Pattern(40, 30);
        var settings = new SlidingWindow { RoiSize = (16, 12), MirrorAxes = [0], SwBatchSize = 3 };

        var labels = Streamed(settings, model, pattern);
        pattern.Reads.Should().Be(3 * 3, "a window is read once for all its views");
        TensorAssert.Equal(labels, settings.Labels(model, pattern.Whole()));

        var rows = new List<Tensor>();
        settings.Labels(windows => model.call(windows).Logits, pattern, (_, some) => rows.Add(some.MoveToOtherDisposeScope(scope)));
        TensorAssert.Equal(cat(rows), labels, "the labels from a function");
    }

    [Fact]
    public void A_tensor_image_says_what_it_takes() =>
        FluentActions.Invoking(() => new TensorImage(zeros([1, 1, 2, 3, 4]))).Should().Throw<ArgumentException>().WithMessage("voxels must be (C, H, W) or (C, D, H, W), has 5 axes*");

    /// <summary>All labels, put together as they come: each row once, in order.</summary>
    private static Tensor Streamed(SlidingWindow settings, SegmentationModel model, IImageSource image)
    {
        var sides = image.Shape.Skip(1).ToArray();
        var (all, next) = (new List<byte>(), 0L);
        settings.Labels(model, image, Write);
        next.Should().Be(sides[0]);
        return tensor(all.ToArray()).reshape(sides);

        void Write(long row, Tensor labels)
        {
            row.Should().Be(next);
            labels.is_contiguous().Should().BeTrue();
            labels.shape[1..].Should().Equal(sides[1..]);
            all.AddRange(labels.bytes);
            next += labels.shape[0];
        }
    }

    /// <summary>An image that is nowhere in memory.</summary>
    private sealed class Pattern(long height, long width) : IImageSource
    {
        public int Reads { get; private set; }

        public ValueList<long> Shape => [1, height, width];

        public void Read(ReadOnlySpan<long> start, Tensor box)
        {
            Reads++;
            box.dtype.Should().Be(ScalarType.Float32);
            var (rows, columns) = (box.shape[1], box.shape[2]);
            using var scope = NewDisposeScope();
            box.copy_((arange(start[0], start[0] + rows).unsqueeze(1) * 7 + arange(start[1], start[1] + columns) * 3).sin());
        }

        public Tensor Whole()
        {
            var whole = empty([1, height, width]);
            Read([0, 0], whole);
            return whole;
        }
    }
}
