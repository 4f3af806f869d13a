namespace UNetFamily.Tests.Backend;

/// <summary>Seeds, generators, and the state that can be put back.</summary>
public class RandomTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_seed_repeats_its_numbers()
    {
        manual_seed(7);
        var first = randn(10);
        manual_seed(7);
        randn(10).Equals(first).Should().BeTrue();
        randn(10).Equals(first).Should().BeFalse();
    }

    [Fact]
    public void The_state_can_be_kept_and_put_back()
    {
        var state = random.get_rng_state();
        var first = rand(10);
        random.set_rng_state(state);
        rand(10).Equals(first).Should().BeTrue();
    }

    [Fact]
    public void A_generator_of_ones_own_leaves_the_default_one_alone()
    {
        manual_seed(1);
        var expected = rand(4);
        manual_seed(1);
        using var own = new Generator(99);
        var drawn = rand(4, generator: own);
        rand(4).Equals(expected).Should().BeTrue();
        own.manual_seed(99);
        rand(4, generator: own).Equals(drawn).Should().BeTrue();
        own.initial_seed().Should().Be(99);
    }

    [Fact]
    public void Numbers_are_in_their_range()
    {
        var integers = randint(3, 8, [1000]);
        integers.min().item<long>().Should().Be(3);
        integers.max().item<long>().Should().Be(7);
        var uniform = empty(1000).uniform_(-2, 5);
        uniform.min().item<float>().Should().BeGreaterThanOrEqualTo(-2).And.BeLessThan(-1.5f);
        uniform.max().item<float>().Should().BeLessThanOrEqualTo(5).And.BeGreaterThan(4.5f);
        empty(10000).normal_(3, 0.1).mean().item<float>().Should().BeApproximately(3, 0.02f);
        full(1000, 0.25).bernoulli().mean().item<float>().Should().BeInRange(0.15f, 0.35f);
    }
}
