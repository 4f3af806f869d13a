namespace UNetFamily.Tests;

/// <summary>Comparisons of tensors that say where and by how much they fail.</summary>
internal static class TensorAssert
{
    /// <summary>Every number of <paramref name="actual"/> is within <paramref name="tolerance"/> of <paramref name="expected"/>; NaN never is.</summary>
    public static void Close(Tensor actual, Tensor expected, double tolerance, string what = "the tensor")
    {
        using var scope = NewDisposeScope();
        actual.shape.Should().Equal(expected.shape, "that is the shape of {0}", what);
        var difference = (actual.detach().to(ScalarType.Float64) - expected.detach().to(ScalarType.Float64)).abs();
        var largest = difference.numel() == 0 ? 0 : difference.max().ToDouble();
        (largest <= tolerance).Should().BeTrue("{0} should be within {1:g3} of the expected, and is up to {2:g3} away", what, tolerance, largest);
    }

    /// <summary>The same bits.</summary>
    public static void Equal(Tensor actual, Tensor expected, string what = "the tensor")
    {
        using var scope = NewDisposeScope();
        actual.shape.Should().Equal(expected.shape, "that is the shape of {0}", what);
        actual.Equals(expected).Should().BeTrue("{0} should be bit for bit the expected", what);
    }
}
