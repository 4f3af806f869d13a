namespace UNetFamily.Tool;

/// <summary>What every verb ends with.</summary>
internal static class ExitCode
{
    /// <summary>All is well.</summary>
    public const int Fine = 0;

    /// <summary>Files differ, one is damaged, or work failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int WrongUsage = 2;

    /// <summary>A file can't be read or written, or is not what it should be.</summary>
    public const int Unreadable = 3;

    /// <summary>Ctrl+C, or a signal to end.</summary>
    public const int Stopped = 130;

    /// <summary>All of them, for <c>--help</c>.</summary>
    public static IReadOnlyList<(int Number, string Meaning)> All { get; } =
    [
        (Fine, "all is well"), (Failed, "files differ, one is damaged, or work failed"), (WrongUsage, "the command line is wrong"), (Unreadable, "a file can't be read or written, or is not what it should be"), (Stopped, "stopped by Ctrl+C"),
    ];
}
