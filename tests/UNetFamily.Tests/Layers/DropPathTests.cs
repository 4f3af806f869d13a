namespace UNetFamily.Tests.Layers;

public class DropPathTests
{
    [Theory]
    [InlineData(new long[] { 64, 3, 4, 4 })]
    [InlineData(new long[] { 64, 2, 2, 3, 3 })]
    public void Zeroes_whole_samples_and_scales_the_others(long[] shape)
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        using var layer = new DropPath(0.25);
        var input = ones(shape);
        var output = layer.call(input);

        var samples = output.reshape(shape[0], -1);
        TensorAssert.Equal(samples.amin([1]), samples.amax([1]));
        var kept = samples.select(1, 0).gt(0);
        kept.sum().ToInt32().Should().BeInRange(36, 60, "three quarters of 64 samples are kept");
        TensorAssert.Close(samples.select(1, 0), kept.to(ScalarType.Float32) / 0.75, 1e-6);
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(0, true)]
    public void Otherwise_passes_its_input_on_a_handle_of_its_own(double probability, bool training)
    {
        using var scope = NewDisposeScope();
        using var layer = new DropPath(probability);
        layer.train(training);
        var input = randn(2, 3);
        var output = layer.call(input);
        TensorAssert.Equal(output, input);
        output.Dispose();
        input.IsInvalid.Should().BeFalse();
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Refuses_what_is_no_probability_to_drop(double probability) =>
        FluentActions.Invoking(() => new DropPath(probability)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(probability));
}
