namespace UNetFamily.Tests.Inference;

/// <summary>What comes out, compared with a plain loop and with the network itself.</summary>
public class SlidingWindowTests
{
    public static IEnumerable<object[]> Settings()
    {
        // One channel in 2D, two in 3D; sides are odd, rows of windows wrap around in the sums, images are smaller than windows on some axes.
        var flat = new SlidingWindow { RoiSize = (8, 12) };
        foreach (var overlap in (double[])[0, 0.25, 0.5, 0.625])
            foreach (var mode in Enum.GetValues<BlendMode>())
                yield return Case([1, 1, 29, 37], flat with { Overlap = [overlap], Mode = mode, SwBatchSize = 3 });
        yield return Case([2, 1, 21, 17], flat with { Overlap = [0.5, 0.25], Mode = BlendMode.Gaussian, SigmaScale = [0.125, 0.25], SwBatchSize = 4 });
        yield return Case([1, 1, 19, 25], flat with { MirrorAxes = [0, 1], Mode = BlendMode.Gaussian, SwBatchSize = 3 });
        yield return Case([1, 1, 19, 25], flat with { MirrorAxes = [1], SwBatchSize = 5 });
        yield return Case([3, 1, 8, 12], flat with { MirrorAxes = [1], SwBatchSize = 4 });
        foreach (var padding in (PaddingModes[])[PaddingModes.Constant, PaddingModes.Reflect, PaddingModes.Replicate, PaddingModes.Circular])
        {
            yield return Case([1, 1, 5, 20], flat with { PaddingMode = padding, Cval = padding is PaddingModes.Constant ? -2 : 0, Mode = BlendMode.Gaussian });
            yield return Case([2, 1, 7, 9], flat with { PaddingMode = padding, MirrorAxes = [0], SwBatchSize = 3 });
        }

        var deep = new SlidingWindow { RoiSize = (6, 8, 7) };
        foreach (var overlap in (double[])[0, 0.25, 0.5, 0.625])
            foreach (var mode in Enum.GetValues<BlendMode>())
                yield return Case([1, 2, 13, 11, 15], deep with { Overlap = [overlap], Mode = mode, SwBatchSize = 5 });
        yield return Case([1, 2, 13, 11, 9], deep with { MirrorAxes = [0, 1, 2], Mode = BlendMode.Gaussian, SwBatchSize = 3, Overlap = [0.5, 0.25, 0] });
        yield return Case([1, 2, 4, 11, 9], deep with { PaddingMode = PaddingModes.Reflect, SwBatchSize = 2 });

        static object[] Case(long[] image, SlidingWindow settings) => [image, settings];
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void It_is_a_plain_loop_to_rounding(long[] shape, SlidingWindow settings)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (model, image) = (TinyUNet(shape), randn(shape));
        settings = settings with { UsePlan = false };       // a plan rounds otherwise than the network that a function calls
        var expected = PlainLoop.Logits(settings, window => model.call(window).Logits, image);

        var logits = settings.Logits(model, image);
        logits.dtype.Should().Be(ScalarType.Float32);
        TensorAssert.Close(logits, expected, 1e-5);
        TensorAssert.Close(settings.Probabilities(model, image), expected.softmax(1), 1e-5);
        TensorAssert.Close(settings.Probabilities(model, image, sigmoid: true), expected.sigmoid(), 1e-5);
        TensorAssert.Equal(settings.Labels(model, image), logits.argmax(1).to(ScalarType.Byte));
        TensorAssert.Equal(settings.Logits(window => model.call(window).Logits, image), logits);

        // In double precision only the order of additions is left.
        model.to(ScalarType.Float64);
        image = image.to(ScalarType.Float64);
        TensorAssert.Close(settings.Logits(model, image), PlainLoop.Logits(settings, window => model.call(window).Logits, image), 1e-12);
    }

    [Theory]
    [InlineData(BlendMode.Constant, 0)]
    [InlineData(BlendMode.Gaussian, 0)]
    [InlineData(BlendMode.Gaussian, 24)]
    public void A_window_over_the_whole_image_gives_what_the_network_gives(BlendMode mode, long roi)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        long[] shape = [2, 1, 24, 24];
        var (model, image) = (TinyUNet(shape), randn(shape));
        var settings = new SlidingWindow { RoiSize = roi, Mode = mode, SwBatchSize = 2 };

