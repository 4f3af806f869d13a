namespace UNetFamily.NnUNet;

/// <summary>What <c>dataset.json</c> says of the images that a model is for, and of what it finds in them.</summary>
public sealed record DatasetFile
{
    private const int MostChannels = 1 << 12;
    private const int HighestLabel = ushort.MaxValue;

    private DatasetFile()
    {
    }

    /// <summary>The channels of an image, in order, such as <c>CT</c> or <c>T1</c> and <c>T2</c>.</summary>
    public required ValueList<string> Channels { get; init; }

    /// <summary>The end of the names of image files, with its point: <c>.nii.gz</c>.</summary>
    public required string FileEnding { get; init; }

    /// <summary>The names of labels and regions in the file's order, each with the labels that it stands for.</summary>
    public required ValueList<LabelEntry> Labels { get; init; }

    /// <summary>The label of each region, in the order in which they are written over each other; null without regions.</summary>
    public required ValueList<int>? RegionOrder { get; init; }

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFolderException">It is missing, or a field is missing or wrong; the message names it.</exception>
    public static DatasetFile Read(string path)
    {
        var json = JsonField.Read(path);
        var channels = (json.Find("channel_names") ?? json.Find("modality") ?? throw json.Fail("'channel_names' is missing (and 'modality', its older name).")).Entries();
        if (channels.Count is 0 or > MostChannels) throw json.Fail($"There must be 1 to {MostChannels} channels, are {channels.Count}.");
        var order = json.Given("regions_class_order");
        return new DatasetFile
        {
            Channels = [.. Numbered(channels).Select(channel => channel.IsText ? channel.Text() : channel.Name)],
            FileEnding = Ending(json["file_ending"]),
            Labels = Entries(json["labels"]),
            RegionOrder = order is null ? null : [.. order.Value.Items().Select(label => label.Integer(0, HighestLabel))],
        };
    }

    /// <summary>Channels by their numbers, which are the keys.</summary>
    private static IEnumerable<JsonField> Numbered(IReadOnlyList<JsonField> channels)
    {
        for (var number = 0; number < channels.Count; number++)
        {
            var key = $"{number}";
            if (channels.All(channel => channel.Name != key)) throw channels[0].Fail($"Channels are numbered from 0 to {channels.Count - 1}; there is no '{key}'.");
            yield return channels.First(channel => channel.Name == key);
        }
    }

    private static string Ending(JsonField field) => field.Text() is ['.', _, ..] and var ending && ending.AsSpan().IndexOfAny('/', '\\', '\0') < 0 ? ending
        : throw field.Fail("It must begin with a point and be the end of a file's name, such as '.nii.gz'.");

    private static ValueList<LabelEntry> Entries(JsonField labels)
    {
        var entries = labels.Entries();
        ValueList<LabelEntry> result = [.. entries.Select(entry => new LabelEntry(entry.Name,
            entry.IsList ? [.. entry.Items().Select(label => label.Integer(0, HighestLabel))] : [entry.Integer(0, HighestLabel)], entry.IsList))];
        if (result.GroupBy(entry => entry.Name).FirstOrDefault(group => group.Count() > 1) is { } twice) throw labels.Fail($"'{twice.Key}' is there twice.");
        return result;
    }
}

/// <summary>A name in <c>dataset.json</c> with what it stands for.</summary>
/// <param name="Name">The name, such as <c>liver</c>.</param>
/// <param name="Values">The label, or the labels of a region.</param>
/// <param name="IsList">Whether the file has a list, also one of a single label.</param>
public sealed record LabelEntry(string Name, ValueList<int> Values, bool IsList);
