namespace UNetFamily;

/// <summary>Reads the fields of protobuf's wire format from a stream, without taking what nobody wants into memory.</summary>
/// <param name="path">What messages call the file.</param>
/// <param name="stream">The file.</param>
internal sealed class WireReader(string path, Stream stream)
{
    private const int Varint = 0, Fixed64 = 1, Message = 2, Fixed32 = 5;

    private long taken;

    public long Position => stream.Position;

    /// <summary>The next field of a message; its value comes next in the stream.</summary>
    /// <param name="end">Where the message ends.</param>
    /// <param name="field">The field.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="CheckpointException">There is no field, or it reaches beyond the end.</exception>
    public bool Next(long end, out WireField field)
    {
        field = default;
        if (stream.Position == end) return false;
        var start = stream.Position;
        var tag = ReadVarint(end);
        var (number, type) = (tag >> 3, (int)(tag & 7));
        if (number is 0 or > (1 << 29)) throw Damaged(start);
        switch (type)
        {
            case Varint:
                var at = stream.Position;
                ReadVarint(end);
                field = new WireField((int)number, start, stream.Position, IsMessage: false);
                stream.Position = at;
                break;
            case Fixed64 or Fixed32:
                field = new WireField((int)number, start, stream.Position + (type == Fixed64 ? 8 : 4), IsMessage: false);
                break;
            case Message:
                var length = ReadVarint(end);
                if (length > (ulong)(end - stream.Position)) throw new CheckpointException(path, start, $"A field of {length} bytes begins where {end - stream.Position} are left: the file is cut off, or no ONNX model.");
                field = new WireField((int)number, start, stream.Position + (long)length, IsMessage: true);
                break;
            default: throw Damaged(start);
        }
        return field.End <= end ? true : throw Damaged(start);
    }

    /// <summary>Goes to the end of a field.</summary>
    public void Skip(WireField field) => stream.Position = field.End;

    /// <summary>A field with its tag, as bytes.</summary>
    /// <param name="field">The field.</param>
    /// <param name="most">The most bytes that may be taken of a file.</param>
    public byte[] Take(WireField field, long most)
    {
        var length = field.End - field.Start;
        taken += length;
        if (taken > most) throw new CheckpointException(path, field.Start, $"It has more than {most} bytes beside its weights.");
        var bytes = new byte[length];
        stream.Position = field.Start;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private ulong ReadVarint(long end)
    {
        var (start, value) = (stream.Position, 0UL);
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (stream.Position >= end || stream.ReadByte() is var next && next < 0) throw Damaged(start);
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        throw Damaged(start);
    }

    private CheckpointException Damaged(long position) => new(path, position, "It is no ONNX model, or damaged.");
}

/// <summary>A field of a message.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Start">Where its tag begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="IsMessage">Whether it is a length and that many bytes.</param>
internal readonly record struct WireField(int Number, long Start, long End, bool IsMessage);
