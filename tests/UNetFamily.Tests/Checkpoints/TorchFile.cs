using System.Buffers.Binary;
using System.Text;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>Writes the zip form of <c>torch.save</c>, right and wrong.</summary>
internal sealed class TorchFile
{
    private readonly List<byte> file = [];
    private readonly List<byte[]> directory = [];

    /// <summary>A checkpoint with this pickle and these storages <c>0</c>, <c>1</c> …</summary>
    public static byte[] Of(byte[] pickle, params byte[][] storages)
    {
        var file = new TorchFile();
        file.Add("test/data.pkl", pickle);
        for (var i = 0; i < storages.Length; i++) file.Add($"test/data/{i}", storages[i]);
        return file.End();
    }

    public long Position => file.Count;

    public void Add(string name, byte[] data, ushort flags = 0, ushort method = 0, uint? size = null, long? header = null, string? localName = null, uint mode = 0)
    {
        var start = (uint)(header ?? file.Count);
        var (stored, length) = (Encoding.Latin1.GetBytes(name), size ?? (uint)data.Length);
        file.AddRange(Local(localName ?? name, data, flags, method, length));
        directory.Add([.. Number(0x02014b50u), .. Number((ushort)20), .. Number((ushort)20), .. Number(flags), .. Number(method), .. new byte[8], .. Number(length), .. Number(length),
            .. Number((ushort)stored.Length), .. Number((ushort)0), .. new byte[6], .. Number(mode), .. Number(start), .. stored]);
    }

    /// <summary>An entry as it stands in front of the directory.</summary>
    public static byte[] Local(string name, byte[] data, ushort flags = 0, ushort method = 0, uint? size = null) =>
    [
        .. Number(0x04034b50u), .. Number((ushort)20), .. Number(flags), .. Number(method), .. new byte[8], .. Number(size ?? (uint)data.Length), .. Number(size ?? (uint)data.Length),
        .. Number((ushort)Encoding.Latin1.GetByteCount(name)), .. Number((ushort)0), .. Encoding.Latin1.GetBytes(name), .. data,
    ];

    public byte[] End(ushort? count = null, uint? size = null, uint? start = null, ushort comment = 0)
    {
        var at = (uint)file.Count;
        foreach (var entry in directory) file.AddRange(entry);
        var entries = count ?? (ushort)directory.Count;
        file.AddRange([.. Number(0x06054b50u), .. new byte[4], .. Number(entries), .. Number(entries), .. Number(size ?? (uint)file.Count - at), .. Number(start ?? at), .. Number(comment)]);
        return file.ToArray();
    }

    private static byte[] Number(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Number(ushort number) => [(byte)number, (byte)(number >> 8)];
}

/// <summary>Steps of a pickle.</summary>
internal static class Step
{
    public static byte[] Pickle(params byte[][] steps) => [0x80, 2, .. steps.SelectMany(step => step), (byte)'.'];

    public static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)'X', .. BitConverter.GetBytes(bytes.Length), .. bytes];
    }

    public static byte[] Global(string module, string name) => Encoding.ASCII.GetBytes($"c{module}\n{name}\n");

    public static byte[] Integer(long number) => [0x8a, 8, .. BitConverter.GetBytes(number)];

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Call(byte[] function, params byte[][] arguments) => [.. function, .. Tuple(arguments), (byte)'R'];

    /// <summary>A dictionary of texts to values.</summary>
    public static byte[] Dictionary(params (string Key, byte[] Value)[] entries) =>
        [(byte)'}', (byte)'(', .. entries.SelectMany(entry => Text(entry.Key).Concat(entry.Value)), (byte)'u'];

    public static byte[] Storage(string key, long count, string type = "FloatStorage") =>
        [.. Tuple(Text("storage"), Global("torch", type), Text(key), Text("cpu"), Integer(count)), (byte)'Q'];

    public static byte[] Tensor(byte[] storage, long offset, long[] shape, long[] strides) => Call(Global("torch._utils", "_rebuild_tensor_v2"), storage, Integer(offset),
        Tuple([.. shape.Select(Integer)]), Tuple([.. strides.Select(Integer)]), [0x89], Call(Global("collections", "OrderedDict")));
}
