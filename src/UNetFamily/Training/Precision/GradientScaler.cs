namespace UNetFamily;

/// <summary>
/// Keeps the small gradients of half precision from becoming zero: the loss is multiplied by a factor, the gradients are divided by it in float32. A step whose gradients
/// overflow is skipped and lowers the factor, a long run without raises it (Micikevicius et al.: Mixed Precision Training, 2018, arXiv 1710.03740, Section 3.2). Numbers and
/// rules are those of PyTorch's <c>torch.cuda.amp.GradScaler</c>.
/// <code>
/// scaler.Scale(loss).backward();
/// weights.CollectGradients();
/// var isFinite = scaler.Unscale(weights.Parameters);
/// if (isFinite) { optimizer.step(); weights.UpdateWeights(); }
/// scaler.Update(isFinite);
/// </code>
/// </summary>
public sealed class GradientScaler
{
    private readonly double growthFactor;
    private readonly double backoffFactor;
    private readonly int growthInterval;

    /// <summary>A scaler at its first factor.</summary>
    /// <param name="initialScale">The first factor, above 0.</param>
    /// <param name="growthFactor">By what the factor is multiplied after a run of finite steps, above 1.</param>
    /// <param name="backoffFactor">By what it is multiplied after an overflow, above 0 and below 1.</param>
    /// <param name="growthInterval">How many finite steps in a row make it grow, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is outside its range.</exception>
    public GradientScaler(double initialScale = 65536, double growthFactor = 2, double backoffFactor = 0.5, int growthInterval = 2000)
    {
        if (initialScale is not (> 0 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(initialScale), Choice.Text(initialScale), "The factor must be above 0.");
        if (growthFactor is not (> 1 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(growthFactor), Choice.Text(growthFactor), "The factor of growth must be above 1.");
        if (backoffFactor is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(backoffFactor), Choice.Text(backoffFactor), "The factor after an overflow must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(growthInterval);
        (LossScale, this.growthFactor, this.backoffFactor, this.growthInterval) = (initialScale, growthFactor, backoffFactor, growthInterval);
    }

    /// <summary>What the loss is multiplied by.</summary>
    public double LossScale { get; private set; }

    /// <summary>Finite steps in a row since the factor last changed.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>Steps that were skipped.</summary>
    public long Skipped { get; private set; }

    /// <summary>Multiplies a loss.</summary>
    /// <param name="loss">A scalar in float32 or float64: a half one would overflow.</param>
    /// <returns>The product, to run backward from.</returns>
    public Tensor Scale(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return loss * LossScale;
    }

    /// <summary>Divides gradients, and checks them all at once.</summary>
    /// <param name="parameters">The parameters, whose gradients are float32; those without are passed over.</param>
    /// <returns>Whether all are finite. That is the one answer that the host waits for.</returns>
    public bool Unscale(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor? sum = null;
        foreach (var gradient in parameters.Select(parameter => parameter.grad).OfType<Tensor>())
        {
            // Infinite or not a number as soon as one of them is. (A norm beyond float32 counts as an overflow, too.)
            var norm = gradient.mul_(1 / LossScale).norm();
            sum = sum is null ? norm : sum.add_(norm.to(sum.device));
        }
        return sum is null || double.IsFinite(sum.ToDouble());
    }

    /// <summary>Ends a step: the factor halves when it overflowed, and doubles after enough finite ones (with the default factors).</summary>
    /// <param name="isFinite">What <see cref="Unscale"/> returned.</param>
    public void Update(bool isFinite)
    {
        if (!isFinite) (LossScale, GoodSteps, Skipped) = (LossScale * backoffFactor, 0, Skipped + 1);
        else if (GoodSteps + 1 == growthInterval) (LossScale, GoodSteps) = (LossScale * growthFactor, 0);
        else GoodSteps++;
    }

    /// <summary>Goes on where another one stood.</summary>
    /// <param name="lossScale">Its <see cref="LossScale"/>, above 0.</param>
    /// <param name="goodSteps">Its <see cref="GoodSteps"/>, 0 or more.</param>
    /// <param name="skipped">Its <see cref="Skipped"/>, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is outside its range.</exception>
    public void Resume(double lossScale, int goodSteps, long skipped)
    {
        if (lossScale is not (> 0 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(lossScale), Choice.Text(lossScale), "The factor must be above 0.");
        ArgumentOutOfRangeException.ThrowIfNegative(goodSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(skipped);
        (LossScale, GoodSteps, Skipped) = (lossScale, Math.Min(goodSteps, growthInterval - 1), skipped);
    }
}
