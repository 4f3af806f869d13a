namespace UNetFamily.Tests.Training;

public sealed class WeightAverageTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly SegmentationModel model = (UNetOptions.Milesial(1, 2) with { Widths = [2, 4] }).Build();

    public void Dispose()
    {
        model.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(0.9, false)]
    [InlineData(0.999, true)]
    [InlineData(0, true)]
    public void Is_the_formula_for_weights_and_running_statistics(double decay, bool warmUp)
    {
        using var average = new WeightAverage(model, decay, warmUp);
        var expected = Doubles();
        for (var n = 0; n < 30; n++)
        {
            Disturb();
            average.Update();
            var d = warmUp ? Math.Min(decay, (1.0 + n) / (10 + n)) : decay;
            foreach (var (key, now) in Doubles()) expected[key] = model.state_dict()[key].is_floating_point() ? d * expected[key] + (1 - d) * now : now;
        }
        average.Updates.Should().Be(30);
        expected.Keys.Should().Contain(key => key.EndsWith("running_var")).And.Contain(key => key.EndsWith("num_batches_tracked"));
        // float32 rounds thirty times, 6e-8 of values below 4 each
        foreach (var (key, value) in expected) TensorAssert.Close(average.StateDict[key], value, 30 * 4 * 6e-8, key);
    }

    [Fact]
    public void Is_lent_to_the_network_and_taken_back()
    {
        using var average = new WeightAverage(model, 0.5);
        Disturb();
        average.Update();
        var (own, mean) = (Copies(model.state_dict()), Copies(average.StateDict));
        var live = NoLeaks.During(() =>
        {
            using var applied = average.Apply();
            foreach (var (key, tensor) in model.state_dict()) TensorAssert.Equal(tensor, mean[key], key);
        });
        live.Should().Be(0);
        foreach (var (key, tensor) in model.state_dict()) TensorAssert.Equal(tensor, own[key], key);

        var twice = average.Apply();
        twice.Dispose();
        Disturb();
        var after = Copies(model.state_dict());
        twice.Dispose();
        foreach (var (key, tensor) in model.state_dict()) TensorAssert.Equal(tensor, after[key], $"{key}, a second time");

        average.Assign();
        foreach (var (key, tensor) in model.state_dict()) TensorAssert.Equal(tensor, mean[key], key);
        NoLeaks.During(average.Update).Should().Be(0);
    }

    [Fact]
    public void Averages_the_masters_of_a_network_in_bfloat16()
    {
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var average = new WeightAverage(weights, 0.5, warmUp: false);
        var start = weights.StateDict["head.weight"].detach().clone();
        using (no_grad()) ((Tensor)weights.Parameters[^2]).add_(1e-4);                // too little for bfloat16
        weights.UpdateWeights();
        average.Update();
        average.StateDict["head.weight"].dtype.Should().Be(ScalarType.Float32);
        TensorAssert.Close(average.StateDict["head.weight"], start + 0.5e-4, 1e-7);
        using (average.Apply()) TensorAssert.Equal(model.state_dict()["head.weight"], average.StateDict["head.weight"].to(ScalarType.BFloat16));
        TensorAssert.Equal(model.state_dict()["head.weight"], weights.StateDict["head.weight"].to(ScalarType.BFloat16));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Refuses_a_decay_outside_its_range(double decay) =>
        FluentActions.Invoking(() => new WeightAverage(model, decay)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("The decay is from 0 to below 1; 0.999 is usual.*");

    private void Disturb()
    {
        using var noGradient = no_grad();
        foreach (var tensor in model.state_dict().Values)
        {
            if (tensor.is_floating_point()) tensor.copy_(rand_like(tensor) * 2 - 1);
            else tensor.add_(1);
        }
    }

    private Dictionary<string, Tensor> Doubles() => model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().to(ScalarType.Float64, copy: true));

    private static Dictionary<string, Tensor> Copies(IEnumerable<KeyValuePair<string, Tensor>> state) => state.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    [Fact]
    public void Applied_twice_it_would_lose_the_networks_own_weights_and_is_refused()
    {
        using var model = Linear(2, 2);
        using var average = new WeightAverage(model);
        using (no_grad()) model.weight!.add_(1);
        using var before = model.weight!.clone();

        var first = average.Apply();
        foreach (var again in (Action[])[() => average.Apply(), average.Update, average.Assign])
            again.Should().Throw<InvalidOperationException>().WithMessage("The network computes with its average. Dispose what Apply returned first.");
        first.Dispose();
        first.Dispose();
        TensorAssert.Equal(model.weight!, before);

        using (average.Apply()) model.weight!.Equals(before).Should().BeFalse();
        TensorAssert.Equal(model.weight!, before);
    }
}
