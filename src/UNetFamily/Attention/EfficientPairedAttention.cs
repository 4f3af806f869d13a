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
public sealed class EfficientPairedAttention : Module<Tensor, Tensor>, ITraceable
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

    /// <summary>Applies the attention.</summary>
    /// <param name="input">(N, C, …grid), or (N, C, tokens); row-major, the last axis runs fastest.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The channels or the number of positions are not those it was built for.</exception>
    public override Tensor forward(Tensor input)
    {
        Require(input);
        using var scope = NewDisposeScope();
        var x = input.flatten(2);
        var q = functional.normalize(Part(0, x), dim: -1, eps: NormEps);
        var (channelMap, keys) = FromKeys(q, x);
        var channel = ChannelBranch(channelMap, x);
        var spatial = SpatialBranch(q, keys, x);
        var fused = options.Fusion is BranchFusion.Sum
            ? channel + spatial
            : cat([Apply(spatialOut!.weight, spatialOut.bias, spatial), Apply(channelOut!.weight, channelOut.bias, channel)], dim: 1);
        return fused.reshape(input.shape).MoveToOuterDisposeScope();
    }

    /// <summary>The map between channels, (N, heads, d, d), and the projected keys, (N, C, projected): all that is needed of the keys.</summary>
    private (Tensor ChannelMap, Tensor Keys) FromKeys(Tensor q, Tensor x)
    {
        using var scope = NewDisposeScope();
        var k = Part(1, x);
        // Dividing the small product by the norms of k is dividing k by them.
        var norms = Heads(k.norm(-1, keepdim: true).clamp_min(NormEps)).transpose(-1, -2);
        var products = Heads(q).Times(Heads(k).transpose(-1, -2));
        var map = (products / norms * channelTemperature).softmax(-1);
        return scope.MoveToOuter(map, e.call(k));
    }

    private Tensor ChannelBranch(Tensor map, Tensor x)
    {
        using var scope = NewDisposeScope();
        var attended = channelDropout.call(map).Times(Heads(Part(2, x)));
        return attended.flatten(1, 2).MoveToOuterDisposeScope();
    }

    private Tensor SpatialBranch(Tensor q, Tensor keys, Tensor x)
    {
        using var scope = NewDisposeScope();
        var values = Heads(ProjectedValues(x));
        // The map of tokens x projected tokens is by far the largest tensor here: the temperature goes into the keys, and the logits go once they are used.
        var logits = Heads(q).transpose(-1, -2).Times(Heads(keys) * spatialTemperature);
        var map = logits.softmax(-1);
        logits.Dispose();
        var attended = values.Times(spatialDropout.call(map).transpose(-1, -2));       // (N, heads, d, tokens)
        var perToken = options.ScrambledTokens
            ? attended.transpose(1, 2).reshape(x.shape[0], tokens, channels).transpose(1, 2)
            : attended.flatten(1, 2);
        return perToken.MoveToOuterDisposeScope();
    }

    private Tensor ProjectedValues(Tensor x)
    {
        using var values = Part(3, x);
        return (f ?? e).call(values);
    }

    /// <summary>Queries (0), keys (1), channel values (2) or spatial values (3), each (N, C, tokens).</summary>
    private Tensor Part(int index, Tensor x)
    {
        using var weight = qkvv.weight.narrow(0, index * channels, channels);
        using var bias = qkvv.bias?.narrow(0, index * channels, channels);
        return Apply(weight, bias, x);
    }

    /// <summary>(N, C, n) as (N, heads, d, n), a view.</summary>
    private Tensor Heads(Tensor x) => x.unflatten(1, options.Heads, channels / options.Heads);

    /// <summary>
    /// A linear layer on the channels of (N, C, tokens). Channels stay in front, where the attention needs them: no transposed copies, and each result is dense.
    /// </summary>
    private static Tensor Apply(Tensor weight, Tensor? bias, Tensor x)
    {
        using var scope = NewDisposeScope();
        var weights = weight.unsqueeze(0).expand(x.shape[0], -1, -1);
        return weights.TimesPlus(x, bias).MoveToOuterDisposeScope();
    }

    TensorShape ITraceable.Trace(Tracer tracer, TensorShape input)
    {
        var width = channels / options.Heads;
        TensorShape between = new(options.Heads, width, width), toProjected = new(options.Heads, tokens, options.ProjectedTokens);

        return tracer.Block(() =>
        {
            // The gradient needs queries, keys and both values as they are projected, so in training the four count as the one output of their layer; otherwise each is made when it is needed.
            var all = tracer.IsTraining ? tracer.Through(PerToken(input), qkvv) : null;
            if (all is not null) tracer.Keep(all);
            var q = tracer.Computed(input, kept: true, Projected());
            var k = Projected();
            var channelMap = tracer.MatrixProduct(this, Map(q), between, channels * width * tokens);
            var keys = tracer.Through(Map(k), e);
            var channel = tracer.MatrixProduct(this, tracer.Computed(channelMap, kept: true, channelMap, Map(Projected())), Map(new(input.Axes.ToArray())), channels * width * tokens);
            var values = tracer.Through(Map(Projected()), f ?? e);
            var logits = tracer.MatrixProduct(this, Map(q), toProjected, channels * tokens * options.ProjectedTokens);
            var spatialMap = tracer.Computed(toProjected, kept: true, logits, keys, values);
            if (tracer.IsTraining && options.SpatialDropout > 0) spatialMap = tracer.Computed(toProjected, kept: true, tracer.Computed(toProjected, kept: true, spatialMap), spatialMap);
            var spatial = tracer.MatrixProduct(this, spatialMap, Map(new(input.Axes.ToArray())), channels * tokens * options.ProjectedTokens);
            if (options.ScrambledTokens) spatial = tracer.Computed(input, kept: false, spatial);
            if (options.Fusion is BranchFusion.Concat)
            {
                spatial = tracer.Through(PerToken(spatial), spatialOut!);
                channel = tracer.Through(PerToken(channel), channelOut!);
            }
            return tracer.Computed(input, kept: false, spatial, channel) with { Fields = input.Fields?.Global() };

            TensorShape Projected() => all ?? tracer.Computed(input, kept: false, input);
        }, holds: false, input);

        // The same tensor seen as (tokens, channels) or (channels, tokens).
        TensorShape PerToken(TensorShape x) => new(tokens, channels) { Storage = x.Storage };

        TensorShape Map(TensorShape x) => new(channels, tokens) { Storage = x.Storage };
    }

    private void Require(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var shape = input.shape;
        var found = $"input is ({string.Join(", ", shape)})";
        if (shape.Length < 3) throw new ArgumentException($"{nameof(EfficientPairedAttention)} takes (N, C, …grid); {found}.", nameof(input));
        if (shape[1] != channels) throw new ArgumentException($"{nameof(EfficientPairedAttention)} was built for {channels} channels; {found}, with {shape[1]}.", nameof(input));
        var positions = shape[2..].Aggregate(1L, (product, side) => product * side);
        if (positions != tokens) throw new ArgumentException($"{nameof(EfficientPairedAttention)} was built for {tokens} tokens; {found}, with {positions}.", nameof(input));
    }
}
