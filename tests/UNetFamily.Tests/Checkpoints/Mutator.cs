using System.Text;
using System.Text.RegularExpressions;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>Makes broken files out of a sound one. The same number always makes the same file.</summary>
internal sealed partial class Mutator(byte[] sound, byte[] other)
{
    // Bytes that mean something to the readers: steps of a pickle, JSON's punctuation, ends of the number range.
    private static readonly byte[] Telling = [0, 1, 0x7f, 0x80, 0xff, .. "{}[]\":,.()RbcQquhjXKJMt0e1290-"u8, 0x85, 0x86, 0x87, 0x88, 0x8a, 0x8b, 0x8c, 0x8d, 0x92, 0x93, 0x94, 0x95];
    private static readonly ulong[] Sizes = [0, 1, 8, 255, 65535, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue];
    private static readonly string[] Texts = ["0", "-1", "1e9", "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551616", "[]", "{}", "null", "\"\\ud800\"", "\"../../x\"", "[[[[[[[[[[1]]]]]]]]]]"];

    // The lowest bit, one in the middle, the case of a letter, the sign.
    private static readonly int[] Bits = [0, 2, 5, 7];

    /// <summary>How many files cut it off, or turn around one bit of a byte.</summary>
    public int Systematic => sound.Length * (1 + Bits.Length);

    /// <summary>File number <paramref name="index"/>: first every truncation, then turned bits of every byte, then changes drawn from the number.</summary>
    public byte[] Make(long index)
    {
        if (index < sound.Length) return sound[..(int)index];
        index -= sound.Length;
        if (index < sound.Length * (long)Bits.Length)
        {
            var turned = (byte[])sound.Clone();
            turned[index / Bits.Length] ^= (byte)(1 << Bits[index % Bits.Length]);
            return turned;
        }
        var random = new Random(HashCode.Combine(index, 12345));
        if (random.Next(50) == 0) return Noise(random);
        var file = (byte[])sound.Clone();
        for (var changes = random.Next(1, 5); changes > 0 && file.Length > 0; changes--) file = Change(file, random);
        return file;
    }

    private byte[] Change(byte[] file, Random random)
    {
        var at = random.Next(file.Length);
        var length = Math.Min(random.Next(1, 40), file.Length - at);
        switch (random.Next(9))
        {
            case 0: file[at] = (byte)random.Next(256); return file;
            case 1: file[at] = Telling[random.Next(Telling.Length)]; return file;
            case 2:
                var size = BitConverter.GetBytes(Sizes[random.Next(Sizes.Length)]);
                size.AsSpan(0, Math.Min(random.Next(2) * 4 + 4, file.Length - at)).CopyTo(file.AsSpan(at));
                return file;
            case 3: return [.. file[..at], .. file[(at + length)..]];
            case 4: return [.. file[..(at + length)], .. file[at..]];
            case 5: return [.. file[..at], Telling[random.Next(Telling.Length)], .. file[at..]];
            case 6: return [.. file[..at], .. other[Math.Min(at, other.Length)..]];
            case 7:
                var from = random.Next(other.Length);
                return [.. file[..at], .. other.AsSpan(from, Math.Min(length, other.Length - from)), .. file[at..]];
            default: return ReplaceNumber(file, random);
        }
    }

    /// <summary>Another value in place of one number of a safetensors header, with the header's length kept right; elsewhere of digits.</summary>
    private static byte[] ReplaceNumber(byte[] file, Random random)
    {
        var text = Encoding.Latin1.GetString(file);
        var numbers = Number().Matches(text);
        if (numbers.Count == 0) return file;
        var chosen = numbers[random.Next(numbers.Count)];
        var changed = Encoding.Latin1.GetBytes(text[..chosen.Index] + Texts[random.Next(Texts.Length)] + text[(chosen.Index + chosen.Length)..]);
        if (file.Length > 8 && file[8] == '{' && BitConverter.ToInt64(file) is var header and > 0 && chosen.Index < header)
            BitConverter.TryWriteBytes(changed, header + changed.Length - file.Length);
        return changed;
    }

    private byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(2000)];
        random.NextBytes(noise);
        sound.AsSpan(0, Math.Min(random.Next(40), Math.Min(noise.Length, sound.Length))).CopyTo(noise);
        return noise;
    }

    [GeneratedRegex("[0-9]+|\"[A-Za-z0-9_]+\"")]
    private static partial Regex Number();
}
