using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace UNetFamily.Tests.Reference;

/// <summary>Reads the reference data: float32 tensors by name. The data is ours, so nothing is checked that the format's own reader would check.</summary>
internal sealed class Safetensors
{
    private readonly byte[] file;
    private readonly int start;
    private readonly JsonElement header;

    private Safetensors(byte[] file)
    {
        this.file = file;
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        header = JsonDocument.Parse(file.AsMemory(8, length)).RootElement;
        start = 8 + length;
    }

    public static Safetensors Read(string path) => new(File.ReadAllBytes(path));

    public IEnumerable<string> Names => header.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__");

    public Tensor Tensor(string name)
    {
        var entry = header.GetProperty(name);
        if (entry.GetProperty("dtype").GetString() != "F32") throw new NotSupportedException($"{name} is not float32.");
        var offsets = entry.GetProperty("data_offsets");
        var bytes = file.AsSpan(start + offsets[0].GetInt32(), offsets[1].GetInt32() - offsets[0].GetInt32());
        return tensor(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), ReferenceCase.Shape(entry.GetProperty("shape")));
    }
}
