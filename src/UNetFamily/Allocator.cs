using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>
/// How the C library keeps memory between tensors. glibc gives every large block back to the system when it is freed, so that each new map is mapped and zeroed anew: half of the time of some networks.
/// Kept blocks are used again at once; in return, the process holds on to the most that it has needed (<see cref="ReturnFreedBlocks"/> gives it back).
/// </summary>
/// <remarks>
/// <see cref="Trainer"/> and <see cref="SlidingWindow"/> keep freed blocks by themselves. To prevent it, set <see cref="IsAutomatic"/> to false or the environment variable
/// <c>UNETFAMILY_KEEP_FREED_BLOCKS</c> to 0. Whoever has set <c>MALLOC_…</c>, glibc's tunables for <c>malloc</c>, or preloaded another allocator, keeps what was set. Elsewhere than on Linux with glibc nothing is done.
/// </remarks>
public static class Allocator
{
    /// <summary>The environment variable that prevents it when it is 0.</summary>
    internal const string Variable = "UNETFAMILY_KEEP_FREED_BLOCKS";

    // Of malloc.h; 64 MB at a time from the system, and none of it back.
    private const int TrimThreshold = -1, TopPad = -2, MmapMax = -4, Chunk = 64 << 20;

    private static readonly Lock Once = new();

    /// <summary>Whether freed blocks are kept.</summary>
    public static bool KeepsFreedBlocks { get; private set; }

    /// <summary>Whether training and prediction keep freed blocks by themselves.</summary>
    /// <value>True, unless the environment says otherwise.</value>
    public static bool IsAutomatic { get; set; } = Environment.GetEnvironmentVariable(Variable) is not "0";

    /// <summary>Why freed blocks can't be kept, or why it is not this library's to decide; null when they can.</summary>
    public static string? Obstacle { get; } = FindObstacle();

    /// <summary>Keeps freed blocks from now on, for the whole process. Can be called any number of times.</summary>
    /// <returns>Whether they are kept; if not, <see cref="Obstacle"/> says why.</returns>
    public static bool KeepFreedBlocks()
    {
        if (Obstacle is not null) return false;
        lock (Once)
        {
            if (!KeepsFreedBlocks) KeepsFreedBlocks = (mallopt(MmapMax, 0) & mallopt(TrimThreshold, -1) & mallopt(TopPad, Chunk)) == 1;
            return KeepsFreedBlocks;
        }
    }

    /// <summary>Gives memory that is free now back to the system, as between a training and long other work. It is mapped again when it is needed.</summary>
    public static void ReturnFreedBlocks()
    {
        if (OperatingSystem.IsLinux() && HasGlibc()) _ = malloc_trim(0);
    }

    /// <summary>As <see cref="KeepFreedBlocks"/>, where nobody has decided otherwise.</summary>
    internal static void KeepFreedBlocksByDefault()
    {
        if (IsAutomatic) KeepFreedBlocks();
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux() || !HasGlibc()) return "only glibc has these settings";
        string[] set = [.. Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsOfAllocator).Order()];
        return set.Length > 0 ? $"the allocator was set by {string.Join(", ", set)}" : null;

        static bool IsOfAllocator(string name) => name.StartsWith("MALLOC_", StringComparison.Ordinal)
            || (name == "GLIBC_TUNABLES" && Environment.GetEnvironmentVariable(name)!.Contains("glibc.malloc", StringComparison.Ordinal))
            || (name == "LD_PRELOAD" && Environment.GetEnvironmentVariable(name)!.Contains("malloc", StringComparison.Ordinal));
    }

    private static bool HasGlibc() => NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "gnu_get_libc_version", out _);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mallopt(int parameter, int value);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int malloc_trim(nuint pad);
}
