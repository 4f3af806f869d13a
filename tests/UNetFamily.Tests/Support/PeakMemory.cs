using System.Globalization;
using System.Runtime.InteropServices;

namespace UNetFamily.Tests;

/// <summary>The highest memory of the process, which Linux lets it read and reset.</summary>
internal static class PeakMemory
{
    private const string Reset = "/proc/self/clear_refs";
    private const int TrimThreshold = -1, MmapThreshold = -3;       // of malloc.h

    public static bool CanBeMeasured => File.Exists(Reset) && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mallinfo2", out _);

    /// <summary>How many bytes an action needs at its peak beyond what the process had before.</summary>
    public static long During(Action action)
    {
        GC.Collect();
        _ = malloc_trim(0);         // pages that earlier tests left to the allocator would hide the growth
        // Every block of 64 KB goes back when it is freed. Else the peak holds what the allocator keeps as well, and that differs threefold from run to run with the order in which threads free.
        _ = mallopt(MmapThreshold, 1 << 16);
        try
        {
            File.WriteAllText(Reset, "5");
            var before = Read();
            action();
            return Read() - before;
        }
        finally
        {
            _ = mallopt(MmapThreshold, 1 << 25);        // the most that glibc comes to by itself, and the speed of the tests that follow
            _ = mallopt(TrimThreshold, 1 << 26);
        }
    }

    /// <summary>How many bytes more are allocated after an action than before it.</summary>
    public static long HeldAfter(Action action)
    {
        var before = Settled();
        action();
        return Held() - before;
    }

    /// <summary>The same once the finalizers have freed what earlier tests left to them.</summary>
    public static long Settled()
    {
        // What a finalizer or a weak table still held needs another round.
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Held();
    }

    /// <summary>What native code has allocated and not freed: to the byte, whatever the allocator or the garbage collector keep.</summary>
    public static long Held()
    {
        var info = mallinfo2();
        return (long)(info.InUse + info.Mapped);
    }

    private static long Read() => File.ReadLines("/proc/self/status").Where(text => text.StartsWith("VmHWM", StringComparison.Ordinal))
        .Select(text => 1024 * long.Parse(text.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).Single();

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern AllocatorInfo mallinfo2();

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int malloc_trim(nuint pad);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mallopt(int parameter, int value);

    /// <summary>glibc's <c>struct mallinfo2</c>; the fields without names are not needed.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct AllocatorInfo(nuint Arena, nuint FreeChunks, nuint FastChunks, nuint MappedRegions, nuint Mapped, nuint Unused, nuint FreeFast, nuint InUse, nuint Free, nuint Releasable);
}

/// <summary>A theory that measures memory; where that can't be done it is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeakMemoryTheoryAttribute : TheoryAttribute
{
    public PeakMemoryTheoryAttribute()
    {
        if (!PeakMemory.CanBeMeasured) Skip = "This system doesn't let a process reset its peak of memory.";
    }
}
