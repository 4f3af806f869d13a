namespace UNetFamily.Tests;

/// <summary>Counts tensors by the statistics of the dispose scopes of this thread.</summary>
internal static class NoLeaks
{
    /// <summary>How many more tensors are alive on this thread after <paramref name="action"/> than before.</summary>
    public static long During(Action action)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        action();
        return DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
    }
}
