namespace UNetFamily.Tests.Upstream;

/// <summary>
/// The faults of TorchSharp 0.107.0 for which <c>src/UNetFamily/Upstream</c> has guards, on TorchSharp itself. When one of these fails, the fault has been mended:
/// drop its guard, its test here and its line in the README of that folder.
/// </summary>
public sealed class FaultTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Baddbmm_takes_its_arguments_in_another_order()
    {
        var (added, left, right) = (rand(2, 3, 3), rand(2, 3, 3), rand(2, 3, 3));
        TensorAssert.Close(baddbmm(added, left, right), right + added.bmm(left), 1e-6);
    }

    [Theory]
    [InlineData("matmul")]
    [InlineData("grad")]
    [InlineData("set_state")]
    public void An_error_ends_the_process(string call)
    {
        var (_, output, error) = Child(call);
        output.Should().Contain("before").And.NotContain("after", "an exception could be caught; {0}", error);
        error.Should().Contain("terminate called after throwing an instance of 'c10::Error'");
    }

    /// <summary>In another process, since it overwrites memory; on a processor with AMX, oneDNN is told to take its other kernel.</summary>
    [Avx512Fact]
    public void A_gradient_in_bfloat16_is_anything_where_maps_are_narrow()
    {
        var (_, output, _) = Child("narrow");
        output.Should().StartWith("before").And.NotMatchRegex(@"^before\s+after");
    }

    [Fact]
    public void Output_padding_of_the_first_axis_is_that_of_all()
    {
        using var conv = ConvTranspose2d(1, 1, (3, 3), (4, 4), (1, 1), (3, 1));
        conv.call(rand(1, 1, 2, 2)).shape.Should().Equal(1, 1, 8, 8);
    }

    [Fact]
    public void Adaptive_max_pools_of_volumes_are_those_of_one_axis()
    {
        FluentActions.Invoking(() => functional.adaptive_max_pool3d(rand([1, 2, 4, 4, 4]), [2, 2, 2])).Should().Throw<System.Runtime.InteropServices.ExternalException>().WithMessage("*adaptive_max_pool1d*");
        AdaptiveMaxPool3d([2, 2, 2]).output_size.Should().BeNull();
    }

    [Fact]
    public void Average_pools_of_volumes_have_no_kernel_for_bfloat16() =>
        FluentActions.Invoking(() => functional.avg_pool3d(ones([1, 1, 4, 4, 4], ScalarType.BFloat16), [2, 2, 2])).Should().Throw<System.Runtime.InteropServices.ExternalException>().WithMessage("*not implemented for 'BFloat16'*");

    [Fact]
    public void A_dictionary_of_modules_cannot_be_converted()
    {
        using var modules = ModuleDict(("a", Linear(1, 1)));
        FluentActions.Invoking(() => modules.to(ScalarType.Float64)).Should().Throw<ArgumentException>().WithMessage("*same key*Item*");
    }

    [Fact]
    public void Conversion_leaves_two_tensors_for_each_gradient()
    {
        using var layer = Linear(2, 2);
        using (NewDisposeScope()) layer.call(ones(1, 2)).sum().backward();
        NoLeaks.During(() => layer.to(ScalarType.Float64)).Should().Be(2);
    }

    [Fact]
    public void Zero_grad_leaves_a_tensor_for_each_gradient()
    {
        using var layer = Linear(2, 2);
        using var optimizer = optim.SGD(layer.parameters(), 0.1);
        using (NewDisposeScope()) layer.call(ones(1, 2)).sum().backward();
        NoLeaks.During(() => optimizer.zero_grad()).Should().Be(2);
    }

    [Fact]
    public void A_convolution_leaves_a_view_of_its_weight()
    {
        NoLeaks.During(() => Conv2d(2, 2, 3).Dispose()).Should().Be(1);
        NoLeaks.During(() => SpatialDims.Two.Conv(2, 2, 3).Dispose()).Should().Be(0, "that has a guard");
    }

    [Fact]
    public void Trunc_normal_multiplies_by_the_mean_and_adds_the_deviation()
    {
        using var random = manual_seed(1);
        var weight = init.trunc_normal_(empty(10_000), mean: 0, std: 0.02);
        (weight.max() - weight.min()).ToSingle().Should().Be(0);
    }

    [Fact]
    public void Group_norm_is_not_initialized()
    {
        // What is freed is what the next tensor of that size gets, so the fault shows.
        for (var i = 0; i < 8; i++) full(64, 7).Dispose();
        using var norm = GroupNorm(4, 64);
        (norm.weight.eq(1).all() & norm.bias!.eq(0).all()).ToBoolean().Should().BeFalse();
    }

    [Fact]
    public void Elu_in_place_is_another_tensor_that_stays()
    {
        using var layer = ELU(inplace: true);
        using var input = -ones(3);
        NoLeaks.During(() => layer.call(input).Dispose()).Should().Be(1);
        input.sum().ToSingle().Should().Be(-3);
    }

    [Fact]
    public void Mish_in_place_overwrites_what_its_gradient_needs()
    {
        var x = ones(3, requires_grad: true);
        var output = functional.mish(x * 1, inplace: true).sum();
        FluentActions.Invoking(() => output.backward()).Should().Throw<System.Runtime.InteropServices.ExternalException>().WithMessage("*modified by an inplace operation*");
    }

    private static (int Code, string Output, string Errors) Child(string call) =>
        ChildProcess.Run(typeof(FaultTests).Assembly.Location, [Program.FaultArgument, call], ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE"));
}

/// <summary>A fact about kernels for AVX-512, skipped where the processor lacks it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class Avx512FactAttribute : FactAttribute
{
    public Avx512FactAttribute()
    {
        if (!System.Runtime.Intrinsics.X86.Avx512BW.IsSupported) Skip = "This processor has no AVX-512.";
    }
}
