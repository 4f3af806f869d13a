using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace UNetFamily.Tool;

/// <summary>What the machine has, found without TorchSharp.</summary>
internal static class Machine
{
    public static IEnumerable<Finding> Examine()
    {
        yield return new("UNetFamily", $"{Version(typeof(SegmentationModel).Assembly)} on {RuntimeInformation.FrameworkDescription}");
        yield return new("System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
        yield return new("Processor", $"{Processor()}, {Environment.ProcessorCount} logical cores");
        yield return new("Memory", $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0.0} GB");
        yield return new("Freed blocks", Allocator.Obstacle is { } obstacle ? $"as the system does: {obstacle}"
            : Allocator.IsAutomatic ? "kept by training and prediction (Allocator)" : "as the system does: UNETFAMILY_KEEP_FREED_BLOCKS is 0");
        yield return new("libtorch's threads", NativeThreads.Rest() ? "sleep soon between operations (NativeThreads)" : "as the system or the environment says");
        if (Loaded("libstdc++.so") is { } file) yield return new("libstdc++", $"{Loading.Newest(file, "GLIBCXX_3.4.0")}, {file}");
    }

    public static string Version(Assembly assembly) => assembly.GetName().Version!.ToString(fieldCount: 3);

    /// <summary>The file of a native library that is loaded here.</summary>
    public static string? Loaded(string part)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName).FirstOrDefault(file => Path.GetFileName(file).Contains(part, StringComparison.OrdinalIgnoreCase));
    }

    private static string Processor()
    {
        const string Unknown = "unknown processor";
        if (!File.Exists("/proc/cpuinfo")) return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? Unknown;
        var name = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return name is null ? Unknown : name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
