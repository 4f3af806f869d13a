using System.Globalization;

namespace UNetFamily;

/// <summary>
/// The learning rate over a training, as a factor of the optimizer's own. A choice, not a counter: the factor depends on the step alone, so there is nothing to save, and a
/// training that goes on later has the rates that it would have had.
/// </summary>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>Always 1.</summary>
    public static LearningRateSchedule Constant { get; } = new ConstantKind();

    /// <summary>(1 - step / steps)^power: nnU-Net's, with a power of 0.9 (Isensee et al., 2021); there it is taken once an epoch, here at every step.</summary>
    /// <param name="power">The power, above 0; 1 is a straight line.</param>
    /// <exception cref="ArgumentOutOfRangeException">The power is not above 0.</exception>
    public static LearningRateSchedule Polynomial(double power = 0.9) => power is > 0 and < double.PositiveInfinity
        ? new PolynomialKind(power)
        : throw new ArgumentOutOfRangeException(nameof(power), Choice.Text(power), "The power must be above 0; nnU-Net's is 0.9.");

    /// <summary>Half a cosine from 1 to <paramref name="end"/> (Loshchilov and Hutter: SGDR, 2017, arXiv 1608.03983, equation 5, without restarts).</summary>
    /// <param name="end">The factor at the end, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The end is outside 0 to 1.</exception>
    public static LearningRateSchedule Cosine(double end = 0) => end is >= 0 and <= 1
        ? new CosineKind(end)
        : throw new ArgumentOutOfRangeException(nameof(end), Choice.Text(end), "The factor at the end must be 0 to 1.");

    /// <summary>This schedule after a linear rise: 1 / (n + 1), 2 / (n + 1) … n / (n + 1), then the whole of this one in the steps that are left.</summary>
    /// <param name="steps">The number n of steps that the rise takes, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public LearningRateSchedule WithWarmUp(long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        return steps == 0 ? this : new WarmUpKind(this, steps);
    }

    /// <summary>The factor of a step.</summary>
    /// <param name="step">The number of the step, 0 for the first; from <paramref name="steps"/> on, the factor is that of the end.</param>
    /// <param name="steps">How many steps the whole training has, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative, or there are no steps.</exception>
    public double Factor(long step, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return FactorOf(step, steps);
    }

    /// <summary>Sets the rate of each group of an optimizer to its initial rate times the factor of a step.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="step">The number of the step, 0 for the first.</param>
    /// <param name="steps">How many steps the whole training has.</param>
    /// <returns>The rate of the first group.</returns>
    public double Apply(optim.Optimizer optimizer, long step, long steps)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var factor = Factor(step, steps);
        foreach (var group in optimizer.ParamGroups) group.LearningRate = group.InitialLearningRate * factor;
        return optimizer.ParamGroups.First().LearningRate;
    }

    private protected abstract double FactorOf(long step, long steps);

    private static double Fraction(long step, long steps) => Math.Min(1, (double)step / Math.Max(1, steps));

    private sealed record ConstantKind : LearningRateSchedule
    {
        private protected override double FactorOf(long step, long steps) => 1;

        public override string ToString() => "Constant";
    }

    private sealed record PolynomialKind(double Power) : LearningRateSchedule
    {
        private protected override double FactorOf(long step, long steps) => Math.Pow(1 - Fraction(step, steps), Power);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Polynomial({Power})");
    }

    private sealed record CosineKind(double End) : LearningRateSchedule
    {
        private protected override double FactorOf(long step, long steps) => End + (1 - End) * 0.5 * (1 + Math.Cos(Math.PI * Fraction(step, steps)));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Cosine({End})");
    }

    private sealed record WarmUpKind(LearningRateSchedule Then, long Steps) : LearningRateSchedule
    {
        private protected override double FactorOf(long step, long steps) =>
            step < Steps ? (step + 1) / (Steps + 1.0) : Then.FactorOf(step - Steps, Math.Max(1, steps - Steps));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Then} after {Steps} steps of warm-up");
    }
}
