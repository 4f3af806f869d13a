namespace UNetFamily.Tests.Reference;

public class DeterministicFillTests
{
    [Fact]
    public void Hashes_names_as_the_reference_does() => DeterministicFill.Fnv1a64("input").Should().Be(0x1EBBAE8F5810B65BUL);

    [Fact]
    public void Draws_the_check_vector() =>
        DeterministicFill.Uniform("input", 4).Should().Equal(-0.8043633699417114, -0.705042839050293, 0.14816880226135254, 0.7054555416107178);

    [Fact]
    public void Scales_a_kernel_by_its_fan_in()
    {
        using var values = DeterministicFill.Values("conv.weight", [2, 3, 1, 1]);
        values.shape.Should().Equal(2, 3, 1, 1);
        values.data<float>().ToArray().Should().Equal(-0.622262955f, 0.773920298f, 0.501248479f, 0.561007738f, -0.246132493f, 0.819027543f);
    }

    [Fact]
    public void Keeps_variances_positive()
    {
        using var values = DeterministicFill.Values("bn.running_var", [3]);
        values.data<float>().ToArray().Should().Equal(1.36165905f, 1.0480628f, 1.49127603f);
    }
}
