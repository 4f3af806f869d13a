using System.Text.Json;

namespace UNetFamily.Tests.Imaging;

/// <summary>Small files that nibabel, Pillow and tifffile wrote, and what nibabel and scikit-image read from them.</summary>
internal static class ImagingFiles
{
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Imaging", "Files", name);

    public static JsonElement Of(string list, string name) => All(list).GetProperty(name);

    public static TheoryData<string> Names(string list) => [.. All(list).EnumerateObject().Select(entry => entry.Name)];

    public static double[] Numbers(this JsonElement entry, string field) => [.. entry.GetProperty(field).EnumerateArray().Select(value => value.GetDouble())];

    public static float[] Values(this JsonElement entry) => [.. entry.GetProperty("values").EnumerateArray().Select(value => value.GetSingle())];

    /// <summary>A size or a spacing, which the lists have X first.</summary>
    public static VolumeSize Size(this JsonElement entry) => entry.Numbers("size") is [var x, var y, var z] ? new((int)z, (int)y, (int)x) : throw new InvalidDataException();

    private static JsonElement All(string list) => JsonDocument.Parse(File.ReadAllBytes(Path(list + ".json"))).RootElement;
}
