namespace UNetFamily.Tests.Upstream;

/// <summary>What stands in for faulty calls computes what those should.</summary>
public sealed class GuardTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 2, 4, 5 })]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 4, 5 })]
    [InlineData(new long[] { 2, 3, 4, 5 }, new long[] { 2, 3, 5, 6 })]
    [InlineData(new long[] { 2, 3, 4, 5 }, new long[] { 5, 6 })]
    public void Products_are_those_of_matmul(long[] left, long[] right)
    {
        var (a, b) = (randn(left, ScalarType.Float64, requires_grad: true), randn(right, ScalarType.Float64, requires_grad: true));
        var expected = a.matmul(b);
        TensorAssert.Close(a.Times(b), expected, 1e-12);
        TensorAssert.Close(a.transpose(-1, -2).contiguous().transpose(-1, -2).Times(b), expected, 1e-12);
        NoLeaks.During(() => a.Times(b)).Should().Be(1);

        var weight = randn_like(expected);
        var wanted = autograd.grad([(expected * weight).sum()], [a, b]);
        var actual = autograd.grad([(a.Times(b) * weight).sum()], [a, b]);
        foreach (var (mine, theirs) in actual.Zip(wanted)) TensorAssert.Close(mine, theirs, 1e-12);
    }

    [Fact]
    public void A_product_that_does_not_fit_is_an_exception() =>
        FluentActions.Invoking(() => ones(2, 3, 4).Times(ones(2, 5, 4))).Should().Throw<System.Runtime.InteropServices.ExternalException>();

    [Fact]
    public void A_column_is_added_to_each_product()
    {
        var (a, b, column) = (randn(2, 3, 4), randn(2, 4, 5), randn(3));
        TensorAssert.Close(a.TimesPlus(b, column), a.bmm(b) + column.reshape(1, 3, 1), 1e-6);
        TensorAssert.Equal(a.TimesPlus(b, null), a.bmm(b));
    }

    [Fact]
    public void Named_modules_have_the_keys_of_a_dictionary()
    {
        using var named = new NamedModules<Linear>([("x0_1", Linear(2, 2)), ("x0_2", Linear(2, 2))]);
        named.state_dict().Keys.Should().Equal("x0_1.weight", "x0_1.bias", "x0_2.weight", "x0_2.bias");
        named.to(ScalarType.Float64).parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);
        named["x0_2"].weight.Should().BeSameAs(named.parameters().ElementAt(2));
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.2)]
    public void A_truncated_normal_is_one(double deviation)
    {
        using var random = manual_seed(5);
        var weight = empty(200_000);
        TruncatedNormal.Fill(weight, deviation);
        IsNormal(weight, deviation);
    }

    [Fact]
    public void A_truncated_normal_draws_what_python_draws()
    {
        using var random = manual_seed(0);
        var weight = empty(5);
        TruncatedNormal.Fill(weight, 0.02);
        // torch.manual_seed(0); torch.nn.init.trunc_normal_(torch.empty(5), std=.02) on PyTorch 1.13.1.
        TensorAssert.Close(weight, tensor(new float[] { -0.00018767f, 0.01466007f, -0.02700381f, -0.02233688f, -0.01006337f }), 1e-7);
    }

    [Fact]
    public void A_state_of_random_numbers_is_looked_at_before_it_is_used()
    {
        using var generator = new Generator();
        var state = generator.get_state();
        RandomState.Problem(state.bytes).Should().BeNull();
        RandomState.Problem(new byte[state.numel()]).Should().Contain("seeded");
        foreach (var (at, value, problem) in new[] { (8, 0, "left"), (8, 625, "left"), (8, -1, "left"), (12, 7, "seeded"), (16, 625, "next"), (20, 1, "next") })
        {
            var bytes = state.bytes.ToArray();
            BitConverter.TryWriteBytes(bytes.AsSpan(at), value);
            RandomState.Problem(bytes).Should().Contain(problem);
        }
    }

    [Fact]
    public void A_narrow_convolution_is_the_same_in_float32()
    {
        Module<Tensor, Tensor>[] layers =
        [
            SpatialDims.Two.Conv(4, 6, kernel: 5, stride: 2), SpatialDims.Three.Conv(4, 6, kernel: 3), SpatialDims.Three.Conv(4, 6, kernel: (1, 3, 3), bias: false),
            SpatialDims.Two.ConvTranspose(4, 6, kernel: 3, stride: 2, padding: 1), SpatialDims.Three.ConvTranspose(4, 6, kernel: 3, stride: 2, padding: 1),
        ];
        foreach (var layer in layers.Cast<Convolution>())
        {
            var x = randn(layer.kernel_size.Length == 2 ? [2, 4, 3, 3] : [2, 4, 2, 3, 3]);
            NarrowConvolutions.Affects(layer, x).Should().BeTrue();
            var expected = layer.call(x);
            TensorAssert.Close(NarrowConvolutions.InFloat32(layer, x), expected, 1e-5);
            layer.to(ScalarType.BFloat16);
            NoLeaks.During(() => NarrowConvolutions.InFloat32(layer, x)).Should().Be(1);
            var output = NarrowConvolutions.InFloat32(layer, x.to(ScalarType.BFloat16));
            output.dtype.Should().Be(ScalarType.BFloat16);
            output.sum().backward();
            layer.weight!.grad!.dtype.Should().Be(ScalarType.BFloat16);
            layer.Dispose();
        }
    }

    /// <summary>Where the processor reports no caches, the test's process would end without <see cref="UnreportedCaches"/>.</summary>
    [Theory]
    [InlineData(256, 1024)]
    [InlineData(1024, 256)]
    [InlineData(2048, 512)]
    public void Pointwise_convolutions_of_any_channels_take_both_layouts(long from, long to)
    {
        var conv = Conv2d(from, to, 1);
        var operation = new Convolve(conv);
        var x = randn([1, from, 16, 16], requires_grad: true);
        var weight = randn([1, to, 16, 16]);
        var (output, gradients) = Computed(x);
        TensorAssert.Close(output, conv.call(x), 1e-6);

        var last = x.detach().CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var (mine, mineGradients) = Computed(last);
        mine.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        TensorAssert.Close(mine, output, 1e-5);     // other kernels add in another order
        foreach (var (ours, theirs) in mineGradients.Zip(gradients)) TensorAssert.Close(ours, theirs, 1e-4);
        NoLeaks.During(() => operation.Run([last])).Should().Be(1);

        (Tensor, IList<Tensor>) Computed(Tensor input)
        {
            var result = operation.Run([input]);
            return (result, autograd.grad([(result * weight).sum()], [input, conv.weight!, conv.bias!]));
        }
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(32, 32)]
    [InlineData(32, 4)]
    public void A_transposed_convolution_of_volumes_is_the_same_in_both_layouts(long channels, long groups)
    {
        using var conv = ConvTranspose3d(channels, channels, (3, 3, 3), (2, 2, 2), (1, 1, 1), groups: groups);
        var x = randn([2, channels, 3, 4, 5]);
        using var mode = no_grad();
        var last = new ConvolveTransposed(conv).Run([x.CopyIn(MemoryLayout.ChannelsLast)]);
        last.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        conv.to(ScalarType.Float64);
        TensorAssert.Close(last, conv.call(x.to(ScalarType.Float64)), 1e-5);
    }

    [Fact]
    public void Wide_and_depthwise_and_unpadded_convolutions_are_not_narrow()
    {
        using var conv = SpatialDims.Two.Conv(4, 4, kernel: 3);
        using var depthwise = SpatialDims.Two.Conv(4, 4, kernel: 3, groups: 4);
        using var unpadded = SpatialDims.Two.Conv(4, 4, kernel: 3, padding: 0);
        NarrowConvolutions.Affects(conv, ones(1, 4, 6, 6)).Should().BeFalse();
        NarrowConvolutions.Affects(conv, ones(1, 4, 6, 5)).Should().BeTrue();
        NarrowConvolutions.Affects(depthwise, ones(1, 4, 2, 2)).Should().BeFalse();
        NarrowConvolutions.Affects(unpadded, ones(1, 4, 4, 4)).Should().BeFalse();
    }

    /// <summary>Mean, deviation and the shares within one and two deviations.</summary>
    internal static void IsNormal(Tensor weight, double deviation)
    {
        var x = weight.detach().to(ScalarType.Float64).flatten() / deviation;
        var tolerance = 4 / Math.Sqrt(x.numel());
        x.mean().ToDouble().Should().BeApproximately(0, tolerance);
        x.std().ToDouble().Should().BeApproximately(1, tolerance);
        x.abs().lt(1).to(ScalarType.Float64).mean().ToDouble().Should().BeApproximately(0.6827, tolerance);
        x.abs().lt(2).to(ScalarType.Float64).mean().ToDouble().Should().BeApproximately(0.9545, tolerance);
    }
}
