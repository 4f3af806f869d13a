using System.Globalization;
using System.Text.Json;

namespace UNetFamily.Samples.BrainSegmentation.Volumes;

/// <summary>
/// What must be done to a scan before a network takes it, and what its classes mean. It is kept in the file of the weights, so that this file is all that somebody needs to segment.
/// </summary>
internal sealed record Preprocessing
{
    /// <summary>The name of the note in the file.</summary>
    public const string Key = "preprocessing";

    private const int MostClasses = 256;
    private const int LongestSide = 1024;

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        MaxDepth = 4,
    };

    /// <summary>The distance between voxels that the network was trained with, in millimetres, in all directions; null when it takes scans as they are.</summary>
    public double? Spacing { get; init; }

    /// <summary>
    /// For a network for images whose channels are a slice and as many neighbours below and above it: how far apart these are, in millimetres. null when it takes slices alone.
    /// <see cref="Spacing"/> then is that of the pixels.
    /// </summary>
    public double? NeighbourDistance { get; init; }

    /// <summary>The sides of the patches that the network was trained with: windows of that size suit it best.</summary>
    public required long[] RoiSize { get; init; }

    /// <summary>How much windows overlap, from 0 to below 1.</summary>
    public double Overlap { get; init; } = 0.5;

    /// <summary>The names of the classes, background first.</summary>
    public required string[] Classes { get; init; }

    /// <summary>Whether a mirrored head is as good as a head, so that the mean of both is better than one.</summary>
    public bool MirrorSymmetric { get; init; }

    /// <summary>How whole volumes are segmented.</summary>
    public SlidingWindow ToWindow() => new() { RoiSize = Extent.Of(RoiSize), Overlap = [Overlap], Mode = BlendMode.Gaussian, MirrorAxes = MirrorSymmetric ? [2] : [] };

    /// <summary>The notes for <c>model.Save</c>.</summary>
    public Dictionary<string, string> ToNotes() => new() { [Key] = JsonSerializer.Serialize(this, Strict) };

    /// <summary>Reads it from a file of weights.</summary>
    /// <returns>null when the file has none.</returns>
    /// <exception cref="InvalidDataException">The file has one that makes no sense.</exception>
    public static Preprocessing? In(string path)
    {
        using var file = Checkpoint.Open(path);
        return In(path, file.Metadata);
    }

    /// <summary>Reads it from what a file says of itself.</summary>
    /// <param name="path">What messages call the file.</param>
    /// <param name="metadata">Its texts.</param>
    /// <returns>null when there is none.</returns>
    /// <exception cref="InvalidDataException">There is one that makes no sense.</exception>
    public static Preprocessing? In(string path, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(Key, out var text)) return null;
        try
        {
            var read = JsonSerializer.Deserialize<Preprocessing>(text, Strict) ?? throw new InvalidDataException($"{path}: {Key} is empty.");
            return read.Problem is { } problem ? throw new InvalidDataException($"{path}: {Key}: {problem}") : read;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{path}: {Key} can't be read: {broken.Message}", broken);
        }
    }

    private string? Problem =>
        Spacing is not (null or (>= 0.01 and <= 100)) ? string.Create(CultureInfo.InvariantCulture, $"a spacing of {Spacing} mm is outside 0.01 to 100.")
        : NeighbourDistance is not (null or (>= 0.01 and <= 100)) ? string.Create(CultureInfo.InvariantCulture, $"a neighbour_distance of {NeighbourDistance} mm is outside 0.01 to 100.")
        : RoiSize is not { Length: 2 or 3 } || RoiSize.Any(side => side is < 0 or > LongestSide) ? $"roi_size needs 2 or 3 sides of 0 to {LongestSide}."
        : !(Overlap is >= 0 and < 1) ? string.Create(CultureInfo.InvariantCulture, $"an overlap of {Overlap} is not from 0 to below 1.")
        : Classes is not { Length: >= 2 and <= MostClasses } ? $"there must be 2 to {MostClasses} classes."
        : null;
}
