namespace UNetFamily.Tests.Models.UNetPlusPlus;

public class LevelComparisonTests
{
    private static readonly UNetPlusPlusOptions Options = UNetPlusPlusOptions.Nested(1, 3, deepSupervision: true) with { Widths = [4, 6, 8] };

    [Fact]
    public void Measures_every_branch_and_their_mean()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        using var model = Options.Build();
        using var pruned = model.Prune(1);
        pruned.eval();
        (Tensor Images, Tensor Labels)[] batches = [Batch(2), Batch(3)];

        var comparison = LevelComparison.Measure(model, batches);

        comparison.Scores.Select(score => (score.Name, score.Level)).Should().Equal(("L1", 1), ("L2", 2), ("mean", null));
        comparison.Scores[0].Parameters.Should().Be(pruned.parameters().Sum(parameter => parameter.numel()));
        comparison.Scores[0].Macs.Should().Be(pruned.Summary(16, 8).Macs);
        comparison.Scores[0].Macs.Should().BeLessThan(comparison.Scores[1].Macs);
        comparison.Scores.Should().OnlyContain(score => score.Time > TimeSpan.Zero && score.DicePerClass.Count == 2);
        model.training.Should().BeTrue("the network is left as it was");

        var predicted = cat(batches.Select(batch => pruned.call(batch.Images).Logits.argmax(1)).ToArray(), dim: 0);
        var truth = cat(batches.Select(batch => batch.Labels).ToArray(), dim: 0);
        for (var label = 1; label <= 2; label++)
            comparison.Scores[0].DicePerClass[label - 1].Should().BeApproximately(Dice(predicted == label, truth == label), 1e-12);
        comparison.Scores[0].Dice.Should().BeApproximately(comparison.Scores[0].DicePerClass.Average()!.Value, 1e-12);

        var lines = comparison.ToString().Split('\n');
        lines.Should().HaveCount(4);
        lines[1].Should().MatchRegex(@"^L1 +[0-9,]+ +0\.[0-9]{3} +0\.[0-9]{4} +[0-9.]+\r?$");
    }

    [Fact]
    public void One_class_is_above_one_half_and_a_class_that_occurs_nowhere_counts_not_at_all()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = (Options with { OutChannels = 1 }).Build();
        // Heads that say yes everywhere, and no everywhere.
        var heads = model.named_parameters().Where(entry => entry.name.StartsWith("heads", StringComparison.Ordinal)).ToArray();
        foreach (var (_, parameter) in heads) parameter.zero_();
        foreach (var (_, bias) in heads.Where(entry => entry.name.EndsWith("bias", StringComparison.Ordinal))) bias.fill_(1);
        var labels = zeros([1, 16, 8], ScalarType.Int64);
        labels.narrow(1, 0, 4).fill_(1);        // a quarter of the pixels

        var yes = LevelComparison.Measure(model, [(randn(1, 1, 16, 8), labels)]);
        yes.Scores.Should().OnlyContain(score => Math.Abs(score.Dice - 2 * 0.25 / 1.25) < 1e-12);

        foreach (var (_, bias) in heads.Where(entry => entry.name.EndsWith("bias", StringComparison.Ordinal))) bias.fill_(-1);
        LevelComparison.Measure(model, [(randn(1, 1, 16, 8), labels)]).Scores.Should().OnlyContain(score => score.Dice == 0, "a missed class is a zero");
        LevelComparison.Measure(model, [(randn(1, 1, 16, 8), zeros_like(labels))]).Scores.Should().OnlyContain(score => double.IsNaN(score.Dice));
    }

    [Fact]
    public void Refuses_what_it_cannot_compare()
    {
        using var scope = NewDisposeScope();
        using var model = Options.Build();
        using var single = (Options with { DeepSupervision = false }).Build();
        var (images, labels) = Batch(1);

        FluentActions.Invoking(() => LevelComparison.Measure(single, [(images, labels)])).Should().Throw<InvalidOperationException>().WithMessage("*DeepSupervision = true*");
        FluentActions.Invoking(() => LevelComparison.Measure(model, [])).Should().Throw<ArgumentException>().WithMessage("*no batch*");
        FluentActions.Invoking(() => LevelComparison.Measure(model, [(images, labels + 1)])).Should().Throw<ArgumentException>().WithMessage("The labels of validation must be 0 to 2; they are 1 to 3.*");
        FluentActions.Invoking(() => LevelComparison.Measure(model, [(images, labels.unsqueeze(1))])).Should().Throw<ArgumentException>().WithMessage("The labels of validation must be (N, …spatial), (1, 16, 8) here; they are (1, 1, 16, 8).*");
        NoLeaks.During(() => LevelComparison.Measure(model, [(images, labels)])).Should().Be(0);
    }

    private static (Tensor Images, Tensor Labels) Batch(long count)
    {
        var labels = randint(0, 3, [count, 16, 8], ScalarType.Int64);
        labels.narrow(1, 0, 1).fill_(2);        // the largest label occurs
        return (randn(count, 1, 16, 8), labels);
    }

    private static double Dice(Tensor a, Tensor b) => 2 * (a & b).sum().ToDouble() / (a.sum() + b.sum()).ToDouble();
}
