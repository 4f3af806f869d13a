using System.Text.Json;

namespace UNetFamily;

/// <summary>What our ONNX files say about themselves beside what <see cref="ModelFile"/> says.</summary>
internal static class OnnxMetadata
{
    public const string Output = "unetfamily.output";
    public const string Sizes = "unetfamily.sizes";

    /// <summary>How many texts there are, the first of them: they end a file, and of one that is cut off there, everything else is whole.</summary>
    public const string Count = "unetfamily.texts";

    /// <summary>Who wrote the file.</summary>
    public const string Producer = "UNetFamily";

    private const long LongestSide = 1 << 24;

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 3,
    };

    /// <summary>The sizes that a file takes, as a text.</summary>
    public static string Write(InputSizes sizes) => JsonSerializer.Serialize(new Text([.. sizes.Minimum], [.. sizes.Step], sizes.Largest?.ToArray(), sizes.LeastCells), Strict);

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">They make no sense.</exception>
    public static InputSizes Read(string text, SpatialDims dims)
    {
        Text? read;
        try
        {
            read = JsonSerializer.Deserialize<Text>(text, Strict);
        }
        catch (JsonException broken)
        {
            throw new FormatException($"{Sizes} can't be read: {broken.Message}", broken);
        }
        if (read is not { Minimum: { } minimum, Step: { } step } || !Fits(minimum) || !Fits(step) || (read.Maximum is { } maximum && !Fits(maximum)) || read.Cells is < 1 or > LongestSide)
            throw new FormatException($"{Sizes} needs {(int)dims} sides from 1 to {LongestSide} for minimum and step, and is {Printable.Of(text)}.");
        return InputSizes.Of(dims, minimum, step, read.Maximum, read.Cells);

        bool Fits(long[] sides) => sides.Length == (int)dims && sides.All(side => side is >= 1 and <= LongestSide);
    }

    private sealed record Text(long[] Minimum, long[] Step, long[]? Maximum, long Cells);
}
