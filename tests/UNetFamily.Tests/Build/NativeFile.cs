using System.Reflection;
using UNetFamily.Build;

namespace UNetFamily.Tests.Build;

/// <summary>TorchSharp's native file for Linux, as the package has it and as it lies in the output.</summary>
internal static class NativeFile
{
    public const string Name = "libLibTorchSharp.so";

    public static string InPackage { get; } = Path.Combine(
        typeof(NativeFile).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "TorchSharpPackage").Value!, "runtimes", "linux-x64", "native", Name);

    /// <summary>By system, as it is built, or beside the programs, as a bundle has it. Null on other systems.</summary>
    public static string? InOutput { get; } = new[] { Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", Name), Path.Combine(AppContext.BaseDirectory, Name) }.FirstOrDefault(File.Exists);

    public static bool MachineLacksVersion { get; } = WeakenVersionNeed.MissingHere("libstdc++.so.6", "GLIBCXX_3.4.32", "_ZSt21ios_base_library_initv");
}

/// <summary>A test that needs TorchSharp's native file in the output on Linux, and those of its package where that is asked for.</summary>
public sealed class NativeFileFactAttribute : FactAttribute
{
    public NativeFileFactAttribute(bool package = false, bool olderLibstdcxx = false)
    {
        if (!OperatingSystem.IsLinux() || NativeFile.InOutput is null) Skip = "TorchSharp has no native file for this system.";
        else if (package && !File.Exists(NativeFile.InPackage)) Skip = "TorchSharp's package is not on this machine.";
        else if (olderLibstdcxx && !NativeFile.MachineLacksVersion) Skip = "This machine's libstdc++ has GLIBCXX_3.4.32.";
    }
}
