using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace UNetFamily.Tool;

/// <summary>The libtorch in use, and what it computes with.</summary>
internal static partial class LibtorchFindings
{
    public static IEnumerable<Finding> Examine()
    {
        // The first operator loads whatever it computes with.
        using (var a = torch.rand(64, 64))
        using (a.matmul(a))
        {
        }
        var file = Machine.Loaded("torch_cpu");
        yield return new("libtorch", file is null ? torch.__version__ : $"{Version(file)}, {Path.GetDirectoryName(file)}");
        yield return new("BLAS", Blas(file));
        yield return Threads();
        yield return Cuda();
    }

    /// <summary>TorchSharp knows which version it is made for, not which one it has: that of Python's torch stands beside it, in a file.</summary>
    private static string Version(string file)
    {
        var root = Path.GetDirectoryName(Path.GetDirectoryName(file))!;
        foreach (var (name, form) in (ReadOnlySpan<(string, Regex)>)[("version.py", PythonVersion()), ("build-version", FirstLine())])
        {
            var path = Path.Combine(root, name);
            if (File.Exists(path) && form.Match(File.ReadAllText(path)) is { Success: true } version) return version.Groups[1].Value;
        }
        return file.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal) ? torch.__version__ : $"of an unknown version (TorchSharp is made for {torch.__version__})";
    }

    private static string Blas(string? torchFile)
    {
        foreach (var (part, name) in (ReadOnlySpan<(string, string)>)[("openblas", "OpenBLAS"), ("mkl", "MKL"), ("blis", "BLIS"), ("flexiblas", "FlexiBLAS"), ("Accelerate", "Accelerate"), ("libblas", "BLAS")])
        {
            if (Machine.Loaded(part) is { } file) return $"{name}, {file}";
        }
        return torchFile is not null && NativeLibrary.TryLoad(torchFile, out var library) && NativeLibrary.TryGetExport(library, "mkl_serv_get_version", out _)
            ? "MKL, inside libtorch"
            : "inside libtorch";
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
                "this libtorch was built without CUDA, or for a newer driver. The application takes one with CUDA from the package TorchSharp-cuda-linux; here, -p:TorchRuntime=cuda does that.")
            : new("CUDA", "no device");
    }

    [GeneratedRegex("__version__ = '([^']+)'")]
    private static partial Regex PythonVersion();

    [GeneratedRegex(@"^(\S+)")]
    private static partial Regex FirstLine();
}
