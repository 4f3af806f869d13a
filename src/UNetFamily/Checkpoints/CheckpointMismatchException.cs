namespace UNetFamily;

/// <summary>A checkpoint was read and doesn't fit the network. The network is as it was.</summary>
public sealed class CheckpointMismatchException : CheckpointException
{
    internal CheckpointMismatchException(LoadReport report, string advice) : base(report.FileName, null, $"{report}\n{advice}") => Report = report;

    /// <summary>The whole difference.</summary>
    public LoadReport Report { get; }
}
