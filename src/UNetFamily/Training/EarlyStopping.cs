namespace UNetFamily;

/// <summary>Says when a score has not improved for too long.</summary>
public sealed class EarlyStopping
{
    private readonly int patience;
    private readonly double minDelta;
    private readonly bool lowerIsBetter;

    /// <summary>Nothing waited for yet.</summary>
    /// <param name="patience">After how many scores in a row without improvement to stop, 1 or more.</param>
    /// <param name="minDelta">By how much more than this a score must beat the best to be an improvement, 0 or more.</param>
    /// <param name="lowerIsBetter">Whether a lower score is a better one, as of a loss or a distance.</param>
    /// <exception cref="ArgumentOutOfRangeException">The patience or the difference is out of its range.</exception>
    public EarlyStopping(int patience, double minDelta = 0, bool lowerIsBetter = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(patience);
        if (minDelta is not (>= 0 and < double.PositiveInfinity)) throw new ArgumentOutOfRangeException(nameof(minDelta), Choice.Text(minDelta), "The difference must be 0 or more.");
        (this.patience, this.minDelta, this.lowerIsBetter) = (patience, minDelta, lowerIsBetter);
    }

    /// <summary>The score to beat; null before the first.</summary>
    public double? Best { get; private set; }

    /// <summary>How many scores in a row were no improvement.</summary>
    public int Waited { get; private set; }

    /// <summary>Whether the patience is at its end.</summary>
    public bool IsOver => Waited >= patience;

    /// <summary>Takes a score.</summary>
    /// <param name="score">The score; one that is not finite is no improvement.</param>
    /// <returns><see cref="IsOver"/>.</returns>
    public bool Add(double score)
    {
        if (Improves(score, Best, lowerIsBetter, minDelta)) (Best, Waited) = (score, 0);
        else Waited++;
        return IsOver;
    }

    /// <summary>Goes on where another one stood.</summary>
    /// <param name="best">Its <see cref="Best"/>.</param>
    /// <param name="waited">Its <see cref="Waited"/>, 0 or more.</param>
    public void Resume(double? best, int waited)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(waited);
        (Best, Waited) = (best, waited);
    }

    internal static bool Improves(double score, double? best, bool lowerIsBetter, double minDelta = 0) =>
        double.IsFinite(score) && (best is not { } known || (lowerIsBetter ? known - score : score - known) > minDelta);
}
