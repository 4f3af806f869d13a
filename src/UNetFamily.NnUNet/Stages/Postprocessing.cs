using System.Text.Json;

namespace UNetFamily.NnUNet;

/// <summary>The steps that nnU-Net found to help a model after its segmentation (<c>postprocessing.json</c>, beside <c>postprocessing.pkl</c>, which holds the same). Its predictor doesn't run them; a command of its own does.</summary>
public sealed class Postprocessing
{
    private const string Function = "remove_all_but_largest_component_from_segmentation";
    private const int LongestFile = 1 << 26;

    private Postprocessing(IReadOnlyList<KeepLargest> steps) => Steps = steps;

    /// <summary>The steps, in order; none where none helped.</summary>
    public IReadOnlyList<KeepLargest> Steps { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path"><c>postprocessing.json</c>.</param>
    /// <exception cref="InvalidDataException">The file is none, or has a step that isn't known; the message begins with its path.</exception>
    public static Postprocessing Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LongestFile } file) throw new InvalidDataException($"the file has {file.Length:N0} bytes; {LongestFile:N0} are the most.");
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return new Postprocessing(StepsOf(json.RootElement));
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Applies all steps, in order.</summary>
    /// <param name="segmentation">A label for each voxel, X fastest, changed in place.</param>
    /// <param name="size">The volume's sides.</param>
    /// <exception cref="ArgumentException">The labels don't fill the volume.</exception>
    public void Apply(ushort[] segmentation, VolumeSize size)
    {
        foreach (var step in Steps) step.Apply(segmentation, size);
    }

    private static KeepLargest[] StepsOf(JsonElement json)
    {
        var (functions, arguments) = (Items(json, "postprocessing_fns"), Items(json, "postprocessing_kwargs"));
        if (functions.Length != arguments.Length) throw new InvalidDataException($"there are {functions.Length} functions and arguments for {arguments.Length}.");
        return [.. functions.Zip(arguments, Step)];
    }

    private static KeepLargest Step(JsonElement function, JsonElement arguments)
    {
        if (function.ValueKind != JsonValueKind.String || function.GetString() is not Function) throw new InvalidDataException($"the function {function} isn't supported. Supported is {Function}.");
        if (arguments.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"the arguments of {Function} are {arguments.ValueKind}.");
        foreach (var argument in arguments.EnumerateObject())
            if (argument.Name is not ("labels_or_regions" or "background_label")) throw new InvalidDataException($"the argument {argument.Name} of {Function} isn't supported.");
        var labels = arguments.TryGetProperty("labels_or_regions", out var given) ? Labels(given) : throw new InvalidDataException($"{Function} has no labels_or_regions.");
        return new KeepLargest(labels) { Background = arguments.TryGetProperty("background_label", out var background) ? (ushort)Label(background) : (ushort)0 };
    }

    // A label, a region, or a list of both: they are taken together in any case.
    private static int[] Labels(JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.Array) return [Label(given)];
        int[] labels = [.. given.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? item.EnumerateArray().Select(Label) : [Label(item)])];
        return labels.Length > 0 ? labels : throw new InvalidDataException("labels_or_regions is empty.");
    }

    private static int Label(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var label) && label is >= 0 and <= ushort.MaxValue ? label
        : throw new InvalidDataException($"{value} is no label.");

    private static JsonElement[] Items(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()]
        : throw new InvalidDataException($"there is no list '{name}'.");
}
