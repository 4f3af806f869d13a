namespace UNetFamily.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0.9)]
    [InlineData(1)]
    [InlineData(2)]
    public void Polynomial_is_the_formula(double power)
    {
        for (var step = 0; step <= 250; step++)
            LearningRateSchedule.Polynomial(power).Factor(step, 250).Should().BeApproximately(Math.Pow(1 - step / 250.0, power), 1e-15);
        LearningRateSchedule.Polynomial(power).Factor(300, 250).Should().Be(0);
    }

    [Fact]
    public void Cosine_is_half_a_wave()
    {
        var schedule = LearningRateSchedule.Cosine(end: 0.1);
        for (var step = 0; step <= 40; step++) schedule.Factor(step, 40).Should().BeApproximately(0.1 + 0.45 * (1 + Math.Cos(Math.PI * step / 40)), 1e-15);
        schedule.Factor(1000, 40).Should().BeApproximately(0.1, 1e-15);
    }

    [Fact]
    public void Warm_up_rises_in_a_line_and_leaves_the_rest_to_the_schedule()
    {
        var schedule = LearningRateSchedule.Cosine().WithWarmUp(3);
        Enumerable.Range(0, 4).Select(step => schedule.Factor(step, 23)).Should().Equal(0.25, 0.5, 0.75, 1);
        for (var step = 3; step <= 23; step++) schedule.Factor(step, 23).Should().Be(LearningRateSchedule.Cosine().Factor(step - 3, 20));
        LearningRateSchedule.Constant.WithWarmUp(0).Should().BeSameAs(LearningRateSchedule.Constant);
        LearningRateSchedule.Constant.WithWarmUp(5).Factor(2, 3).Should().Be(0.5, "a warm-up longer than the training is still a rise");
    }

    [Fact]
    public void Applies_to_each_group_from_its_own_rate()
    {
        using var first = Parameter(zeros(2));
        using var second = Parameter(zeros(2));
        using var optimizer = optim.SGD([new TorchSharp.Modules.SGD.ParamGroup([first], lr: 0.1), new TorchSharp.Modules.SGD.ParamGroup([second], lr: 0.01)], 1);
        LearningRateSchedule.Polynomial(1).Apply(optimizer, 5, 10).Should().BeApproximately(0.05, 1e-15);
        LearningRateSchedule.Polynomial(1).Apply(optimizer, 9, 10);
        optimizer.ParamGroups.Select(group => group.LearningRate).Should().SatisfyRespectively(rate => rate.Should().BeApproximately(0.01, 1e-15), rate => rate.Should().BeApproximately(0.001, 1e-15));
    }

    [Fact]
    public void Prints_compares_and_refuses()
    {
        LearningRateSchedule.Polynomial().ToString().Should().Be("Polynomial(0.9)");
        LearningRateSchedule.Cosine(0.5).WithWarmUp(10).ToString().Should().Be("Cosine(0.5) after 10 steps of warm-up");
        LearningRateSchedule.Polynomial(2).Should().Be(LearningRateSchedule.Polynomial(2)).And.NotBe(LearningRateSchedule.Polynomial(3));
        FluentActions.Invoking(() => LearningRateSchedule.Polynomial(0)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*above 0; nnU-Net's is 0.9*");
        FluentActions.Invoking(() => LearningRateSchedule.Cosine(1.5)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*0 to 1*");
        LearningRateSchedule.Constant.Invoking(it => it.Factor(-1, 5)).Should().Throw<ArgumentOutOfRangeException>();
        LearningRateSchedule.Constant.Invoking(it => it.Factor(0, 0)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