        TensorAssert.Equal(settings.Logits(model, image), model.call(image).Logits);
        TensorAssert.Equal(settings.Labels(model, image), model.call(image).Logits.argmax(1).to(ScalarType.Byte));
        TensorAssert.Equal(settings.Logits(model, image[0]), model.call(image[0].unsqueeze(0)).Logits[0]);
    }

    [Fact]
    public void Without_a_roi_the_image_is_padded_to_a_size_that_the_network_takes()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 3, deepSupervision: true) with { Widths = [2, 3, 4] });
        model.eval();
        var image = randn(1, 1, 21, 18);
        model.InputSizes.Cover([21, 18]).Should().Equal(24, 20);

        var whole = model.call(functional.pad(image, [1, 1, 1, 2], PaddingModes.Constant, 0.5)).Logits.narrow(2, 1, 21).narrow(3, 1, 18);
        TensorAssert.Equal(new SlidingWindow { Cval = 0.5 }.Logits(model, image), whole);
        new SlidingWindow { RoiSize = (8, 0) }.Logits(model, image).shape.Should().Equal(1, 3, 21, 18);
        NoLeaks.During(() => new SlidingWindow().Logits(model, image)).Should().Be(1, "auxiliary maps are freed");
    }

    [Fact]
    public void A_network_of_one_size_slides()
    {
        using var scope = NewDisposeScope();
        var model = new FixedSize();
        var image = randn(1, 1, 13, 6);
        TensorAssert.Close(new SlidingWindow().Logits(model, image), image * 2, 1e-6);
        TensorAssert.Close(new SlidingWindow { RoiSize = (8, 0), Mode = BlendMode.Gaussian }.Logits(model, image), image * 2, 1e-6);
        FluentActions.Invoking(() => new SlidingWindow { RoiSize = 16 }.Logits(model, image)).Should().Throw<ArgumentException>().WithMessage("RoiSize (16, 16) doesn't fit FixedSize:*8 only. Nearest: 8.*");
    }

    [Theory]
    [InlineData(PaddingModes.Reflect)]
    [InlineData(PaddingModes.Constant)]
    public void An_unpadded_network_is_tiled_without_seams(PaddingModes padding)
    {
        // The overlap-tile strategy of the U-Net paper. This network loses 8 places at each end, and pools by two: tiles at even places see what the whole image shows.
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        manual_seed(1);
        var model = new UNet(UNetOptions.Paper2015(1, 2) with { Widths = [3, 4], Dropout = 0 });
        var image = randn(1, 1, 42, 38);
        var expected = model.call(functional.pad(image, [8, 8, 8, 8], padding, 0)).Logits;
        expected.shape.Should().Equal(1, 2, 42, 38);

        TensorAssert.Equal(new SlidingWindow { PaddingMode = padding }.Logits(model, image), expected);
        TensorAssert.Close(new SlidingWindow { PaddingMode = padding, RoiSize = 30, Overlap = [0] }.Logits(model, image), expected, 1e-5);
        TensorAssert.Close(new SlidingWindow { PaddingMode = padding, RoiSize = (30, 0), Overlap = [0], Mode = BlendMode.Gaussian, SwBatchSize = 2 }.Logits(model, image), expected, 1e-5);
        FluentActions.Invoking(() => new SlidingWindow { PaddingMode = PaddingModes.Circular }.Logits(model, image)).Should().Throw<ArgumentException>().WithMessage("PaddingMode must be*Reflect.*");
    }

    [Fact]
    public void Weights_in_half_precision_are_respected_and_sums_are_not_in_it()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        long[] shape = [1, 1, 20, 25];
        var model = new UNet(UNetOptions.Milesial(1, 3, bilinear: true) with { Widths = [3, 4] });
        model.eval();
        model.to(ScalarType.BFloat16);
        var image = randn(shape);
        var settings = new SlidingWindow { RoiSize = (8, 12), Mode = BlendMode.Gaussian, Overlap = [0.5] };

        var logits = settings.Logits(model, image);
        logits.dtype.Should().Be(ScalarType.Float32);
        TensorAssert.Close(logits, PlainLoop.Logits(settings, window => model.call(window.to(ScalarType.BFloat16)).Logits, image), 1e-5);
    }

    [Theory]
    [InlineData(1, ScalarType.Byte)]
    [InlineData(256, ScalarType.Byte)]
    [InlineData(257, ScalarType.Int16)]
    public void Labels_are_as_small_as_the_classes_allow(long classes, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var image = randn(2, 1, 9, 11);
        var factors = linspace(-1, 1, classes, ScalarType.Float32).reshape(1, classes, 1, 1);
        var labels = new SlidingWindow { RoiSize = 6, SwBatchSize = 4 }.Labels(window => classes == 1 ? window.alias() : window * factors, image);

        labels.dtype.Should().Be(type);
        var positive = image.squeeze(1).gt(0);
        TensorAssert.Equal(labels, (positive.to(ScalarType.Int64) * Math.Max(classes - 1, 1)).to(type), "the last class where the image is positive, the first elsewhere");
    }

    [CudaFact]
    public void A_network_on_a_GPU_takes_an_image_from_the_CPU()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        long[] shape = [1, 2, 13, 19, 15];
        var (model, image) = (TinyUNet(shape), randn(shape));
        var settings = new SlidingWindow { RoiSize = (6, 8, 7), Mode = BlendMode.Gaussian, SwBatchSize = 4, MirrorAxes = [0] };
        var expected = settings.Logits(model, image);

        model.to(CUDA);
        foreach (var device in (Device?[])[null, CPU])
        {
            var logits = (settings with { Device = device }).Logits(model, image);
            logits.device_type.Should().Be(DeviceType.CPU);
            TensorAssert.Close(logits, expected, 2e-2);
            (settings with { Device = device }).Labels(model, image).device_type.Should().Be(DeviceType.CPU);
        }
        settings.Logits(model, image.cuda()).device_type.Should().Be(DeviceType.CUDA);
    }

    /// <summary>A network that sees the whole of its window, so that a wrong window shows everywhere.</summary>
    internal static UNet TinyUNet(long[] image)
    {
        var model = new UNet(new UNetOptions { InChannels = image[1], OutChannels = 3, SpatialDims = (SpatialDims)(image.Length - 2), Widths = [3, 4], Norm = Normalization.Instance });
        model.eval();
        return model;
    }

    private sealed record FixedSizeOptions : SegmentationModelOptions
    {
        public override SegmentationModel Build() => new FixedSize();
    }

    private sealed class FixedSize() : SegmentationModel(new FixedSizeOptions { InChannels = 1, OutChannels = 1 })
    {
        public override InputSizes InputSizes => InputSizes.Only(SpatialDims.Two, 8);

        protected override SegmentationMaps Flow(FeatureMap x) => x + x;
    }
}
