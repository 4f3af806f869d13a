using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;

namespace UNetFamily.Tests.Backend;

/// <summary>Learning-rate schedules against PyTorch's, the rate at the start and after each of eight steps.</summary>
public class OptimSchedulerTests
{
    private static readonly Dictionary<string, Func<Optimizer, LRScheduler>> Makers = new()
    {
        ["step"] = o => StepLR(o, 3, 0.5),
        ["multistep"] = o => MultiStepLR(o, [2, 5], 0.1),
        ["exponential"] = o => ExponentialLR(o, 0.7),
        ["cosine"] = o => CosineAnnealingLR(o, 5, 0.01),
        ["lambda"] = o => LambdaLR(o, epoch => 1.0 / (1 + epoch)),
        ["multiplicative"] = o => MultiplicativeLR(o, epoch => 1 - epoch / 20.0),
        ["polynomial"] = o => PolynomialLR(o, 6, 0.9),
        ["constant"] = o => ConstantLR(o, 0.25, 3),
        ["linear"] = o => LinearLR(o, 0.1, 1, 4),
    };

    [Theory]
    [InlineData("step", 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1)]
    [InlineData("multistep", 0.4, 0.4, 0.04, 0.04, 0.04, 0.004, 0.004, 0.004, 0.004)]
    [InlineData("exponential", 0.4, 0.28, 0.196, 0.1372, 0.09604, 0.067228, 0.0470596, 0.03294172, 0.023059204)]
    [InlineData("cosine", 0.4, 0.362758313903115, 0.265258313903115, 0.144741686096885, 0.0472416860968853, 0.01, 0.0472416860968852, 0.144741686096885, 0.265258313903115)]
    [InlineData("lambda", 0.4, 0.2, 0.133333333333333, 0.1, 0.08, 0.0666666666666667, 0.0571428571428571, 0.05, 0.0444444444444444)]
    [InlineData("multiplicative", 0.4, 0.38, 0.342, 0.2907, 0.23256, 0.17442, 0.122094, 0.0793611, 0.04761666)]
    [InlineData("polynomial", 0.4, 0.339466458715675, 0.277701265064643, 0.214354692507259, 0.148816423204521, 0.0797487465900877, 0.0, 0.0, 0.0)]
    [InlineData("constant", 0.1, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4)]
    [InlineData("linear", 0.04, 0.13, 0.22, 0.31, 0.4, 0.4, 0.4, 0.4, 0.4)]
    public void Gives_the_rates_that_PyTorch_gives(string name, params double[] expected)
    {
        using var parameter = Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4, momentum: 0.9);
        var scheduler = Makers[name](optimizer);
        var rates = new List<double> { Rate(optimizer) };
        for (var i = 1; i < expected.Length; i++)
        {
            scheduler.step();
            rates.Add(Rate(optimizer));
            scheduler.get_last_lr().Should().Equal(rates[^1]);
        }
        rates.Should().Equal(expected, (actual, value) => Math.Abs(actual - value) < 1e-12);
    }

    [Theory]
    [InlineData("step", 0.1)]
    [InlineData("multistep", 0.004)]
    [InlineData("exponential", 0.0470596)]
    [InlineData("cosine", 0.0472416860968852)]
    [InlineData("linear", 0.4)]
    public void Jumps_to_an_epoch(string name, double expected)
    {
        using var parameter = Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4);
        Makers[name](optimizer).step(6);
        Rate(optimizer).Should().BeApproximately(expected, 1e-12);
    }

    [Fact]
    public void One_schedule_follows_another()
    {
        using var parameter = Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4);
        var scheduler = SequentialLR(optimizer, [LinearLR(optimizer, 0.1, 1, 3), ConstantLR(optimizer, 0.5, 2)], [3]);
        for (var i = 0; i < 3; i++) scheduler.step();
        Rate(optimizer).Should().BeApproximately(0.2, 1e-12);
    }

    [Fact]
    public void Chained_schedules_multiply()
    {
        using var parameter = Parameter(zeros(1));
        using var optimizer = SGD([parameter], 1);
        var scheduler = ChainedLR([ExponentialLR(optimizer, 0.5), StepLR(optimizer, 2, 0.1)]);
        scheduler.step();
        scheduler.step();
        Rate(optimizer).Should().BeApproximately(0.025, 1e-12);
    }

    [Fact]
    public void A_plateau_lowers_the_rate()
    {
        using var parameter = Parameter(zeros(1));
        using var optimizer = SGD([parameter], 0.4);
        var scheduler = ReduceLROnPlateau(optimizer, factor: 0.5, patience: 1, cooldown: 1);
        var rates = new List<double>();
        foreach (var loss in (double[])[1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8])
        {
            scheduler.step(loss);
            rates.Add(Rate(optimizer));
        }
        rates.Should().Equal(0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2, 0.2, 0.1, 0.1);
        scheduler.Invoking(s => s.step()).Should().Throw<InvalidOperationException>();
    }

    private static double Rate(Optimizer optimizer) => optimizer.ParamGroups.Single().LearningRate;
}
