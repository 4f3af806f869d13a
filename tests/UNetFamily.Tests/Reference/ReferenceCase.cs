using System.Globalization;
using System.Text.Json;

namespace UNetFamily.Tests.Reference;

/// <summary>One recorded run of an original network. The fields are described in the README of the reference data.</summary>
public sealed class ReferenceCase
{
    private readonly JsonElement json;

    internal ReferenceCase(string net, string folder, JsonElement json) => (Net, Folder, this.json) = (net, folder, json);

    public string Net { get; }

    public string Folder { get; }

    public string Name => json.GetProperty("name").GetString()!;

    /// <summary>The class of the original.</summary>
    public string Class => json.GetProperty("official").GetProperty("class").GetString()!;

    /// <summary>The keyword arguments given to the original's constructor.</summary>
    public JsonElement Arguments => json.GetProperty("official").GetProperty("kwargs");

    public bool IsTraining => Text("mode") == "train";

    public bool IsDouble => Text("run_in") == "float64";

    public long ParameterCount => json.GetProperty("param_count").GetInt64();

    public IReadOnlyList<long[]> InputShapes => [.. json.GetProperty("input_shapes").EnumerateArray().Select(Shape)];

    public IReadOnlyList<ReferenceOutput> Outputs => [.. json.GetProperty("outputs").EnumerateArray().Select(output => new ReferenceOutput(output))];

    /// <summary>Further tensors that follow from the outputs, such as the mean of several.</summary>
    public IReadOnlyList<ReferenceOutput> Derived => this["derived"] is { } derived ? [.. derived.EnumerateArray().Select(output => new ReferenceOutput(output))] : [];

    /// <summary>The state dict of the original, in order.</summary>
    public IReadOnlyList<ReferenceKey> Keys => [.. Lines(Text("keys")!).Select(cells => new ReferenceKey(cells[0], ParseShape(cells[1]), IsParameter: cells[3] == "param"))];

    /// <summary>Gradient norms by the original's parameter name; empty outside training.</summary>
    public IReadOnlyDictionary<string, double> GradientNorms =>
        Text("grads") is { } file ? Lines(file).ToDictionary(cells => cells[0], cells => double.Parse(cells[1], CultureInfo.InvariantCulture)) : new Dictionary<string, double>();

    public IReadOnlyList<string> RunningStatistics => Strings("running_stats");

    public IReadOnlyList<string> ZeroGradientParameters => Strings("zero_grad_params");

    public IReadOnlyList<string> ParametersWithoutGradient => Strings("no_grad_params");

    /// <summary>A further field of the case, or null.</summary>
    public JsonElement? this[string field] => json.TryGetProperty(field, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    public double? Number(string field) => this[field]?.GetDouble();

    public string? Text(string field) => this[field] is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public IReadOnlyList<string> Strings(string field) => this[field] is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : [];

    /// <summary>The recorded tensors by name; those of <c>data</c>.</summary>
    internal Checkpoint Data() => Checkpoint.Open(Path.Combine(Folder, Text("data") ?? throw new InvalidDataException($"{this} has no data file.")));

    /// <summary>The checkpoints that the original's class wrote for this case, bare and in its trainer's envelope.</summary>
    internal IEnumerable<string> Checkpoints => new[] { Text("checkpoint"), Text("checkpoint_envelope") }.OfType<string>().Select(file => Path.Combine(Folder, file));

    /// <summary><c>net/case</c>, by which a test is found.</summary>
    public override string ToString() => $"{Net}/{Name}";

    internal static long[] Shape(JsonElement array) => [.. array.EnumerateArray().Select(side => side.GetInt64())];

    private static long[] ParseShape(string cell) => cell.Length == 0 ? [] : [.. cell.Split(',').Select(side => long.Parse(side, CultureInfo.InvariantCulture))];

    private IEnumerable<string[]> Lines(string file) => File.ReadLines(Path.Combine(Folder, file)).Where(line => line.Length > 0).Select(line => line.Split('\t'));
}

/// <summary>One expected output.</summary>
public sealed class ReferenceOutput(JsonElement json)
{
    public string Name => json.GetProperty("name").GetString()!;

    public long[] Shape => ReferenceCase.Shape(json.GetProperty("shape"));

    /// <summary>How far the original in float32 is from itself in float64, where that was recorded.</summary>
    public double? Float32Error => json.TryGetProperty("float32_error", out var error) ? error.GetDouble() : null;

    /// <summary>The largest magnitude of its numbers.</summary>
    public double LargestMagnitude => json.GetProperty("absmax").GetDouble();

    /// <summary>The steps along each axis with which the output was thinned before it was stored: 1 where it was kept whole.</summary>
    public IReadOnlyList<long> Steps => json.TryGetProperty("subsample", out var text) && text.ValueKind is JsonValueKind.String
        ? [.. text.GetString()!.Trim('[', ']').Split(',').Select(axis => axis.Trim() is ":" ? 1L : long.Parse(axis.Trim().TrimStart(':'), CultureInfo.InvariantCulture))]
        : [];
}

/// <summary>One entry of the original's state dict.</summary>
public sealed record ReferenceKey(string Name, long[] Shape, bool IsParameter);
