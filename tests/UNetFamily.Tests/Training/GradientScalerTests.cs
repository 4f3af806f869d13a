namespace UNetFamily.Tests.Training;

public sealed class GradientScalerTests
{
    // PyTorch's rules (torch.cuda.amp.GradScaler, _amp_update_scale_): an overflow multiplies by 1/2 and starts counting anew, an interval of finite steps multiplies by 2.
    [Theory]
    [InlineData("", 65536, 0, 0)]
    [InlineData("+", 65536, 1, 0)]
    [InlineData("++", 65536, 2, 0)]
    [InlineData("+++", 131072, 0, 0)]
    [InlineData("++-", 32768, 0, 1)]
    [InlineData("++-++", 32768, 2, 1)]
    [InlineData("++-+++", 65536, 0, 1)]
    [InlineData("---", 8192, 0, 3)]
    [InlineData("++++++-", 131072, 0, 1)]
    public void Follows_the_table(string steps, double scale, int goodSteps, long skipped)
    {
        var scaler = new GradientScaler(growthInterval: 3);
        foreach (var step in steps) scaler.Update(step == '+');
        (scaler.LossScale, scaler.GoodSteps, scaler.Skipped).Should().Be((scale, goodSteps, skipped));

        var resumed = new GradientScaler(growthInterval: 3);
        resumed.Resume(scaler.LossScale, scaler.GoodSteps, scaler.Skipped);
        foreach (var step in "+-++++")
        {
            scaler.Update(step == '+');
            resumed.Update(step == '+');
            (resumed.LossScale, resumed.GoodSteps, resumed.Skipped).Should().Be((scaler.LossScale, scaler.GoodSteps, scaler.Skipped));
        }
    }

    [Fact]
    public void Has_the_defaults_of_PyTorch()
    {
        var scaler = new GradientScaler();
        scaler.LossScale.Should().Be(65536);
        for (var step = 0; step < 1999; step++) scaler.Update(true);
        (scaler.LossScale, scaler.GoodSteps).Should().Be((65536, 1999));
        scaler.Update(true);
        scaler.LossScale.Should().Be(131072);
        scaler.Update(false);
        scaler.LossScale.Should().Be(65536);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.NegativeInfinity, false)]
    [InlineData(float.NaN, false)]
    public void Scales_the_loss_and_takes_it_back(float poison, bool isFinite)
    {
        using var scope = NewDisposeScope();
        using var noGradientYet = Parameter(ones(2));
        using var first = Parameter(tensor(new float[] { 1, 2, 3 }));
        using var second = Parameter(tensor(new float[] { 4, 5 }));
        var scaler = new GradientScaler(initialScale: 1024);
        scaler.Scale((first * first).sum() + 3 * second.sum()).backward();
        TensorAssert.Equal(first.grad!, 2048 * first.detach());
        if (poison != 0) second.grad!.fill_(poison);

        NoLeaks.During(() => scaler.Unscale([noGradientYet, first, second]).Should().Be(isFinite)).Should().Be(0);
        TensorAssert.Equal(first.grad!, 2 * first.detach());
        if (isFinite) TensorAssert.Equal(second.grad!, full(2, 3f));
        new GradientScaler().Unscale([noGradientYet]).Should().BeTrue("there is nothing that could overflow");
    }

    [Fact]
    public void Refuses_numbers_out_of_range()
    {
        FluentActions.Invoking(() => new GradientScaler(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new GradientScaler(growthFactor: 1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new GradientScaler(backoffFactor: 1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new GradientScaler(growthInterval: 0)).Should().Throw<ArgumentOutOfRangeException>();
        new GradientScaler().Invoking(it => it.Resume(double.NaN, 0, 0)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
