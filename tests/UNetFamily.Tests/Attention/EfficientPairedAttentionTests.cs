namespace UNetFamily.Tests.Attention;

public class EfficientPairedAttentionTests
{
    private const long Channels = 8;

    private static PairedAttentionOptions Small => new() { Heads = 2, ProjectedTokens = 5, ChannelDropout = 0, SpatialDropout = 0 };

    public static TheoryData<long[], TokenProjection, BranchFusion, bool> Forms()
    {
        var forms = new TheoryData<long[], TokenProjection, BranchFusion, bool>();
        foreach (var grid in (long[][])[[12], [3, 4], [2, 3, 2]])
            foreach (var projection in Enum.GetValues<TokenProjection>())
                foreach (var fusion in Enum.GetValues<BranchFusion>())
                    foreach (var scrambled in (bool[])[false, true])
                        forms.Add(grid, projection, fusion, scrambled);
        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Is_what_the_paper_says_on_any_grid(long[] grid, TokenProjection projection, BranchFusion fusion, bool scrambled)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var options = Small with { Projection = projection, Fusion = fusion, ScrambledTokens = scrambled, Bias = scrambled };
        using var attention = new EfficientPairedAttention(Channels, tokens: 12, options);
        attention.to(ScalarType.Float64);
        Stir(attention);
        var input = randn([2, Channels, .. grid], ScalarType.Float64);

        var output = attention.call(input);
        TensorAssert.Close(output, Spelled(attention, options, input), 1e-12);
        attention.Describe(input.shape).Shape.Should().Equal(output.shape);

        var weight = randn_like(output).detach();
        GradientCheck.RelativeError(attention, () => (attention.call(input) * weight).sum(), step: 1e-6).Should().BeLessThan(1e-6);
        NoLeaks.During(() => attention.call(input)).Should().Be(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Only_the_published_order_of_axes_mixes_tokens(bool scrambled)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var attention = new EfficientPairedAttention(Channels, tokens: 12, Small with { ScrambledTokens = scrambled });
        attention.to(ScalarType.Float64);
        var input = randn([1, Channels, 12], ScalarType.Float64);
        var before = attention.call(input).detach();

        // Tokens have no order of their own: whoever permutes them, and E with them, gets the same results in that order.
        var order = randperm(12);
        using (no_grad())
        {
            var projection = attention.get_parameter("e.weight")!;
            projection.copy_(projection.index_select(1, order));
        }
        var after = attention.call(input.index_select(2, order));
        var difference = (after - before.index_select(2, order)).abs().max().ToDouble();

        if (scrambled) difference.Should().BeGreaterThan(1e-3);
        else difference.Should().BeLessThan(1e-12);
    }

    [Theory]
    [MemberData(nameof(Costs))]
    public void Costs_grow_linearly_with_the_tokens(TokenProjection projection, BranchFusion fusion, long perToken)
    {
        foreach (var tokens in (long[])[64, 128, 4096])
        {
            using var attention = new EfficientPairedAttention(32, tokens, new PairedAttentionOptions { Projection = projection, Fusion = fusion });
            attention.Describe(1, 32, tokens).Operations.Sum(operation => operation.Macs).Should().Be(perToken * tokens);
        }
    }

    // For each token: q, k and both values, their projections to 64 tokens, two products in each branch, and the output layers.
    public static TheoryData<TokenProjection, BranchFusion, long> Costs() => new()
    {
        { TokenProjection.Shared, BranchFusion.Concat, (4 * 32 * 32) + (2 * 32 * 64) + (2 * 32 * 8) + (2 * 32 * 64) + (32 * 32) },
        { TokenProjection.Separate, BranchFusion.Concat, (4 * 32 * 32) + (2 * 32 * 64) + (2 * 32 * 8) + (2 * 32 * 64) + (32 * 32) },
        { TokenProjection.SharedMatrix, BranchFusion.Sum, (4 * 32 * 32) + (2 * 32 * 64) + (2 * 32 * 8) + (2 * 32 * 64) },
    };

    [Fact]
    public void Drops_out_in_training_only()
    {
        using var scope = NewDisposeScope();
        using var attention = new EfficientPairedAttention(Channels, tokens: 12, Small with { ChannelDropout = 0.5, SpatialDropout = 0.5 });
        var input = randn(1, Channels, 12);

        (attention.call(input) - attention.call(input)).abs().max().ToSingle().Should().BePositive();
        attention.eval();
        TensorAssert.Equal(attention.call(input), attention.call(input));
    }

    [Fact]
    public void Refuses_what_it_was_not_built_for()
    {
        using var attention = new EfficientPairedAttention(Channels, tokens: 12, Small);
        using var otherGrid = zeros(1, Channels, 4, 4);
        using var otherChannels = zeros(1, 6, 3, 4);
        using var flat = zeros(1, Channels);

        attention.Invoking(a => a.call(otherGrid)).Should().Throw<ArgumentException>().WithMessage("*built for 12 tokens; input is (1, 8, 4, 4), with 16.*").WithParameterName("input");
        attention.Invoking(a => a.call(otherChannels)).Should().Throw<ArgumentException>().WithMessage("*built for 8 channels; input is (1, 6, 3, 4), with 6.*");
        attention.Invoking(a => a.call(flat)).Should().Throw<ArgumentException>().WithMessage("*takes (N, C, …grid); input is (1, 8).*");
        FluentActions.Invoking(() => new EfficientPairedAttention(9, 12, new PairedAttentionOptions { Heads = 4, ProjectedTokens = 0, SpatialDropout = 1 })).Should().Throw<ArgumentException>()
            .WithMessage("EfficientPairedAttention: Heads must divide the 9 channels, is 4. Nearest: 3. ProjectedTokens must be positive, is 0. " +
                "Fusion by Concat needs an even number of channels, there are 9. Nearest: 10, or Sum. SpatialDropout must be from 0 to below 1, is 1.*");
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Serves_in_the_bottleneck_of_a_unet(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var side = dims is SpatialDims.Two ? 4 : 2;
        var bottleneck = new EfficientPairedAttention(16, tokens: (long)Math.Pow(side, (int)dims), Small);
        using var model = new AttentionUNet(dims, bottleneck);
        using var optimizer = optim.Adam(model.parameters(), 1e-2);
        var input = randn([2, 1, .. Enumerable.Repeat(4L * side, (int)dims)]);
        var target = (input.squeeze(1) > 0).to(ScalarType.Int64);

        var losses = Enumerable.Range(0, 12).Select(_ => Step()).ToArray();

        losses[^1].Should().BeLessThan(0.8f * losses[0]);
        bottleneck.parameters().Should().OnlyContain(parameter => parameter.grad!.abs().max().ToDouble() > 0);

        float Step()
        {
            optimizer.zero_grad();
            var loss = functional.cross_entropy(model.call(input), target);
            loss.backward();
            optimizer.step();
            return loss.ToSingle();
        }
    }

    /// <summary>A U-Net of a user's own, from the library's blocks.</summary>
    private sealed class AttentionUNet : Module<Tensor, Tensor>
    {
        private readonly DoubleConv fine;
        private readonly DoubleConv coarse;
        private readonly DoubleConv deep;
        private readonly EfficientPairedAttention attention;
        private readonly Module<Tensor, Tensor> pool;
        private readonly Convolution up2;
        private readonly Convolution up1;
        private readonly Convolution head;

        public AttentionUNet(SpatialDims dims, EfficientPairedAttention attention) : base(nameof(AttentionUNet))
        {
            fine = new DoubleConv(dims, 1, 4, Normalization.Instance);
            coarse = new DoubleConv(dims, 4, 8, Normalization.Instance);
            deep = new DoubleConv(dims, 8, 16, Normalization.Instance);
            this.attention = attention;
            pool = dims.MaxPool(2);
            up2 = dims.ConvTranspose(16, 8, kernel: 2);
            up1 = dims.ConvTranspose(8, 4, kernel: 2);
            head = dims.Conv(4, 2, kernel: 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var a = fine.call(x);
            var b = coarse.call(pool.call(a));
            var c = deep.call(pool.call(b));
            var d = up2.call(c + attention.call(c)) + b;
            return head.call(up1.call(d) + a).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Every parameter at random, so that none hides.</summary>
    private static void Stir(nn.Module module)
    {
        using var noGradient = no_grad();
        foreach (var parameter in module.parameters()) init.normal_(parameter, std: 0.5);
    }

    /// <summary>The attention written out token by token and head by head, as the paper and the published code state it.</summary>
    private static Tensor Spelled(EfficientPairedAttention attention, PairedAttentionOptions options, Tensor input)
    {
        Tensor Weight(string name) => attention.get_parameter(name)!.detach();
        var y = input.flatten(2).transpose(1, 2);       // tokens before channels
        var (batch, tokens, heads, d) = (y.shape[0], y.shape[1], options.Heads, Channels / options.Heads);

        var qkvv = functional.linear(y, Weight("qkvv.weight"), options.Bias ? Weight("qkvv.bias") : null).reshape(batch, tokens, 4, heads, d).permute(2, 0, 3, 4, 1);
        var (q, k, vChannel, vSpatial) = (qkvv[0], qkvv[1], qkvv[2], qkvv[3]);
        var kProjected = Projected(k, "e");
        var vProjected = Projected(vSpatial, options.Projection is TokenProjection.Separate ? "f" : "e");
        q = functional.normalize(q, dim: -1);
        k = functional.normalize(k, dim: -1);

        var channelMap = einsum("bhin,bhjn->bhij", q, k).mul(Weight("channel_temperature")).softmax(-1);
        var channel = einsum("bhij,bhjn->bnhi", channelMap, vChannel).reshape(batch, tokens, Channels);
        var spatialMap = einsum("bhdn,bhdp->bhnp", q, kProjected).mul(Weight("spatial_temperature")).softmax(-1);
        var spatial = einsum("bhnp,bhdp->bhnd", spatialMap, vProjected);
        spatial = options.ScrambledTokens ? spatial.permute(0, 3, 1, 2).reshape(batch, tokens, Channels) : spatial.permute(0, 2, 1, 3).reshape(batch, tokens, Channels);

        var fused = options.Fusion is BranchFusion.Sum ? channel + spatial : cat([
            functional.linear(spatial, Weight("spatial_out.weight"), Weight("spatial_out.bias")),
            functional.linear(channel, Weight("channel_out.weight"), Weight("channel_out.bias"))], dim: -1);
        return fused.transpose(1, 2).reshape(input.shape);

        Tensor Projected(Tensor x, string name) => options.Projection is TokenProjection.SharedMatrix
            ? x.matmul(Weight($"{name}.weight"))
            : functional.linear(x, Weight($"{name}.weight"), Weight($"{name}.bias"));
    }
}
