using System.Globalization;
using System.Text;
using System.Text.Json;

namespace UNetFamily.NnUNet;

/// <summary>A value in a JSON file of a model folder, with the way to it, so that whatever is missing or wrong is named.</summary>
internal readonly struct JsonField
{
    private const long LargestFile = 64 << 20;
    private const int LongestText = 60;

    private readonly string file;
    private readonly string path;
    private readonly JsonElement element;

    private JsonField(string file, string path, JsonElement element) => (this.file, this.path, this.element) = (file, path, element);

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="ModelFolderException">It is missing, too large, or no JSON.</exception>
    public static JsonField Read(string file)
    {
        if (!File.Exists(file)) throw new ModelFolderException(file, "There is no such file. A model folder of nnU-Net v2 holds plans.json, dataset.json and fold_0 or more, each with a checkpoint; it is usually called TRAINER__PLANS__CONFIGURATION.");
        if (new FileInfo(file).Length is var length and > LargestFile) throw new ModelFolderException(file, $"It has {length} bytes; {LargestFile} is the most.");
        try
        {
            return new JsonField(file, "", JsonDocument.Parse(File.ReadAllText(file)).RootElement);
        }
        catch (JsonException problem)
        {
            throw new ModelFolderException(file, $"It is no JSON: {problem.Message}", problem);
        }
    }

    /// <summary>The last name on the way here.</summary>
    public string Name => path[(path.LastIndexOf('/') + 1)..];

    public bool IsNull => element.ValueKind is JsonValueKind.Null;

    public bool IsList => element.ValueKind is JsonValueKind.Array;

    public bool IsText => element.ValueKind is JsonValueKind.String;

    /// <summary>The field of a name.</summary>
    /// <exception cref="ModelFolderException">There is none.</exception>
    public JsonField this[string name] => Find(name) ?? throw Fail($"'{name}' is missing.");

    /// <summary>The field of a name, or null; None counts as a value.</summary>
    public JsonField? Find(string name)
    {
        if (element.ValueKind is not JsonValueKind.Object) throw Fail($"It must be a dictionary, is {Found()}.");
        return element.TryGetProperty(name, out var value) ? Inside(name, value) : null;
    }

    /// <summary>The field of a name, or null where it is missing or None.</summary>
    public JsonField? Given(string name) => Find(name) is { IsNull: false } value ? value : null;

    public IReadOnlyList<JsonField> Entries()
    {
        if (element.ValueKind is not JsonValueKind.Object) throw Fail($"It must be a dictionary, is {Found()}.");
        List<JsonField> fields = [];
        foreach (var property in element.EnumerateObject()) fields.Add(Inside(property.Name, property.Value));
        return fields;
    }

    public IReadOnlyList<JsonField> Items()
    {
        if (!IsList) throw Fail($"It must be a list, is {Found()}.");
        List<JsonField> items = [];
        foreach (var item in element.EnumerateArray()) items.Add(Inside(items.Count.ToString(CultureInfo.InvariantCulture), item));
        return items;
    }

    public string Text() => element.ValueKind is JsonValueKind.String ? element.GetString()! : throw Fail($"It must be a text, is {Found()}.");

    public bool Flag() => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : throw Fail($"It must be true or false, is {Found()}.");

    /// <summary>A finite number.</summary>
    public double Number() => element.ValueKind is JsonValueKind.Number && element.GetDouble() is var value && double.IsFinite(value) ? value : throw Fail($"It must be a number, is {Found()}.");

    /// <summary>A finite number above 0.</summary>
    public double Positive() => Number() is > 0 and var value ? value : throw Fail($"It must be above 0, is {Found()}.");

    /// <summary>A whole number in a range; Python may have written it with a point.</summary>
    public int Integer(int least, int most) => element.ValueKind is JsonValueKind.Number && element.GetDouble() is var value && double.IsInteger(value) && value >= least && value <= most
        ? (int)value
        : throw Fail($"It must be a whole number from {least} to {most}, is {Found()}.");

    public ModelFolderException Fail(string reason) => new(file, path.Length == 0 ? reason : $"'{path}': {reason}");

    private JsonField Inside(string name, JsonElement value) => new(file, path.Length == 0 ? name : $"{path}/{name}", value);

    private string Found()
    {
        var text = new StringBuilder(element.GetRawText());
        for (var i = 0; i < text.Length; i++) if (char.IsControl(text[i])) text[i] = ' ';
        return text.Length <= LongestText ? text.ToString() : text.ToString(0, LongestText) + " …";
    }
}
