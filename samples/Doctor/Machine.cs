using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using UNetFamily;

namespace Doctor;

/// <summary>What is installed, and which of it is in use.</summary>
internal static class Machine
{
    public static IEnumerable<Finding> Examine()
    {
        yield return new("UNetFamily", $"{Version(typeof(UNet).Assembly)} on {RuntimeInformation.FrameworkDescription}");
        yield return new("System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
        yield return new("Processor", $"{Processor()}, {Environment.ProcessorCount} logical cores");
        yield return new("Memory", $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0.0} GB");

        var backend = typeof(torch).Assembly;
        yield return new("Backend", IsPackage(backend)
            ? $"the TorchSharp package, {Version(backend)}"
            : $"this machine's libtorch, through the subset of TorchSharp {Version(backend)}");

        // The first operator loads libtorch and whatever it computes with.
        using (var a = torch.rand(64, 64))
        using (a.matmul(a))
        {
        }
        yield return new("libtorch", $"{torch.__version__} in {Folder(Loaded("torch_cpu"))}");
        yield return Blas();
        yield return Threads();
        yield return Cuda();
    }

    // TorchSharp is signed; the assembly of the subset is not.
    private static bool IsPackage(Assembly backend) => backend.GetName().GetPublicKeyToken() is { Length: > 0 };

    private static string Version(Assembly assembly) => assembly.GetName().Version!.ToString(fieldCount: 3);

    private static string Folder(string? file) => Path.GetDirectoryName(file) ?? "an unknown place";

    private static string? Loaded(string part)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName).FirstOrDefault(file => Path.GetFileName(file).Contains(part, StringComparison.OrdinalIgnoreCase));
    }

    private static Finding Blas()
    {
        foreach (var (part, name) in (ReadOnlySpan<(string, string)>)[("openblas", "OpenBLAS"), ("mkl", "MKL"), ("blis", "BLIS"), ("flexiblas", "FlexiBLAS"), ("Accelerate", "Accelerate"), ("atlas", "ATLAS")])
        {
            if (Loaded(part) is { } file) return new("BLAS", $"{name}, {file}");
        }
        return Loaded("libblas") switch
        {
            null => new("BLAS", "inside libtorch"),
            var file when file.Contains("openblas", StringComparison.Ordinal) => new("BLAS", $"OpenBLAS, {file}"),
            var file => new("BLAS", $"the reference implementation, {file}", Verdict.Doubtful,
                "this library is about thirty times slower than others. On Debian and Ubuntu: sudo apt-get install libopenblas0-pthread"),
        };
    }

    private static Finding Threads()
    {
        var threads = torch.get_num_threads();
        var limit = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        var value = $"{threads}{(limit is null ? "" : $" (OMP_NUM_THREADS is {limit})")}";
        return threads > Environment.ProcessorCount
            ? new("Threads", value, Verdict.Doubtful, "libtorch uses more threads than there are cores, which slows it down. Set OMP_NUM_THREADS, or call torch.set_num_threads.")
            : new("Threads", value);
    }

    private static Finding Cuda()
    {
        var devices = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (devices > 0) return new("CUDA", $"{devices} device{(devices == 1 ? "" : "s")}, cuDNN {(torch.cuda.is_cudnn_available() ? "present" : "absent")}");

        return File.Exists("/proc/driver/nvidia/version")
            ? new("CUDA", "not available, though this machine has an NVIDIA driver", Verdict.Doubtful,
                "this libtorch was built without CUDA, or for a newer driver. With the packages: -p:TorchRuntime=cuda. With a libtorch of your own: set LIBTORCH to one built for CUDA.")
            : new("CUDA", "no device");
    }

    private static string Processor()
    {
        const string Unknown = "unknown processor";
        if (!File.Exists("/proc/cpuinfo")) return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? Unknown;
        var name = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return name is null ? Unknown : name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
