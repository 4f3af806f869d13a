using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>
/// How long libtorch's threads look for more work after each of its operations before they sleep. On Linux that is some milliseconds, in which they take the cores from this library's own kernels: on two cores,
/// plans of inference take a fifth longer.
/// </summary>
/// <remarks>
/// The first options of a network that are made set it by themselves, where libtorch isn't loaded yet; its threads read it once, when it is loaded. To prevent it, set the environment variable
/// <c>UNETFAMILY_REST_THREADS</c> to 0; whoever has set <c>GOMP_SPINCOUNT</c> or <c>OMP_WAIT_POLICY</c> keeps what was set.
/// </remarks>
public static class NativeThreads
{
    /// <summary>The environment variable that prevents it when it is 0.</summary>
    internal const string Variable = "UNETFAMILY_REST_THREADS";

    // Of GCC's OpenMP, which libtorch brings for Linux. 300,000 where nothing is set: some 5 ms; this is enough for operations that follow each other.
    private const string SpinCount = "GOMP_SPINCOUNT", WaitPolicy = "OMP_WAIT_POLICY", Spins = "10000";

    private static readonly Lock Once = new();
    private static bool isDecided;

    /// <summary>Whether libtorch's threads sleep sooner.</summary>
    public static bool RestSoon { get; private set; }

    /// <summary>Lets them sleep sooner. To be called before anything of TorchSharp, where a program uses it before it makes the options of a network.</summary>
    /// <returns>Whether they do. They don't elsewhere than on Linux, where the environment says otherwise, and where libtorch was loaded before.</returns>
    public static bool Rest()
    {
        lock (Once)
        {
            if (!isDecided) RestSoon = IsFree() && setenv(SpinCount, Spins, 0) == 0;
            isDecided = true;
            return RestSoon;
        }
    }

    private static bool IsFree() => OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(Variable) is not "0"
        && Environment.GetEnvironmentVariable(SpinCount) is null && Environment.GetEnvironmentVariable(WaitPolicy) is null
        && File.Exists("/proc/self/maps") && !File.ReadLines("/proc/self/maps").Any(line => line.Contains("/libgomp", StringComparison.Ordinal));

    // .NET's own variables are not those of native code.
    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setenv(string name, string value, int overwrite);
}
