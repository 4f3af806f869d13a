namespace UNetFamily.Tests.Losses;

/// <summary>Values against the formulas, computed voxel by voxel in double precision, and gradients against central differences.</summary>
public class SegmentationLossTests
{
    private const double Smooth = 1e-5;
    private static readonly double[] PerClass = [0.5, 2, 1.25];

    /// <summary>Every loss with every option that changes its formula.</summary>
    private static readonly Dictionary<string, (SegmentationLoss Loss, Func<Voxels, double> Formula)> Cases = new()
    {
        ["dice"] = (new DiceLoss(), v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth))),
        ["dice/batch"] = (new DiceLoss { Batch = true }, v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth), batch: true)),
        ["dice/foreground"] = (new DiceLoss { IncludeBackground = false, SmoothNr = 0, SmoothDr = 0.5 },
            v => v.MeanCoefficient((_, both, p, t) => 1 - 2 * both / (p + t + 0.5), first: 1)),
        ["dice/squared"] = (new DiceLoss { SquaredPred = true }, v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth), squared: true)),
        ["dice/jaccard"] = (new DiceLoss { Jaccard = true }, v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (2 * (p + t - both) + Smooth))),
        ["dice/weights"] = (new DiceLoss { ClassWeights = [0.5, 2, 1.25], IncludeBackground = false },
            v => v.MeanCoefficient((c, both, p, t) => PerClass[c] * (1 - (2 * both + Smooth) / (p + t + Smooth)), first: 1)),
        ["dice/sigmoid"] = (new DiceLoss { Sigmoid = true }, v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth))),
        ["generalised/square"] = (new GeneralizedDiceLoss(), v => Generalized(v, volume => 1 / (volume * volume))),
        ["generalised/simple"] = (new GeneralizedDiceLoss { WType = VolumeWeighting.Simple, Batch = true, IncludeBackground = false },
            v => Generalized(v, volume => 1 / volume, first: 1, batch: true)),
        ["generalised/uniform"] = (new GeneralizedDiceLoss { WType = VolumeWeighting.Uniform }, v => Generalized(v, _ => 1)),
        ["tversky"] = (new TverskyLoss { Alpha = 0.3, Beta = 0.7 },
            v => v.MeanCoefficient((_, both, p, t) => 1 - (both + Smooth) / (both + 0.3 * (p - both) + 0.7 * (t - both) + Smooth))),
        ["tversky/batch"] = (new TverskyLoss { Alpha = 1, Beta = 1, Batch = true, ClassWeights = [0.5, 2, 1.25] },
            v => v.MeanCoefficient((c, both, p, t) => PerClass[c] * (1 - (both + Smooth) / (p + t - both + Smooth)), batch: true)),
        ["cross-entropy"] = (new SoftmaxCrossEntropyLoss(), v => v.CrossEntropy()),
        ["cross-entropy/weights"] = (new SoftmaxCrossEntropyLoss { ClassWeights = [0.5, 2, 1.25] }, v => v.CrossEntropy(PerClass)),
        ["cross-entropy/smoothing"] = (new SoftmaxCrossEntropyLoss { ClassWeights = [0.5, 2, 1.25], LabelSmoothing = 0.1 }, v => v.CrossEntropy(PerClass, 0.1)),
        ["binary"] = (new BinaryCrossEntropyLoss { Sigmoid = true }, v => v.BinaryCrossEntropy()),
        ["binary/weights"] = (new BinaryCrossEntropyLoss { Sigmoid = true, ClassWeights = [0.5, 2, 1.25], PosWeight = [3, 1, 0.5] }, v => v.BinaryCrossEntropy(PerClass, [3, 1, 0.5])),
        ["focal"] = (new FocalLoss(), v => v.Mean((_, p, t) => -t * Math.Pow(1 - p, 2) * Math.Log(p))),
        ["focal/alpha"] = (new FocalLoss { Gamma = 0.5, Alpha = 0.8, ClassWeights = [0.5, 2, 1.25] },
            v => v.Mean((c, p, t) => -PerClass[c] * (c == 0 ? 1 - 0.8 : 0.8) * t * Math.Sqrt(1 - p) * Math.Log(p))),
        ["focal/foreground"] = (new FocalLoss { IncludeBackground = false }, v => v.Mean((_, p, t) => -t * Math.Pow(1 - p, 2) * Math.Log(p), first: 1)),
        ["focal/sigmoid"] = (new FocalLoss { Sigmoid = true, Gamma = 1.5, Alpha = 0.25 }, v => v.Mean((_, p, t) =>
            -0.25 * t * Math.Pow(1 - p, 1.5) * Math.Log(p) - 0.75 * (1 - t) * Math.Pow(p, 1.5) * Math.Log(1 - p))),
        ["dice-ce"] = (new DiceCELoss { LambdaDice = 0.5, LambdaCE = 2, IncludeBackground = false, LabelSmoothing = 0.05 },
            v => 0.5 * v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth), first: 1) + 2 * v.CrossEntropy(smoothing: 0.05)),
        ["dice-ce/sigmoid"] = (new DiceCELoss { Sigmoid = true }, v => v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth)) + v.BinaryCrossEntropy()),
        ["dice-focal"] = (new DiceFocalLoss { Batch = true, Gamma = 3, LambdaDice = 2, LambdaFocal = 0.5 },
            v => 2 * v.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth), batch: true)
                + 0.5 * v.Mean((_, p, t) => -t * Math.Pow(1 - p, 3) * Math.Log(p))),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_its_formula_in_2D_and_3D_for_indices_one_hot_targets_weights_and_ignored_pixels(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var (loss, formula) = Cases[name];
        foreach (var size in (long[][])[[4, 5], [3, 2, 4]])
        {
            var logits = randn([2, 3, .. size], ScalarType.Float64) * 2;
            var classes = randint(0, 3, [2, .. size], ScalarType.Int64);
            var weights = rand([2, .. size], ScalarType.Float64);
            var (label, weight) = (classes.data<long>().ToArray(), weights.data<double>().ToArray());
            var pixels = (int)size.Aggregate(1L, (product, side) => product * side);
            double OneHot(int n, int c, int i) => label[n * pixels + i] == c ? 1 : 0;

            var expected = formula(new Voxels(logits, OneHot, (_, _) => 1, loss.Sigmoid));
            loss.Of(logits, classes).ToDouble().Should().BeApproximately(expected, 1e-12);
            loss.Of(logits, classes.unsqueeze(1).to(ScalarType.Byte)).ToDouble().Should().BeApproximately(expected, 1e-12);
            var oneHot = functional.one_hot(classes, 3).movedim([-1], [1]);
            loss.Of(logits, oneHot).ToDouble().Should().BeApproximately(expected, 1e-12);
            loss.Of(logits, oneHot.to(ScalarType.Float32)).ToDouble().Should().BeApproximately(expected, 1e-12);

            var weighted = formula(new Voxels(logits, OneHot, (n, i) => weight[n * pixels + i], loss.Sigmoid));
            loss.Of(logits, classes, weights).ToDouble().Should().BeApproximately(weighted, 1e-12);
            loss.Of(logits, oneHot, weights.unsqueeze(1)).ToDouble().Should().BeApproximately(weighted, 1e-12);

            // A third of the pixels is ignored, whatever they would have been.
            var some = rand_like(weights).lt(0.33);
            var ignored = some.data<bool>().ToArray();
            var without = formula(new Voxels(logits, OneHot, (n, i) => ignored[n * pixels + i] ? 0 : 1, loss.Sigmoid));
            (loss with { IgnoreIndex = 255 }).Of(logits, classes.masked_fill(some, 255)).ToDouble().Should().BeApproximately(without, 1e-12);
            (loss with { IgnoreIndex = -1 }).Of(logits, classes.masked_fill(some, -1)).ToDouble().Should().BeApproximately(without, 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradient_is_that_of_its_value(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var loss = Cases[name].Loss with { IgnoreIndex = 9 };
        var logits = randn([2, 3, 3, 4], ScalarType.Float64).requires_grad_();
        var classes = randint(0, 3, [2, 3, 4], ScalarType.Int64);
        classes[0, 0].fill_(9);
        var direction = randn_like(logits).detach();

        loss.Of(logits, classes).backward();
        var analytic = (logits.grad! * direction).sum().ToDouble();
        var at = logits.detach();
        var numeric = (loss.Of(at + 1e-5 * direction, classes) - loss.Of(at - 1e-5 * direction, classes)).ToDouble() / 2e-5;
        numeric.Should().BeApproximately(analytic, 1e-8 * Math.Max(1, Math.Abs(analytic)));
        logits.grad![0, .., 0].abs().max().ToDouble().Should().Be(0, "ignored pixels have no gradient");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_finite_in_half_precision_for_the_largest_logits_and_leaves_nothing_alive(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var loss = Cases[name].Loss;
        var classes = randint(0, 3, [2, 8, 8], ScalarType.Int64);
        foreach (var type in (ScalarType[])[ScalarType.Float16, ScalarType.BFloat16])
        {
            var logits = (randn(2, 3, 8, 8) * 3).to(type).requires_grad_();
            var value = loss.Of(logits, classes);
            value.dtype.Should().Be(ScalarType.Float32);
            value.ToDouble().Should().BeApproximately(loss.Of(logits.detach().to(ScalarType.Float64), classes).ToDouble(), 1e-5, "it is computed in float32");

            // Right with certainty, wrong with certainty, and both.
            foreach (var extreme in (Tensor[])[functional.one_hot(classes, 3).movedim([-1], [1]) * 2 - 1, randn(2, 3, 8, 8).sign(), ones(2, 3, 8, 8) * -1])
            {
                var certain = (extreme.to(ScalarType.Float32) * 60000).to(type).requires_grad_();
                var large = loss.Of(certain, classes);
                large.backward();
                double.IsFinite(large.ToDouble()).Should().BeTrue();
                certain.grad!.isfinite().all().ToBoolean().Should().BeTrue();
            }
        }

        var input = randn(2, 3, 8, 8).requires_grad_();
        NoLeaks.During(() => loss.Of(input, classes, ones(2, 8, 8)).Dispose()).Should().Be(1, "the weights of this test are the only tensor left");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_zero_without_gradient_where_every_pixel_is_ignored(string name)
    {
        using var scope = NewDisposeScope();
        var loss = Cases[name].Loss with { IgnoreIndex = 255 };
        var logits = randn(2, 3, 4, 4).requires_grad_();
        var value = loss.Of(logits, full([2, 4, 4], 255, ScalarType.Int64));
        value.backward();
        if (loss is not OverlapLoss { SmoothNr: 0 }) value.ToDouble().Should().BeApproximately(0, 1e-12);
        logits.grad!.abs().max().ToDouble().Should().Be(0);
    }

    [Fact]
    public void One_channel_takes_a_sigmoid_and_labels_0_and_1()
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        var logits = randn([2, 1, 4, 5], ScalarType.Float64);
        var mask = randint(0, 2, [2, 4, 5], ScalarType.Int64);
        var label = mask.data<long>().ToArray();
        var voxels = new Voxels(logits, (n, _, i) => label[n * 20 + i], (_, _) => 1);

        var expected = voxels.MeanCoefficient((_, both, p, t) => 1 - (2 * both + Smooth) / (p + t + Smooth)) + voxels.BinaryCrossEntropy();
        foreach (var target in (Tensor[])[mask, mask.unsqueeze(1), mask.to(ScalarType.Bool), mask.to(ScalarType.Float32)])
            new DiceCELoss { IncludeBackground = false }.Of(logits, target).ToDouble().Should().BeApproximately(expected, 1e-12);
        FluentActions.Invoking(() => new SoftmaxCrossEntropyLoss().Of(logits, mask)).Should().Throw<ArgumentException>().WithMessage("*BinaryCrossEntropyLoss*");
    }

    [Fact]
    public void Agrees_with_libtorch_where_libtorch_has_the_loss()
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        var logits = randn([2, 3, 4, 5], ScalarType.Float64);
        var classes = randint(0, 3, [2, 4, 5], ScalarType.Int64);
        var weight = tensor(PerClass);
        var oneHot = functional.one_hot(classes, 3).movedim([-1], [1]).to(ScalarType.Float64);

        new SoftmaxCrossEntropyLoss { ClassWeights = [.. PerClass] }.Of(logits, classes).ToDouble().Should().BeApproximately(functional.cross_entropy(logits, classes, weight).ToDouble(), 1e-12);
        new BinaryCrossEntropyLoss { Sigmoid = true }.Of(logits, oneHot).ToDouble().Should().BeApproximately(functional.binary_cross_entropy_with_logits(logits, oneHot).ToDouble(), 1e-12);
    }

    [Fact]
    public void A_large_background_does_not_swamp_the_generalised_weights()
    {
        using var scope = NewDisposeScope();
        var classes = zeros([1, 1024, 1024], ScalarType.Int64);
        var wrong = tensor(new float[] { -20, 20 }).view(1, 2, 1, 1).expand(1, 2, 1024, 1024);
        new GeneralizedDiceLoss().Of(wrong, classes).ToDouble().Should().BeGreaterThan(0.999, "every pixel is wrong");
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        using var scope = NewDisposeScope();
        var (logits, classes) = (randn(2, 3, 4, 5), zeros([2, 4, 5], ScalarType.Int64));
        Throws(() => new DiceLoss().Of(logits, classes + 3), "target must be 0 to 2; it is 3 to 3. Set IgnoreIndex*");
        Throws(() => new DiceLoss { Sigmoid = true }.Of(logits, classes - 1), "target must be 0 to 2; it is -1 to -1.*");
        Throws(() => new DiceLoss().Of(logits, classes.to(ScalarType.Float32)), "Class indices must be whole numbers; target is Float32.*");
        Throws(() => new DiceLoss().Of(logits, zeros([2, 4, 4], ScalarType.Int64)), "target must be (2, 4, 5) to fit logits (2, 3, 4, 5); they are (2, 4, 4).*");
        Throws(() => new DiceLoss().Of(logits, zeros(2, 2, 4, 5)), "target must be class indices (2, 4, 5) or a value for each class (2, 3, 4, 5); it is (2, 2, 4, 5).*");
        Throws(() => new DiceLoss().Of(logits, classes, ones(2, 5, 4)), "weights must be (2, 4, 5)*");
        Throws(() => new DiceLoss { IgnoreIndex = 0 }.Of(logits, zeros_like(logits)), "IgnoreIndex needs class indices*");
        Throws(() => new DiceLoss { ClassWeights = [1, 2] }.Of(logits, classes), "ClassWeights has 2 values, logits have 3 channels*");
        Throws(() => new DiceLoss { SmoothDr = 0, SmoothNr = -1 }.Of(logits, classes), "DiceLoss: SmoothNr must be 0 or more, is -1. SmoothDr must be above 0, is 0.*");
        Throws(() => new DiceLoss().Of(logits[0], classes), "logits must be (N, C, H, W) or (N, C, D, H, W); they are (3, 4, 5).*");
        Throws(() => new FocalLoss { Gamma = -1, Alpha = 2 }.Of(logits, classes), "FocalLoss: Gamma must be 0 or more, is -1. Alpha must be 0 to 1, is 2.*");
        Throws(() => new DiceFocalLoss { Gamma = -1 }.Of(logits, classes), "DiceFocalLoss: Gamma must be 0 or more, is -1.*");
        Throws(() => new BinaryCrossEntropyLoss { PosWeight = [1] }.Of(logits, zeros_like(logits)), "PosWeight has 1 values*");

        static void Throws(Action action, string message) => action.Should().Throw<ArgumentException>().WithMessage(message);
    }

    private static double Generalized(Voxels v, Func<double, double> weightOf, int first = 0, bool batch = false)
    {
        var results = new List<double>();
        foreach (var samples in batch ? [Enumerable.Range(0, v.N)] : Enumerable.Range(0, v.N).Select(n => Enumerable.Range(n, 1)))
        {
            var sums = Enumerable.Range(first, v.C - first).Select(c => v.Sums(samples, c)).ToArray();
            var weights = sums.Select(sum => weightOf(sum.Truth)).ToArray();
            var both = sums.Zip(weights, (sum, weight) => weight / weights.Max() * sum.Both).Sum();
            var either = sums.Zip(weights, (sum, weight) => weight / weights.Max() * (sum.Predicted + sum.Truth)).Sum();
            results.Add(1 - (2 * both + Smooth) / (either + Smooth));
        }
        return results.Average();
    }
}
