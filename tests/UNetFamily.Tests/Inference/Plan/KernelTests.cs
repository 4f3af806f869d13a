namespace UNetFamily.Tests.Inference;

/// <summary>The kernels of plans compute what the layers do.</summary>
public sealed class KernelTests
{
    [Theory]
    [InlineData(16, 16, 1)]
    [InlineData(16, 4, 3000)]
    [InlineData(48, 1, 77)]
    [InlineData(96, 96, 5000)]
    public void Group_norm_keeps_its_digits_beside_a_large_mean(long channels, long groups, long positions)
    {
        using var scope = NewDisposeScope();
        using var norm = Randomized(GroupNorm(groups, channels));
        var x = (randn(2, channels, positions, 1) + 100).CopyIn(MemoryLayout.ChannelsLast);
        var operation = NormalizeByMoments.Of(KnownLayers.Find(norm)!, x.shape)!();

        var result = operation.Run([x]);

        norm.to(ScalarType.Float64);
        // float32 at 100 has steps of 8e-6, and deviations are about 1.
        TensorAssert.Close(result, norm.call(x.to(ScalarType.Float64)), 3e-4 * (positions == 1 && groups == channels ? 1 : 0.1));
        TensorAssert.Equal(operation.Overwrite([x], 0), result);
    }

    [Fact]
    public void An_instance_norm_is_one_with_a_group_for_each_channel()
    {
        using var scope = NewDisposeScope();
        using var norm = Randomized(InstanceNorm3d(32, affine: true));
        var x = randn([2, 32, 5, 6, 7]).CopyIn(MemoryLayout.ChannelsLast);
        var result = NormalizeByMoments.Of(KnownLayers.Find(norm)!, x.shape)!().Run([x]);
        norm.to(ScalarType.Float64);
        TensorAssert.Close(result, norm.call(x.to(ScalarType.Float64)), 5e-6);

        NormalizeByMoments.Of(KnownLayers.Find(norm)!, [1, 33, 4, 4, 4]).Should().BeNull("channels come in vectors of 16");
        using var batch = BatchNorm3d(32);
        NormalizeByMoments.Of(KnownLayers.Find(batch)!, x.shape).Should().BeNull();
    }

    [Fact]
    public void Gelu_is_exact_to_float32()
    {
        using var scope = NewDisposeScope();
        var x = cat([linspace(-12, 12, 100_003), tensor([0f, -0f, float.PositiveInfinity, float.NaN, 1e-30f, -1e30f])]);
        var operation = ActivateGaussian.Of(KnownLayers.Find(GELU())!)!();

        var result = operation.Run([x]);

        var exact = x.to(ScalarType.Float64).gelu();
        // float32 has steps of 1e-6 from 8 on.
        TensorAssert.Close(result[..^6], exact[..^6], 1e-6);
        result[^6..].data<float>().ToArray().Should().BeEquivalentTo([0f, -0f, float.PositiveInfinity, float.NaN, 5e-31f, 0f], options => options.WithStrictOrdering().Using<float>(check =>
            (float.IsNaN(check.Expectation) ? float.IsNaN(check.Subject) : Math.Abs(check.Subject - check.Expectation) <= 1e-35f || check.Subject == check.Expectation).Should().BeTrue()).WhenTypeIs<float>());
        TensorAssert.Close(operation.Overwrite([x], 0)[..^6], result[..^6], 0);
        ActivateGaussian.Of(KnownLayers.Find(GELU(TorchSharp.Modules.GELU.Approximate.tanh))!).Should().BeNull();
    }

    [Theory]
    [InlineData(3, 2, 1)]
    [InlineData(5, 2, 2)]
    [InlineData(3, 1, 1)]
    [InlineData(2, 2, 0)]
    public void A_transposed_depthwise_convolution_gathers(long kernel, long stride, long padding)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var convolution = ConvTranspose3d(32, 32, (kernel, kernel, kernel), (stride, stride, stride), (padding, padding, padding), groups: 32);
        var x = randn([2, 32, 4, 5, 6]).CopyIn(MemoryLayout.ChannelsLast);
        var result = Gathered(convolution, x);
        TensorAssert.Close(result, convolution.call(x.contiguous()), 1e-6);
        result.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();

