using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using Tensorboard;

namespace UNetFamily.Tests.Training;

/// <summary>
/// The events in a file as TensorBoard reads it: records of a length (8 bytes), its checksum, the message, its checksum. A checksum is the CRC-32C of the bytes (Castagnoli), turned right by 15 bits, plus 0xa282ead8.
/// </summary>
internal static class EventFile
{
    public static List<Event> Read(string path)
    {
        var events = new List<Event>();
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        while (file.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
            BinaryPrimitives.ReadUInt32LittleEndian(file[8..]).Should().Be(MaskedCrc(file[..8]), "that is the checksum of the length");
            BinaryPrimitives.ReadUInt32LittleEndian(file[(12 + length)..]).Should().Be(MaskedCrc(file.Slice(12, length)), "that is the checksum of the message");
            // TorchSharp's messages are too old for Google.Protobuf's parser, and read themselves.
            var message = new Event();
            message.MergeFrom(new CodedInputStream(file.Slice(12, length).ToArray()));
            events.Add(message);
            file = file[(16 + length)..];
        }
        return events;
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}
