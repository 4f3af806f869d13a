using System.Text.Json;

namespace UNetFamily.Benchmarks;

/// <summary>The class that a network was made after, in a checkout that the user has.</summary>
/// <param name="Checkouts">A checkout of the repository, or a folder of checkouts.</param>
/// <param name="Repository">Its folder's usual name.</param>
/// <param name="File">The Python file, from the checkout's root.</param>
/// <param name="Class">The class in it.</param>
/// <param name="Arguments">Its keyword arguments; a text such as <c>torch.nn.Conv2d</c> names a class.</param>
/// <param name="DeepSupervision">What our network has: an original that can be told computes as many heads.</param>
internal sealed record Original(string Checkouts, string Repository, string File, string Class, JsonElement Arguments, bool DeepSupervision)
{
    /// <summary>The original of the first reference case with as many parameters; null when there is none, or it is no PyTorch class.</summary>
    public static Original? Of(ModelVariant network, string checkouts)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Reference"), "cases.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            foreach (var @case in JsonDocument.Parse(System.IO.File.ReadAllText(file)).RootElement.GetProperty("cases").EnumerateArray())
            {
                if (!@case.TryGetProperty("official", out var official)) continue;      // nnU-Net's cases are whole folders
                if (@case.GetProperty("param_count").GetInt64() != network.Parameters || !IsPyTorch(official)) continue;
                return new Original(checkouts, Text("repo").Split('/')[^1], Text("file"), Text("class"), official.GetProperty("kwargs"), HasDeepSupervision(network.Options));

                string Text(string name) => official.GetProperty(name).GetString()!;
            }
        }
        return null;
    }

    private static bool HasDeepSupervision(SegmentationModelOptions options) => options.GetType().GetProperty("DeepSupervision")?.GetValue(options) is true;

    private static bool IsPyTorch(JsonElement official) =>
        official.GetProperty("file").GetString()!.EndsWith(".py", StringComparison.Ordinal) && official.GetProperty("class").GetString()!.All(letter => char.IsLetterOrDigit(letter) || letter == '_');
}
