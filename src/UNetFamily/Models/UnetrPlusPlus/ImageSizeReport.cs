using System.Globalization;

namespace UNetFamily;

/// <summary>What <see cref="UnetrPlusPlus.ForImageSize"/> did.</summary>
/// <param name="From">The old size of the input.</param>
/// <param name="To">The new one.</param>
/// <param name="Copied">The entries taken over bit for bit.</param>
/// <param name="Resampled">The entries tied to a token grid that changed.</param>
public sealed record ImageSizeReport(Extent From, Extent To, ValueList<string> Copied, ValueList<ResampledWeight> Resampled)
{
    /// <summary>A line with both sizes and counts, then a line for each resampled entry.</summary>
    public override string ToString() => string.Join('\n', Resampled.Select(weight => $"  {weight}").Prepend(
        string.Create(CultureInfo.InvariantCulture, $"{From} to {To}: {Copied.Count} entries copied, {Resampled.Count} resampled")));
}

/// <summary>A weight that was carried from one token grid to another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">The old grid.</param>
/// <param name="To">The new grid.</param>
public sealed record ResampledWeight(string Name, ValueList<long> From, ValueList<long> To)
{
    /// <summary><c>encoder.stages.0.0.position: [8, 8, 8] to [16, 16, 16]</c>.</summary>
    public override string ToString() => $"{Name}: {From} to {To}";
}
