using System.Globalization;
using TorchSharp;

namespace UNetFamily.Tool;

/// <summary>The device of <c>--device</c>.</summary>
internal static class Devices
{
    /// <summary>The device of a name; without one, a GPU where there is one.</summary>
    /// <exception cref="UsageException">This machine has none of that name.</exception>
    public static torch.Device Of(string? name)
    {
        if (name is null) return torch.cuda.is_available() ? torch.CUDA : torch.CPU;
        if (name == "cpu") return torch.CPU;
        if (!torch.cuda.is_available()) throw new UsageException($"--device {name}: there is no GPU that libtorch can use. Nearest: --device cpu.");
        var (index, count) = (IndexOf(name), torch.cuda.device_count());
        return index < count ? new torch.Device(DeviceType.CUDA, index) : throw new UsageException($"--device {name}: there are {count} GPUs. Nearest: --device cuda:{count - 1}.");
    }

    /// <summary>How ONNX Runtime is asked for it: the processor when left out.</summary>
    public static OnnxRunOptions OnnxOf(string? name)
    {
        var isProcessor = name is null or "cpu";
        return new OnnxRunOptions { ExecutionProviders = isProcessor ? ["cpu"] : ["cuda", "cpu"], Device = isProcessor ? 0 : IndexOf(name!) };
    }

    private static int IndexOf(string name) => name.Contains(':', StringComparison.Ordinal) ? int.Parse(name.Split(':')[1], CultureInfo.InvariantCulture) : 0;
}
