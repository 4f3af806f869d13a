namespace UNetFamily;

/// <summary>A learned matrix that mixes tokens, (N, C, tokens) to (N, C, projected): a linear layer without bias whose weight is kept the other way round.</summary>
internal sealed class TokenMatrix : Block
{
    private readonly Parameter weight;

    /// <summary>Drawn uniformly within 1 / sqrt(projected), as in the published code.</summary>
    public TokenMatrix(long tokens, long projected) : base(nameof(TokenMatrix))
    {
        weight = Weight.Of(empty(tokens, projected));
        var bound = 1 / Math.Sqrt(projected);
        init.uniform_(weight, -bound, bound);
        RegisterComponents();
    }

    protected override FeatureMap Flow(FeatureMap x) => x.MatMul(x.Weight(weight));
}
