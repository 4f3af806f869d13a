namespace UNetFamily.Tests.Training.Data;

public class PatchRandomTests
{
    [Fact]
    public void Numbers_depend_on_seed_batch_and_place_alone()
    {
        Draw(1, 2, 3).Should().Equal(Draw(1, 2, 3));
        var starts = from seed in Enumerable.Range(-2, 5) from batch in Enumerable.Range(0, 20) from sample in Enumerable.Range(0, 20) select Draw(seed, batch, sample)[0];
        starts.Should().OnlyHaveUniqueItems();

        // Fixed for ever: a training that was begun with an older version goes on alike.
        new PatchRandom(1, 2, 3).Next(1_000_000).Should().Be(987_333);

        static double[] Draw(long seed, long batch, int sample)
        {
            var random = new PatchRandom(seed, batch, sample);
            return [random.Next(), random.Next(), random.Next()];
        }
    }

    [Fact]
    public void Whole_numbers_and_fractions_are_even()
    {
        var random = new PatchRandom(5, 0, 0);
        var counts = new int[10];
        for (var i = 0; i < 100_000; i++) counts[random.Next(10)]++;
        counts.Should().OnlyContain(count => Math.Abs(count - 10_000) < 500, "the deviation is 95");
        Enumerable.Range(0, 10_000).Select(_ => random.Next()).Should().OnlyContain(number => number >= 0 && number < 1);
        Enumerable.Range(0, 10_000).Select(_ => random.Uniform(2, 4)).Average().Should().BeApproximately(3, 0.03);
        Enumerable.Range(0, 10_000).Count(_ => random.Chance(0.2)).Should().BeInRange(1800, 2200);
        random.Chance(0).Should().BeFalse();
        random.Chance(1).Should().BeTrue();
        FluentActions.Invoking(() => random.Next(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Factors_are_as_often_below_one_as_above()
    {
        var random = new PatchRandom(6, 0, 0);
        var factors = Enumerable.Range(0, 10_000).Select(_ => random.Factor((0.7, 1.5))).ToArray();
        factors.Should().OnlyContain(factor => factor >= 0.7 && factor <= 1.5);
        factors.Count(factor => factor < 1).Should().BeInRange(4800, 5200);
        random.Factor((2, 2)).Should().Be(2);
        random.Factor((0.5, 0.5)).Should().Be(0.5);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(200_003)]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution(int count)
    {
        var values = new float[count];
        new PatchRandom(7, 0, 0).Normal(values);
        var numbers = values.Select(value => (double)value).ToArray();
        double[] moments = [.. Enumerable.Range(1, 4).Select(power => numbers.Average(value => Math.Pow(value, power)))];
        moments[0].Should().BeApproximately(0, 0.01);
        moments[1].Should().BeApproximately(1, 0.015);
        moments[2].Should().BeApproximately(0, 0.04);
        moments[3].Should().BeApproximately(3, 0.1);
        numbers.Zip(numbers.Skip(1), (a, b) => a * b).Average().Should().BeApproximately(0, 0.01);
        numbers.Zip(numbers.Skip(8), (a, b) => a * b).Average().Should().BeApproximately(0, 0.01, "sine and cosine of one angle lie 8 apart");
        numbers.Zip(numbers.Skip(8), (a, b) => a * a * b * b).Average().Should().BeApproximately(1, 0.05);
        numbers.Count(value => Math.Abs(value) > 1.96).Should().BeInRange(count / 20 - 500, count / 20 + 500);
    }
}
