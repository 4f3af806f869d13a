namespace UNetFamily.Tests.Training;

public sealed class EarlyStoppingTests
{
    [Theory]
    [InlineData(2, 0, false, new[] { 0.5, 0.6, 0.6, 0.59 }, 3)]
    [InlineData(2, 0, false, new[] { 0.5, 0.4, 0.51, 0.4, 0.5, 0.9 }, 4)]
    [InlineData(2, 0.05, false, new[] { 0.5, 0.54, 0.551, 0.56, 0.58 }, 4)]     // against the best that counted
    [InlineData(1, 0, true, new[] { 3.0, 2, 2.5 }, 2)]
    [InlineData(2, 0, false, new[] { double.NaN, double.NaN }, 1)]
    [InlineData(2, 0, false, new[] { 0.1, double.NaN, 0.2, double.PositiveInfinity, 0.3 }, -1)]
    public void Stops_after_so_many_scores_without_improvement(int patience, double minDelta, bool lowerIsBetter, double[] scores, int stopsAt)
    {
        var stopping = new EarlyStopping(patience, minDelta, lowerIsBetter);
        Array.FindIndex(scores, stopping.Add).Should().Be(stopsAt);
        stopping.IsOver.Should().Be(stopsAt >= 0);
    }

    [Fact]
    public void Goes_on_where_it_was()
    {
        var first = new EarlyStopping(3);
        foreach (var score in new[] { 0.8, 0.7, 0.6 }) first.Add(score).Should().BeFalse();
        var second = new EarlyStopping(3);
        second.Resume(first.Best, first.Waited);
        (second.Best, second.Waited, second.Add(0.7)).Should().Be((0.8, 2, true));
    }

    [Fact]
    public void Refuses_what_makes_no_sense()
    {
        FluentActions.Invoking(() => new EarlyStopping(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new EarlyStopping(1, double.NaN)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*0 or more*");
    }
}
