using System.Text.Json;
using System.Text.Json.Serialization;

namespace UNetFamily.Benchmarks;

internal enum Benchmark
{
    Overhead,
    Flow,
    Attention,
    Forward,
    Plan,
    Step,
    Window,
    Stages,
}

/// <summary>One thing to measure, as the parent hands it to a child in JSON; C# and Python read the same.</summary>
/// <param name="Benchmark">What to do.</param>
/// <param name="Network">A name of the catalogue, or of <see cref="Benchmark.Stages"/>; none for <see cref="Benchmark.Overhead"/>, <see cref="Benchmark.Flow"/>, <see cref="Benchmark.Attention"/> and <see cref="Benchmark.Window"/>.</param>
/// <param name="Input">The shape of the input.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Threads">Threads of libtorch; 0 leaves the choice to it.</param>
/// <param name="Seconds">How long to measure, at least.</param>
/// <param name="Original">The network's original, for Python; none when it has no PyTorch class or nobody asked for it.</param>
/// <param name="InOnnxRuntime">Whether the forward pass is that of the exported network in ONNX Runtime.</param>
internal sealed record Job(Benchmark Benchmark, string? Network, long[] Input, string Device, int Threads, double Seconds, Original? Original, bool InOnnxRuntime = false);

/// <summary>What a child measured.</summary>
/// <param name="Torch">The version of libtorch.</param>
/// <param name="Threads">Threads of libtorch.</param>
/// <param name="Milliseconds">One entry per repetition.</param>
/// <param name="PeakMegabytes">The peak of the process's memory.</param>
internal sealed record Measured(string Torch, int Threads, double[] Milliseconds, double PeakMegabytes)
{
    [JsonIgnore]
    public double Median => Milliseconds.Median();
}

internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };

    public static string Write<T>(T value, bool indented = false) => JsonSerializer.Serialize(value, indented ? Indented : Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)!;

    public static double Median(this IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
