using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace UNetFamily;

/// <summary>A tensor to be written: what the header says of it, and how its numbers get into a stream.</summary>
internal sealed record SafetensorsItem(string Name, ElementType Type, IReadOnlyList<long> Shape, Action<Stream> WriteNumbers)
{
    private const long NumbersAtOnce = 1 << 22;

    public long Bytes { get; } = checked((Shapes.Count([.. Shape]) ?? throw new OverflowException()) * Type.Bits() / 8);

    /// <summary>A tensor on any device. It is copied to the CPU part by part, so that a large one doesn't need its size twice.</summary>
    public static SafetensorsItem Of(string name, Tensor tensor, IReadOnlyList<long>? shape = null)
    {
        var type = ElementTypes.From(tensor.dtype) ?? throw new NotSupportedException($"'{name}' is of {tensor.dtype}, which files of weights don't hold.");
        return new SafetensorsItem(name, type, shape ?? tensor.shape, stream =>
        {
            using var scope = NewDisposeScope();
            var flat = tensor.detach().contiguous().view(-1);
            for (var done = 0L; done < flat.numel(); done += NumbersAtOnce)
            {
                using var part = flat.narrow(0, done, Math.Min(NumbersAtOnce, flat.numel() - done));
                using var here = part.cpu();
                stream.Write(here.bytes);
            }
        });
    }
}

/// <summary>
/// Writes safetensors as the format asks: numbers side by side, largest types first, then by name; the header padded with spaces to a multiple of eight.
/// </summary>
internal static class SafetensorsWriter
{
    private const int LargestHeader = 100_000_000;

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder isn't there.</exception>
    public static void Write(string path, IEnumerable<SafetensorsItem> items, IReadOnlyDictionary<string, string> metadata) =>
        WholeFile.Write(path, stream => Write(stream, items, metadata));

    public static void Write(Stream stream, IEnumerable<SafetensorsItem> items, IReadOnlyDictionary<string, string> metadata)
    {
        SafetensorsItem[] ordered = [.. items.OrderByDescending(item => item.Type.Bits()).ThenBy(item => item.Name, StringComparer.Ordinal)];
        var header = Header(ordered, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var item in ordered) item.WriteNumbers(stream);
    }

    private static ReadOnlySpan<byte> Header(SafetensorsItem[] items, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (name, text) in metadata) json.WriteString(name, text);
                json.WriteEndObject();
            }
            var (position, names) = (0L, new HashSet<string> { "__metadata__" });
            foreach (var item in items)
            {
                if (!names.Add(item.Name)) throw new ArgumentException($"A file of weights can't hold '{Printable.Of(item.Name)}' {(item.Name == "__metadata__" ? "as a tensor" : "twice")}.", nameof(items));
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.Type.SafetensorsName() ?? throw new NotSupportedException($"'{Printable.Of(item.Name)}' is of {item.Type}, which safetensors doesn't have."));
                WriteNumbers(json, "shape", item.Shape);
                WriteNumbers(json, "data_offsets", [position, position + item.Bytes]);
                json.WriteEndObject();
                position = checked(position + item.Bytes);
            }
            json.WriteEndObject();
        }
        var padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        if (buffer.WrittenCount > LargestHeader) throw new ArgumentException($"The names and texts take {buffer.WrittenCount} bytes; a safetensors header has {LargestHeader} at most.", nameof(metadata));
        return buffer.WrittenSpan;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
