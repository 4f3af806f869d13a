namespace UNetFamily;

/// <summary>The choices of <see cref="EfficientPairedAttention"/>. The defaults are the published network's for Synapse, with tokens in order.</summary>
public sealed record PairedAttentionOptions
{
    /// <summary>Heads; they must divide the channels.</summary>
    /// <value>4.</value>
    public long Heads { get; init; } = 4;

    /// <summary>To how many tokens keys and spatial values are projected (p in the paper).</summary>
    /// <value>64.</value>
    public long ProjectedTokens { get; init; } = 64;

    /// <summary>How they are projected.</summary>
    /// <value><see cref="TokenProjection.Shared"/>.</value>
    public TokenProjection Projection { get; init; } = TokenProjection.Shared;

    /// <summary>How the two branches are joined.</summary>
    /// <value><see cref="BranchFusion.Concat"/>; it needs an even number of channels.</value>
    public BranchFusion Fusion { get; init; } = BranchFusion.Concat;

    /// <summary>Whether queries, keys and values have a bias.</summary>
    /// <value>False.</value>
    public bool Bias { get; init; }

    /// <summary>The probability of dropout on the map between channels, 0 to below 1.</summary>
    /// <value>0.1.</value>
    public double ChannelDropout { get; init; } = 0.1;

    /// <summary>The probability of dropout on the map between tokens, 0 to below 1.</summary>
    /// <value>0.1.</value>
    public double SpatialDropout { get; init; } = 0.1;

    /// <summary>
    /// Whether the output of the spatial branch is re-read in another order of its axes, which mixes tokens and channels. The published code does so
    /// (<c>transformerblock.py</c>: a permutation to (batch, head channels, heads, tokens), then a reshape to (batch, tokens, channels)), and its weights
    /// need it. Without it each token gets its own result, as the paper says.
    /// </summary>
    /// <value>False.</value>
    public bool ScrambledTokens { get; init; }

    /// <summary>Everything that is wrong with these options for a number of channels, a sentence each.</summary>
    internal IEnumerable<string> Problems(long channels)
    {
        if (Heads < 1 || channels % Heads != 0) yield return $"Heads must divide the {channels} channels, is {Heads}. Nearest: {NearestDivisor(channels, Heads)}.";
        if (ProjectedTokens < 1) yield return $"ProjectedTokens must be positive, is {ProjectedTokens}.";
        if (!Enum.IsDefined(Projection)) yield return $"Projection must be Shared, Separate or SharedMatrix, is {(int)Projection}.";
        if (!Enum.IsDefined(Fusion)) yield return $"Fusion must be Concat or Sum, is {(int)Fusion}.";
        if (Fusion is BranchFusion.Concat && channels % 2 != 0) yield return $"Fusion by Concat needs an even number of channels, there are {channels}. Nearest: {channels + 1}, or Sum.";
        if (ChannelDropout is not (>= 0 and < 1)) yield return $"ChannelDropout must be from 0 to below 1, is {ChannelDropout}.";
        if (SpatialDropout is not (>= 0 and < 1)) yield return $"SpatialDropout must be from 0 to below 1, is {SpatialDropout}.";
    }

    internal static long NearestDivisor(long number, long wish)
    {
        var distance = 0L;
        while (true)
        {
            if (wish - distance >= 1 && number % (wish - distance) == 0) return wish - distance;
            if (wish + distance >= 1 && number % (wish + distance) == 0) return wish + distance;
            distance++;
        }
    }
}
