namespace UNetFamily.Tests.Losses;

/// <summary>Targets of 0 to 1 and weights of 0 or more are what losses are made for: anything else is refused by every loss, for every kind of number.</summary>
public class TargetRangeTests
{
    private static readonly SegmentationLoss[] All =
    [
        new DiceLoss(), new DiceLoss { SquaredPred = true, Sigmoid = true }, new DiceLoss { Jaccard = true, Batch = true }, new GeneralizedDiceLoss(), new TverskyLoss(), new SoftmaxCrossEntropyLoss(),
        new BinaryCrossEntropyLoss(), new FocalLoss(), new FocalLoss { Sigmoid = true }, new DiceCELoss(), new DiceCELoss { Sigmoid = true, IncludeBackground = false }, new DiceFocalLoss(),
    ];

    [Theory]
    [InlineData(255, ScalarType.Byte, "0 to 255")]
    [InlineData(255, ScalarType.Int64, "0 to 255")]
    [InlineData(2, ScalarType.Int32, "0 to 2")]
    [InlineData(-1, ScalarType.Int8, "-1 to 1")]
    [InlineData(1.0001, ScalarType.Float32, "0 to 1.0001")]
    [InlineData(1.0001, ScalarType.Float64, "0 to 1.0001")]
    [InlineData(1.5, ScalarType.Float16, "0 to 1.5")]
    [InlineData(-0.5, ScalarType.BFloat16, "-0.5 to 1")]
    [InlineData(double.NaN, ScalarType.Float32, "NaN to NaN")]
    [InlineData(double.PositiveInfinity, ScalarType.Float64, "0 to Infinity")]
    [InlineData(double.NegativeInfinity, ScalarType.Float32, "-Infinity to 1")]
    public void Targets_for_each_class_are_0_to_1(double wrong, ScalarType type, string range)
    {
        using var scope = NewDisposeScope();
        foreach (var channels in (long[])[1, 3])
        {
            var logits = randn([2, channels, 6, 5]);
            var target = zeros([2, channels, 6, 5], type);
            target[0, 0, 0, 1] = 1;
            target[1, channels - 1, 4, 3] = wrong;
            if (channels == 1 && !target.is_floating_point()) continue;         // those are class indices
            foreach (var loss in All.Where(loss => channels > 1 || loss is not SoftmaxCrossEntropyLoss))
                loss.Invoking(it => it.Of(logits, target)).Should().Throw<ArgumentException>().WithMessage($"target must be 0 to 1 for each class; it is {range}. Divide a mask*").WithParameterName("target");
        }
    }

    [Theory]
    [InlineData(-0.25, ScalarType.Float32, "-0.25 to 1")]
    [InlineData(-1, ScalarType.Int64, "-1 to 1")]
    [InlineData(double.NaN, ScalarType.Float64, "NaN to NaN")]
    [InlineData(double.PositiveInfinity, ScalarType.Float32, "1 to Infinity")]
    [InlineData(-1, ScalarType.BFloat16, "-1 to 1")]
    public void Weights_are_0_or_more(double wrong, ScalarType type, string range)
    {
        using var scope = NewDisposeScope();
        var (logits, target, weights) = (randn([2, 3, 6, 5]), zeros([2, 6, 5], ScalarType.Int64), ones([2, 6, 5], type));
        weights[1, 2, 3] = wrong;
        foreach (var loss in All)
            loss.Invoking(it => it.Of(logits, target, weights)).Should().Throw<ArgumentException>().WithMessage($"weights must be 0 or more and finite for each pixel; it is {range}. A mask has*").WithParameterName("weights");
        using var output = new SegmentationOutput(logits, randn([2, 3, 3, 3]));
        new DeepSupervisionLoss(new DiceLoss(), SupervisionWeights.Same).Invoking(it => it.Of(output, target, weights)).Should().Throw<ArgumentException>().WithMessage("weights must be 0 or more*");
    }

    [Fact]
    public void What_is_in_the_range_counts_alike_in_every_type()
    {
        using var scope = NewDisposeScope();
        var logits = randn([2, 3, 6, 5]);
        var indices = randint(0, 3, [2, 6, 5], ScalarType.Int64);
        var oneHot = functional.one_hot(indices, 3).permute(0, 3, 1, 2);
        foreach (var loss in All)
        {
            var expected = loss.Of(logits, indices, ones([2, 6, 5]));
            foreach (var type in (ScalarType[])[ScalarType.Byte, ScalarType.Bool, ScalarType.Int8, ScalarType.Int64, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float64])
                TensorAssert.Close(loss.Of(logits, oneHot.to(type), ones([2, 6, 5], type)), expected, 1e-6, $"{loss} of {type}");
        }
    }

    [Fact]
    public void Options_that_are_not_finite_are_refused()
    {
        using var scope = NewDisposeScope();
        var (logits, target) = (randn([2, 3, 6, 5]), zeros([2, 6, 5], ScalarType.Int64));
        foreach (var number in (double[])[double.NaN, double.PositiveInfinity, -1])
            foreach (var loss in new SegmentationLoss[]
            {
                new DiceLoss { SmoothNr = number }, new DiceLoss { SmoothDr = number }, new TverskyLoss { Alpha = number }, new TverskyLoss { Beta = number }, new FocalLoss { Gamma = number }, new FocalLoss { Alpha = number },
                new DiceCELoss { LambdaDice = number }, new DiceCELoss { LambdaCE = number }, new DiceCELoss { LabelSmoothing = number }, new DiceFocalLoss { LambdaFocal = number }, new DiceFocalLoss { LambdaDice = number },
                new DiceLoss { ClassWeights = [1, number, 1] }, new BinaryCrossEntropyLoss { PosWeight = [1, number, 1] },
            })
                loss.Invoking(it => it.Of(logits, target)).Should().Throw<ArgumentException>().WithMessage($"{loss.GetType().Name}: * must be *{number}*");
        foreach (var weights in new BoundaryWeights[] { new() { W0 = double.PositiveInfinity }, new() { Sigma = double.NaN }, new() { BackgroundWeight = double.PositiveInfinity }, new() { ForegroundWeight = -1 } })
            weights.Invoking(it => it.Of(target)).Should().Throw<ArgumentException>().WithMessage("Sigma must be above 0, W0 and weights 0 or more, all finite*");
    }
}
