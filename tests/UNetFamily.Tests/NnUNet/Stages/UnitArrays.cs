using System.Runtime.InteropServices;
using System.Text.Json;

namespace UNetFamily.Tests.NnUNet.Stages;

/// <summary>What nnU-Net's own functions gave for small inputs: arrays by name, and the arguments of each call.</summary>
internal static class UnitArrays
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Reference", "nnunet", "units");
    private static readonly byte[] File = System.IO.File.ReadAllBytes(Path.Combine(Folder, "units.safetensors"));
    private static readonly int Start = 8 + (int)BitConverter.ToInt64(File);
    private static readonly JsonElement Header = JsonDocument.Parse(File.AsMemory(8, Start - 8)).RootElement;
    private static readonly JsonElement Calls = JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(Folder, "units.json"))).RootElement;

    public static JsonElement[] Of(string function) => [.. Calls.GetProperty(function).EnumerateArray()];

    public static JsonElement Of(string function, int number) => Of(function)[number];

    /// <summary>Data of a theory: the number of each call of a function.</summary>
    public static TheoryData<int> Numbers(string function) => [.. Enumerable.Range(0, Of(function).Length)];

    public static int[] Shape(string name) => Ints(Header.GetProperty(name).GetProperty("shape"));

    /// <summary>The last three axes.</summary>
    public static VolumeSize Size(string name) => VolumeSize.Of(Shape(name).AsSpan(Shape(name).Length - 3));

    public static float[] Floats(string name) => Header.GetProperty(name).GetProperty("dtype").GetString() switch
    {
        "F32" => MemoryMarshal.Cast<byte, float>(Bytes(name)).ToArray(),
        "F16" => Array.ConvertAll(Halves(name), value => (float)value),
        _ => Array.ConvertAll(Shorts(name), value => (float)value),
    };

    public static Half[] Halves(string name) => MemoryMarshal.Cast<byte, Half>(Bytes(name)).ToArray();

    public static short[] Shorts(string name) => Header.GetProperty(name).GetProperty("dtype").GetString() == "I8" ? [.. MemoryMarshal.Cast<byte, sbyte>(Bytes(name)).ToArray()] : [.. Bytes(name)];

    public static ushort[] Labels(string name) => [.. Bytes(name)];

    /// <summary>An array by its first axis.</summary>
    public static T[][] Channels<T>(this T[] values, string name) => [.. values.Chunk(values.Length / Shape(name)[0])];

    public static int[] Ints(this JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];

    public static double[] Doubles(this JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetDouble())];

    public static bool? Flag(this JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetBoolean();

    private static byte[] Bytes(string name)
    {
        var place = Header.GetProperty(name).GetProperty("data_offsets");
        return File[(Start + place[0].GetInt32())..(Start + place[1].GetInt32())];
    }
}