        using var dense = ConvTranspose3d(32, 32, (3, 3, 3));
        GatherDepthwise.Takes(KnownLayers.Find(dense)!).Should().BeFalse();
    }

    [Theory]
    [InlineData(7, 1, 3, 1, PaddingModes.Reflect)]
    [InlineData(3, 2, 1, 1, PaddingModes.Zeros)]
    [InlineData(5, 1, 4, 2, PaddingModes.Replicate)]
    public void A_depthwise_convolution_gathers(long kernel, long stride, long padding, long dilation, PaddingModes mode)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var convolution = Conv2d(32, 32, kernel, stride, padding, dilation, mode, groups: 32);
        var x = randn([2, 32, 11, 37]).CopyIn(MemoryLayout.ChannelsLast);
        TensorAssert.Close(Gathered(convolution, x), convolution.call(x.contiguous()), 1e-5);
    }

    [Theory]
    [InlineData(16, 32, 1)]
    [InlineData(48, 16, 7)]
    [InlineData(32, 80, 259)]
    public void A_pointwise_convolution_multiplies_positions(long from, long to, long positions)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var convolution = Conv2d(from, to, 1);
        var x = randn([2, from, positions, 1]).CopyIn(MemoryLayout.ChannelsLast);
        var make = RunByPosition.Of(KnownLayers.Find(convolution)!, [x.shape]);
        if (!System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated)
        {
            make.Should().BeNull("libtorch is faster there");
            return;
        }
        var operation = make!();
        using var weights = (IDisposable)operation;
        var result = operation.Run([x]);
        TensorAssert.Close(result, convolution.call(x.contiguous()), 1e-5);
        result.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        NoLeaks.During(() => operation.Run([x])).Should().Be(1);
    }

    [Fact]
    public void Only_pointwise_convolutions_of_whole_vectors_multiply_positions()
    {
        using var scope = NewDisposeScope();
        foreach (var other in (Convolution[])[Conv2d(16, 16, 3, padding: 1), Conv2d(16, 16, 1, stride: 2), Conv2d(16, 16, 1, padding: 1), Conv2d(32, 32, 1, groups: 2), Conv2d(16, 20, 1), ConvTranspose2d(16, 16, 1)])
            RunByPosition.Of(KnownLayers.Find(other)!, [[1, other.in_channels, 8, 8]]).Should().BeNull();
    }

    private static Tensor Gathered(Convolution convolution, Tensor x)
    {
        return GatherDepthwise.Of(KnownLayers.Find(convolution)!, x.shape)!().Run([x]);
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(2, 33, 63)]
    [InlineData(1, 3, 1000)]
    [InlineData(1, 700, 5)]
    [InlineData(1, 1, 1)]
    public void A_change_of_layout_changes_no_number(long samples, long channels, long side)
    {
        using var scope = NewDisposeScope();
        var x = randn(samples, channels, side, 7);
        var last = new ChangeLayout(MemoryLayout.ChannelsLast).Run([x]);
        last.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        TensorAssert.Equal(last, x);
        var back = new ChangeLayout(MemoryLayout.Contiguous).Run([last]);
        back.is_contiguous().Should().BeTrue();
        TensorAssert.Equal(back, x);
        var doubled = x.to(ScalarType.Float64);
        TensorAssert.Equal(new ChangeLayout(MemoryLayout.ChannelsLast).Run([doubled]), doubled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_crew_does_each_item_once(int threads)
    {
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            using var crew = new Crew();
            for (var round = 0; round < 200; round++)
            {
                var done = new int[37];
                crew.Do(done.Length, item => Interlocked.Increment(ref done[item]));
                done.Should().OnlyContain(times => times == 1);
            }
            crew.Do(0, _ => throw new InvalidOperationException());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static Module<Tensor, Tensor> Randomized(Module<Tensor, Tensor> norm)
    {
        manual_seed(1);
        using var noGradient = no_grad();
        foreach (var parameter in norm.parameters()) parameter.uniform_(0.5, 1.5);
        return norm;
    }
}
