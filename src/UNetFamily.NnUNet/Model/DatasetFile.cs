namespace UNetFamily.NnUNet;

/// <summary>What <c>dataset.json</c> says of the images that a model is for, and of what it finds in them.</summary>
public sealed record DatasetFile
{
    private const int MostChannels = 1 << 12;
    private const int HighestLabel = ushort.MaxValue;
    private const string Background = "background";
    private const string Ignore = "ignore";

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

    /// <summary>Whether heads are regions, which may overlap, instead of labels.</summary>
    public bool HasRegions => Labels.Any(entry => entry.Values.Count > 1);

    /// <summary>The label that marks places nobody has labelled; no network predicts it. null where there is none.</summary>
    public int? IgnoreLabel => Labels.FirstOrDefault(entry => entry.Name == Ignore)?.Values[0];

    /// <summary>The labels that may be predicted besides 0, in order.</summary>
    public ValueList<int> Foreground => [.. Labels.Where(entry => entry.Name != Ignore).SelectMany(entry => entry.Values).Where(label => label != 0).Distinct().Order()];

    /// <summary>What each head of the network stands for: a region, or one label, from 0.</summary>
    public ValueList<LabelEntry> Heads => HasRegions
        ? [.. Labels.Where(entry => entry.Name is not (Background or Ignore) && entry.Values.Any(label => label != 0))]
        : [.. Foreground.Prepend(0).Select(label => Labels.First(entry => entry.Name != Ignore && entry.Values[0] == label))];

    /// <summary>How heads become labels.</summary>
    public LabelScheme Scheme => HasRegions ? LabelScheme.Regions([.. RegionOrder!]) : LabelScheme.Plain(Heads.Count);

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFolderException">It is missing, or a field is missing or wrong; the message names it.</exception>
    public static DatasetFile Read(string path)
    {
        var json = JsonField.Read(path);
        var channels = (json.Find("channel_names") ?? json.Find("modality") ?? throw json.Fail("'channel_names' is missing (and 'modality', its older name).")).Entries();
        if (channels.Count is 0 or > MostChannels) throw json.Fail($"There must be 1 to {MostChannels} channels, are {channels.Count}.");
        var order = json.Given("regions_class_order");
        var dataset = new DatasetFile
        {
            Channels = [.. Numbered(channels).Select(channel => channel.IsText ? channel.Text() : channel.Name)],
            FileEnding = Ending(json["file_ending"]),
            Labels = Entries(json["labels"]),
            RegionOrder = order is null ? null : [.. order.Value.Items().Select(label => label.Integer(0, HighestLabel))],
        };
        dataset.RequireLabels(json["labels"]);
        return dataset;
    }

    private void RequireLabels(JsonField labels)
    {
        var highest = Foreground is [.., var last] ? last : 0;
        if (Labels.FirstOrDefault(entry => entry.Name == Background) is not { Values: [0] }) throw labels.Fail($"'{Background}' must be there and be 0.");
        if (Labels.FirstOrDefault(entry => entry.Name == Ignore) is { } ignore && !(ignore.Values is [var value] && value == highest + 1))
            throw labels.Fail($"'{Ignore}' must be the highest label plus 1, {highest + 1}; is {ignore.Values}.");
        if (highest == 0) throw labels.Fail("There is nothing but background.");
        if (HasRegions && RegionOrder is null) throw labels.Fail("There are regions, and 'regions_class_order' is missing.");
        if (HasRegions && RegionOrder!.Count != Heads.Count) throw labels.Fail($"'regions_class_order' must have an entry for each of the {Heads.Count} regions, has {RegionOrder.Count}.");
        if (!HasRegions && Foreground.Where((label, place) => label != place + 1).Any()) throw labels.Fail($"Labels must be consecutive from 0, are {Foreground} and 0.");
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
        foreach (var entry in entries)
            if (entry.IsList && entry.Items().Count == 0) throw entry.Fail("It has no labels.");
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
