namespace UNetFamily.Tests.Layers;

/// <summary>Choices are values: they print, compare, and make the layer that they name.</summary>
public class ChoiceTests
{
    [Fact]
    public void Print_themselves()
    {
        Activation.LeakyReLU(0.2).ToString().Should().Be("LeakyReLU(0.2)");
        Activation.GELUTanh.ToString().Should().Be("GELUTanh");
        Regularization.ChannelDropout(0.5).ToString().Should().Be("ChannelDropout(0.5)");
        Normalization.BatchWith().ToString().Should().Be("Batch");
        Normalization.InstanceWith(affine: false).ToString().Should().Be("InstanceWithoutAffine");
        Normalization.InstanceWith(eps: 0.001).ToString().Should().Be("Instance(eps 0.001, momentum 0.1, affine True, running statistics False)");
    }

    [Fact]
    public void Are_equal_when_they_mean_the_same()
    {
        Activation.PReLU(0.1).Should().Be(Activation.PReLU(0.1)).And.NotBe(Activation.PReLU());
        Regularization.Dropout(0.1).Should().Be(Regularization.Dropout(0.1)).And.NotBe(Regularization.ChannelDropout(0.1));
        Normalization.InstanceWith().Should().Be(Normalization.Instance).And.NotBe(Normalization.InstanceWithoutAffine);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_norm_has_the_entries_that_were_asked_for(bool affine, bool statistics)
    {
        using var scope = NewDisposeScope();
        string[] expected = [.. affine ? ["weight", "bias"] : Array.Empty<string>(), .. statistics ? ["running_mean", "running_var", "num_batches_tracked"] : Array.Empty<string>()];
        foreach (var dims in Enum.GetValues<SpatialDims>())
        {
            using var batch = Normalization.BatchWith(affine: affine, runningStatistics: statistics).Build(dims, 3);
            using var instance = Normalization.InstanceWith(affine: affine, runningStatistics: statistics).Build(dims, 3);
            batch.state_dict().Keys.Should().BeEquivalentTo(expected);
            instance.state_dict().Keys.Should().BeEquivalentTo(expected);
        }
    }

    [Fact]
    public void A_batch_norm_without_momentum_averages_all_batches()
    {
        using var scope = NewDisposeScope();
        using var norm = Normalization.BatchWith(momentum: null).Build(SpatialDims.Two, 1);
        foreach (var level in new[] { 1f, 2, 6 }) norm.call(full([2, 1, 2, 2], level));
        norm.state_dict()["running_mean"].ToSingle().Should().BeApproximately(3, 1e-6f);
    }

    [Theory]
    [InlineData(-0.5)]
    [InlineData(1.5)]
    public void A_dropout_needs_a_probability(double probability) =>
        FluentActions.Invoking(() => Regularization.Dropout(probability)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("A probability is 0 to 1.*");
}
