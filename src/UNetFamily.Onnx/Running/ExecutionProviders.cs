using Microsoft.ML.OnnxRuntime;

namespace UNetFamily;

/// <summary>ONNX Runtime's execution providers by name.</summary>
internal static class ExecutionProviders
{
    private const string Suffix = "ExecutionProvider";

    private static readonly Dictionary<string, string> Packages = new()
    {
        ["cuda"] = "Microsoft.ML.OnnxRuntime.Gpu",
        ["tensorrt"] = "Microsoft.ML.OnnxRuntime.Gpu",
        ["dml"] = "Microsoft.ML.OnnxRuntime.DirectML",
        ["openvino"] = "Intel.ML.OnnxRuntime.OpenVino",
        ["qnn"] = "Microsoft.ML.OnnxRuntime.QNN",
    };

    /// <summary>The settings of a session on some providers.</summary>
    /// <exception cref="ArgumentException">A provider isn't there; the message says which are, and which package has it.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime's native library isn't there, or a provider doesn't start.</exception>
    public static SessionOptions Settings(OnnxRunOptions options)
    {
        if (options.ExecutionProviders.Count == 0) throw new ArgumentException("ExecutionProviders must name one or more, is empty. Nearest: cpu.", nameof(options));
        if (options.Threads < 0) throw new ArgumentException($"Threads must be 0 or more, is {options.Threads}. Nearest: 0.", nameof(options));
        if (options.Device < 0) throw new ArgumentException($"Device must be 0 or more, is {options.Device}. Nearest: 0.", nameof(options));
        var available = Available();
        string[] wanted = [.. options.ExecutionProviders.Select(Short)];
        foreach (var (asked, name) in options.ExecutionProviders.Zip(wanted))
            if (!available.Contains(name))
                throw new ArgumentException($"There is no execution provider '{asked}' in this application's ONNX Runtime; it has {string.Join(", ", available)}.{(Packages.TryGetValue(name, out var package) ? $" {package} has it." : "")}", nameof(options));

        var settings = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        try
        {
            if (options.Threads > 0) settings.IntraOpNumThreads = options.Threads;
            foreach (var (asked, name) in options.ExecutionProviders.Zip(wanted)) Append(settings, asked, name, options.Device);
            options.Configure?.Invoke(settings);
            return settings;
        }
        catch
        {
            settings.Dispose();
            throw;
        }
    }

    /// <summary>The names of the providers that the native library has.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    private static string[] Available()
    {
        try
        {
            return [.. OrtEnv.Instance().GetAvailableProviders().Select(Short)];
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new InvalidOperationException("ONNX Runtime's native library isn't there. Reference Microsoft.ML.OnnxRuntime in the application, or another of its packages such as Microsoft.ML.OnnxRuntime.Gpu.", missing);
        }
    }

    /// <summary>cuda of CUDAExecutionProvider, CUDA or cuda.</summary>
    private static string Short(string name)
    {
        var bare = (name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? name[..^Suffix.Length] : name).ToLowerInvariant();
        return bare == "directml" ? "dml" : bare;
    }

    private static void Append(SessionOptions settings, string asked, string name, int device)
    {
        try
        {
            switch (name)
            {
                case "cpu": settings.AppendExecutionProvider_CPU(1); break;
                case "cuda": settings.AppendExecutionProvider_CUDA(device); break;
                case "tensorrt": settings.AppendExecutionProvider_Tensorrt(device); break;
                case "rocm": settings.AppendExecutionProvider_ROCm(device); break;
                case "migraphx": settings.AppendExecutionProvider_MIGraphX(device); break;
                case "dml": settings.AppendExecutionProvider_DML(device); break;
                case "coreml": settings.AppendExecutionProvider_CoreML(CoreMLFlags.COREML_FLAG_USE_NONE); break;
                case "openvino": settings.AppendExecutionProvider_OpenVINO(); break;
                case "nnapi": settings.AppendExecutionProvider_Nnapi(NnapiFlags.NNAPI_FLAG_USE_NONE); break;
                case "dnnl": settings.AppendExecutionProvider_Dnnl(1); break;
                default: settings.AppendExecutionProvider(name.ToUpperInvariant(), []); break;
            }
        }
        catch (Exception failed) when (failed is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new InvalidOperationException($"The execution provider '{asked}' can't be used here: {failed.Message}", failed);
        }
    }
}
