namespace UNetFamily;

/// <summary>
/// Stochastic depth: in training, each sample's map is zeroed with a probability and the others are scaled up, so that a residual branch is left out
/// for some samples (Huang et al., Deep Networks with Stochastic Depth, 2016). In evaluation the input passes through.
/// </summary>
public sealed class DropPath : Module<Tensor, Tensor>
{
    private readonly double probability;

    /// <summary>A layer that drops with a probability.</summary>
    /// <param name="probability">The probability, from 0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside its range.</exception>
    public DropPath(double probability) : base(nameof(DropPath))
    {
        if (probability is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(probability), Choice.Text(probability), "The probability is from 0 to below 1.");
        this.probability = probability;
        RegisterComponents();
    }

    /// <summary>The probability that a sample is dropped.</summary>
    internal double Probability => probability;

    /// <summary>Drops samples in training.</summary>
    /// <param name="input">(N, …).</param>
    /// <returns>The same shape, always a fresh handle.</returns>
    public override Tensor forward(Tensor input)
    {
        if (!training || probability == 0) return input.alias();

        var oneForEachSample = Enumerable.Repeat(1L, (int)input.dim()).ToArray();
        oneForEachSample[0] = input.shape[0];
        using var mask = input.new_empty(oneForEachSample);
        mask.bernoulli_(1 - probability).div_(1 - probability);
        return input * mask;
    }
}
