namespace UNetFamily.Tool;

internal enum Verdict
{
    Fact,
    Right,
    Doubtful,
    Wrong,
}

/// <summary>One line of the report.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Value">What was found.</param>
/// <param name="Verdict">What to think of it.</param>
/// <param name="Advice">What to do about it, where something should be done.</param>
internal sealed record Finding(string Subject, string Value, Verdict Verdict = Verdict.Fact, string? Advice = null);
