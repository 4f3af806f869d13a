using TorchSharp.Utils;

namespace UNetFamily;

/// <summary>
/// Efficient paired attention (EPA): attention between tokens and attention between channels from the same queries and keys, with values of their own.
/// Keys and spatial values are projected to a fixed number of tokens, so the cost grows linearly with the grid.
/// Shaker et al.: UNETR++: Delving into Efficient and Accurate 3D Medical Image Segmentation, IEEE TMI 2024, arXiv 2212.04497; Fig. 2, right.
/// <code>
/// x → q, k, channel values, spatial values
/// channel branch: softmax(norm(q) · norm(k)ᵀ · temperature) · channel values
/// spatial branch: softmax(norm(q)ᵀ · E(k) · temperature) · F(spatial values)
/// result: concat(linear(spatial), linear(channel)), or spatial + channel
/// </code>
/// It works on images and volumes alike, and in any network; only the number of tokens is fixed.
/// </summary>
/// <remarks>Fresh weights are PyTorch's defaults, the temperatures 1.</remarks>
public sealed class EfficientPairedAttention : Block
{
    private const double NormEps = 1e-12;

    [ComponentName(Name = "channel_temperature")]
    private readonly Parameter channelTemperature;
    [ComponentName(Name = "spatial_temperature")]
    private readonly Parameter spatialTemperature;
    private readonly Linear qkvv;
    private readonly Module<Tensor, Tensor> e;
    private readonly Module<Tensor, Tensor>? f;         // none when e serves both
    [ComponentName(Name = "spatial_out")]
    private readonly Linear? spatialOut;
    [ComponentName(Name = "channel_out")]
    private readonly Linear? channelOut;
    private readonly Dropout channelDropout;
    private readonly Dropout spatialDropout;

    private readonly long channels;
    private readonly long tokens;
    private readonly PairedAttentionOptions options;

    /// <summary>Builds the attention.</summary>
    /// <param name="channels">Channels of the input, and of the output.</param>
    /// <param name="tokens">Positions of the grid: the product of its sides.</param>
    /// <param name="options">Its choices; the defaults when left out.</param>
    /// <exception cref="ArgumentException">The options don't fit the channels; the message lists every problem.</exception>
    public EfficientPairedAttention(long channels, long tokens, PairedAttentionOptions? options = null) : base(nameof(EfficientPairedAttention))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        this.options = options ??= new PairedAttentionOptions();
        options.Problems(channels).ThrowIfAny(nameof(EfficientPairedAttention), nameof(options));
        (this.channels, this.tokens) = (channels, tokens);

        channelTemperature = Weight.Of(ones(options.Heads, 1, 1));
        spatialTemperature = Weight.Of(ones(options.Heads, 1, 1));
        qkvv = Linear(channels, 4 * channels, options.Bias);
        e = Projection();
        if (options.Projection is TokenProjection.Separate) f = Projection();
        if (options.Fusion is BranchFusion.Concat)
        {
            spatialOut = Linear(channels, channels / 2);
            channelOut = Linear(channels, channels / 2);
        }
        channelDropout = Dropout(options.ChannelDropout);
        spatialDropout = Dropout(options.SpatialDropout);
        RegisterComponents();

        Module<Tensor, Tensor> Projection() => options.Projection is TokenProjection.SharedMatrix
            ? new TokenMatrix(tokens, options.ProjectedTokens)
            : Linear(tokens, options.ProjectedTokens);
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        Require(x.Axes);
        var t = x.Tokens();
        var q = Part(0, t).L2Normalize(NormEps);
        var k = Part(1, t);
        // Dividing the small product by the norms of k is dividing k by them.
        var products = Heads(q).MatMul(Heads(k).Transpose(-1, -2)) / Heads(k.L2Norm(NormEps)).Transpose(-1, -2);
        var channelMap = (products * x.Weight(channelTemperature)).Softmax(-1);
        var keys = k.Through(e);
        var channel = channelMap.Through(channelDropout).MatMul(Heads(Part(2, t)));

        // The map of tokens x projected tokens is by far the largest here: the temperature goes into the keys.
        var values = Part(3, t).Through(f ?? e);
        var spatialMap = Heads(q).Transpose(-1, -2).MatMul(Heads(keys) * x.Weight(spatialTemperature)).Softmax(-1);
        var spatial = Heads(values).MatMul(spatialMap.Through(spatialDropout).Transpose(-1, -2));       // (N, heads, d, tokens)

        var (byChannel, byToken) = (Joined(channel), options.ScrambledTokens ? Scrambled(spatial) : Joined(spatial));
        var fused = options.Fusion is BranchFusion.Sum
            ? byChannel + byToken
            : FeatureMap.Concat(byToken.ThroughChannels(spatialOut!, 0, channels / 2), byChannel.ThroughChannels(channelOut!, 0, channels / 2));
        return fused.Reshape(x.Axes);
    }

    /// <summary>Queries (0), keys (1), channel values (2) or spatial values (3), each (N, C, tokens).</summary>
    private FeatureMap Part(int index, FeatureMap tokens) => tokens.ThroughChannels(qkvv, index * channels, channels);

    /// <summary>(N, C, n) as (N, heads, d, n).</summary>
    private FeatureMap Heads(FeatureMap x) => x.Reshape(x.Axes[0], options.Heads, channels / options.Heads, -1);

    /// <summary>(N, heads, d, tokens) as (N, C, tokens).</summary>
    private FeatureMap Joined(FeatureMap x) => x.Reshape(x.Axes[0], channels, -1);

    /// <summary>The published code's reading of (N, heads, d, tokens): as (N, d, heads, tokens), whose numbers it takes for (N, tokens, C).</summary>
    private FeatureMap Scrambled(FeatureMap x) => x.Transpose(1, 2).Reshape(x.Axes[0], tokens, channels).Transpose(1, 2);

    private void Require(long[] input)
    {
        var found = $"input is {input.Print()}";
        if (input.Length < 3) throw new ArgumentException($"{nameof(EfficientPairedAttention)} takes (N, C, …grid); {found}.", nameof(input));
        if (input[1] != channels) throw new ArgumentException($"{nameof(EfficientPairedAttention)} was built for {channels} channels; {found}, with {input[1]}.", nameof(input));
        if (input.Positions() != tokens) throw new ArgumentException($"{nameof(EfficientPairedAttention)} was built for {tokens} tokens; {found}, with {input.Positions()}.", nameof(input));
    }
}
