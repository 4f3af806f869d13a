namespace UNetFamily;

/// <summary>A learned matrix that mixes tokens, (N, C, tokens) to (N, C, projected): a linear layer without bias whose weight is kept the other way round.</summary>
internal sealed class TokenMatrix : Module<Tensor, Tensor>
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

    public long Projected => weight.shape[1];

    public override Tensor forward(Tensor input) => input.Times(weight);
}
