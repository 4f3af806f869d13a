namespace UNetFamily;

/// <summary>The checksum of zip archives (CRC-32 with the reflected polynomial 0xEDB88320).</summary>
internal sealed class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    private uint state = uint.MaxValue;

    public uint Value => ~state;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var octet in bytes) state = Table[(byte)(state ^ octet)] ^ state >> 8;
    }

    private static uint Entry(int octet)
    {
        var value = (uint)octet;
        for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ value >> 1 : value >> 1;
        return value;
    }
}
