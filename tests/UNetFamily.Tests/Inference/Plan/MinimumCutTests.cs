namespace UNetFamily.Tests.Inference;

/// <summary>The choice is the cheapest of all.</summary>
public sealed class MinimumCutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void No_other_choice_costs_less(int seed)
    {
        const int count = 8;
        var random = new Random(seed);
        var costs = Enumerable.Range(0, count).Select(item => (First: random.NextDouble() * 10, Second: item == 3 ? double.PositiveInfinity : random.NextDouble() * 10)).ToArray();
        var pairs = Enumerable.Range(0, 12).Select(_ => (A: random.Next(count), B: random.Next(count), There: random.NextDouble() * 5, Back: random.NextDouble() * 5)).Where(pair => pair.A != pair.B).ToArray();
        var cut = new MinimumCut(count);
        foreach (var (item, (first, second)) in costs.Index()) cut.Cost(item, first, second);
        foreach (var (a, b, there, back) in pairs) cut.Difference(a, b, there, back);

        var chosen = cut.Solve();

        var cheapest = Enumerable.Range(0, 1 << count).Min(bits => Total(item => (bits >> item & 1) != 0));
        Total(item => chosen[item]).Should().BeApproximately(cheapest, 1e-6);

        double Total(Func<int, bool> second) =>
            costs.Select((cost, item) => second(item) ? cost.Second : cost.First).Sum()
            + pairs.Sum(pair => (second(pair.A), second(pair.B)) switch { (false, true) => pair.There, (true, false) => pair.Back, _ => 0 });
    }
}
