namespace UNetFamily;

/// <summary>How well one class was segmented in one case.</summary>
/// <param name="Case">The name of the case.</param>
/// <param name="Class">The name of the class.</param>
/// <param name="Counts">Its pixels.</param>
/// <param name="Scores">Its scores.</param>
public sealed record CaseScore(string Case, string Class, OverlapCounts Counts, MetricScores Scores);

/// <summary>How well one class was segmented in all cases.</summary>
/// <param name="Class">The name of the class.</param>
/// <param name="Labelled">In how many cases it is labelled.</param>
/// <param name="Missed">In how many of those nothing of it was found.</param>
/// <param name="FalseAlarms">In how many cases it is predicted, but not labelled.</param>
/// <param name="Mean">The means over cases.</param>
public sealed record ClassScore(string Class, int Labelled, int Missed, int FalseAlarms, MetricScores Mean);
