namespace UNetFamily.Tests;

/// <summary>What every block keeps: its output has the shape that its description foretells, its gradient is that of its output, and it leaves nothing else alive.</summary>
internal static class BlockCheck
{
    /// <param name="block">The block; it becomes double precision.</param>
    /// <param name="input">(N, C, …spatial).</param>
    /// <param name="output">The shape to expect.</param>
    public static void Holds(Module<Tensor, Tensor> block, long[] input, long[] output)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        block.to(ScalarType.Float64);
        var x = randn(input, ScalarType.Float64);
        block.Describe(input).Shape.Should().Equal(output);
        Holds(block, () => block.call(x), output);
    }

    /// <summary>The same for a module with another number of inputs, but for the description.</summary>
    public static void Holds(nn.Module module, Func<Tensor> call, long[] output)
    {
        using var scope = NewDisposeScope();
        var first = call();
        first.shape.Should().Equal(output);
        var weight = randn_like(first).detach();
        GradientCheck.RelativeError(module, () => (call() * weight).sum(), step: 1e-6).Should().BeLessThan(1e-6);
        NoLeaks.During(() => call()).Should().Be(1);
    }
}
