using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace UNetFamily;

/// <summary>
/// Reads safetensors: the length of the header (8 bytes), the header in JSON, the numbers. Every rule of the format is checked: types, sizes, no
/// names twice, no holes, no overlaps, no bytes that belong to nothing.
/// </summary>
internal static class SafetensorsReader
{
    private const ulong LargestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    public static CheckpointContent Read(ByteSource source, string? stateDict)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (source.Length < prefix.Length) throw source.Fail(0, ForeignFile.None);
        source.Read(0, prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LargestHeader)
            throw source.Fail(0, $"{ForeignFile.None} (As safetensors it would have a header of {length} bytes, where {LargestHeader} is the most.)");
        if (length > (ulong)(source.Length - 8)) throw source.Fail(0, $"The header should have {length} bytes, and the file ends {source.Length - 8} bytes after this.");

        var header = new byte[length];
        source.Read(8, header);
        if (!Utf8.IsValid(header)) throw source.Fail(8, "The header is not valid UTF-8.");
        var (tensors, metadata) = Parse(source, header);
        RequireSideBySide(source, tensors, start: 8 + (long)length);
        var whole = new StateDict("", tensors);
        var content = new CheckpointContent(CheckpointFormat.Safetensors, whole) { Metadata = metadata, Ties = Ties(tensors, metadata) };
        if (metadata.ContainsKey(TrainingFiles.PositionKey)) content = WeightsOf(content);
        if (stateDict is null || stateDict == content.Chosen.Path) return content;
        return content with { Chosen = stateDict.Length == 0 ? whole : CheckpointContent.PartOf(whole, stateDict) ?? throw source.Fail(null, $"There is no state dict '{Printable.Of(stateDict)}': no name begins with it.") };
    }

    /// <summary>The network in a file of our own that holds a training.</summary>
    private static CheckpointContent WeightsOf(CheckpointContent training)
    {
        var path = TrainingFiles.ModelPrefix.TrimEnd('.');
        return training with
        {
            Chosen = CheckpointContent.PartOf(training.Chosen, path) ?? new(path, []),
            Paths = [path, ""],
            Others = [.. training.Chosen.Tensors.Where(tensor => !tensor.Name.StartsWith(TrainingFiles.ModelPrefix, StringComparison.Ordinal))
                .Select(tensor => new CheckpointItem(tensor.Name, $"tensor {Shapes.Text(tensor.Shape)} {tensor.Type}"))],
        };
    }

    /// <summary>Python's <c>safetensors.torch.save_model</c> stores a tensor with several names once, and lists the others in the metadata.</summary>
    private static Dictionary<string, string> Ties(List<TensorEntry> tensors, Dictionary<string, string> metadata)
    {
        var stored = tensors.Select(tensor => tensor.Name).ToHashSet();
        return metadata.Where(entry => stored.Contains(entry.Value) && !stored.Contains(entry.Key)).ToDictionary();
    }

    private static (List<TensorEntry> Tensors, Dictionary<string, string> Metadata) Parse(ByteSource source, byte[] header)
    {
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
        var (tensors, names, metadata) = (new List<TensorEntry>(), new HashSet<string>(), new Dictionary<string, string>());
        try
        {
            json.Read();
            Expect(source, json, JsonTokenType.StartObject, "The header is a JSON object.");
            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                var (name, at) = (json.GetString()!, 8 + json.TokenStartIndex);
                if (!names.Add(name)) throw source.Fail(at, $"'{Printable.Of(name)}' is there twice.");
                json.Read();
                if (name == MetadataName) ReadMetadata(source, ref json, metadata);
                else tensors.Add(ReadTensor(source, ref json, name, header.Length, at));
            }
            json.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw source.Fail(8 + json.TokenStartIndex, $"The header is not valid JSON: {Printable.Of(e.Message)}", e);
        }
        return (tensors, metadata);
    }

    private static void ReadMetadata(ByteSource source, ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        Expect(source, json, JsonTokenType.StartObject, $"{MetadataName} is an object of texts.");
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var (name, at) = (json.GetString()!, 8 + json.TokenStartIndex);
            json.Read();
            Expect(source, json, JsonTokenType.String, $"{MetadataName} holds texts only.");
            if (!metadata.TryAdd(name, json.GetString()!)) throw source.Fail(at, $"'{Printable.Of(name)}' is there twice in {MetadataName}.");
        }
    }

    private static TensorEntry ReadTensor(ByteSource source, ref Utf8JsonReader json, string name, long headerLength, long at)
    {
        var shown = Printable.Of(name);
        Expect(source, json, JsonTokenType.StartObject, $"'{shown}' is an object with dtype, shape and data_offsets.");
        ElementType? type = null;
        string? oddity = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var field = json.GetString();
            json.Read();
            switch (field)
            {
                case "dtype" when type is null:
                    Expect(source, json, JsonTokenType.String, $"The dtype of '{shown}' is a text.");
                    type = ElementTypes.FromSafetensors(json.GetString()!) ?? ElementType.Other;
                    if (type is ElementType.Other) oddity = $"It is of '{Printable.Of(json.GetString()!, 20)}', which TorchSharp doesn't have.";
                    break;
                case "shape" when shape is null:
                    shape = Integers(source, ref json, $"The shape of '{shown}'", Shapes.MaximumRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = Integers(source, ref json, $"data_offsets of '{shown}'", limit: 2);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw source.Fail(8 + json.TokenStartIndex, $"'{shown}' has its {field} twice.");
                default:
                    json.Skip();
                    break;
            }
        }
        if (type is null || shape is null || offsets is not [var begin, var end]) throw source.Fail(at, $"'{shown}' needs dtype, shape and two data_offsets.");
        if (end < begin) throw source.Fail(at, $"The data of '{shown}' ends at {end} and begins at {begin}.");
        if (Shapes.Count(shape) is not { } count) throw source.Fail(at, $"'{shown}' has more numbers than can be counted: {Shapes.Text(shape)}.");

        // The size of a type that came later is not known, but for the place that its numbers take.
        if (type is ElementType.Other) return Inside(new TensorEntry(name, type.Value, shape, 8 + headerLength + begin) { Oddity = oddity, StoredBytes = end - begin });
        var bits = (Int128)count * type.Value.Bits();
        if (bits % 8 != 0) throw source.Fail(at, $"'{shown}' has {count} numbers of {type.Value.Bits()} bits, which don't fill whole bytes.");
        if (bits / 8 != end - begin) throw source.Fail(at, $"'{shown}', {Shapes.Text(shape)} of {type}, takes {bits / 8} bytes, and {end - begin} are given.");
        return Inside(new TensorEntry(name, type.Value, shape, 8 + headerLength + begin));

        TensorEntry Inside(TensorEntry entry) => end <= source.Length - 8 - headerLength ? entry
            : throw source.Fail(at, $"The data of '{shown}' ends at {end}, and the file has {source.Length - 8 - headerLength} bytes of data.");
    }

    private static long[] Integers(ByteSource source, ref Utf8JsonReader json, string what, int limit)
    {
        Expect(source, json, JsonTokenType.StartArray, $"{what} is a list of whole numbers.");
        var numbers = new List<long>();
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.Number || !json.TryGetInt64(out var number) || number < 0 || numbers.Count == limit)
                throw source.Fail(8 + json.TokenStartIndex, $"{what} is a list of up to {limit} whole numbers from 0 to 2^63 - 1.");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static void Expect(ByteSource source, Utf8JsonReader json, JsonTokenType type, string rule)
    {
        if (json.TokenType != type) throw source.Fail(8 + json.TokenStartIndex, $"{rule} Here is something else.");
    }

    /// <summary>In order of their offsets the tensors must follow each other from the first byte of data to the file's last.</summary>
    private static void RequireSideBySide(ByteSource source, List<TensorEntry> tensors, long start)
    {
        var position = start;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Position).ThenBy(tensor => tensor.Bytes))
        {
            if (tensor.Position != position)
                throw source.Fail(tensor.Position, $"The data of '{Printable.Of(tensor.Name)}' begins here, and the data before it ends at byte {position}.");
            position += tensor.Bytes;
        }
        if (position != source.Length) throw source.Fail(position, $"The last tensor ends here, and the file goes on for {source.Length - position} bytes.");
    }
}
