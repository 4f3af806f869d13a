using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace UNetFamily.Scans;

/// <summary>
/// What must be done to a scan before a network takes it, and what its classes mean. It is kept in the file of the weights (<c>model.Save(path, preparation.ToNotes())</c>), so that this file is all that somebody needs
/// to segment; an ONNX file keeps it as well (<c>OnnxExportOptions.Notes</c>).
/// </summary>
public sealed record ScanPreparation
{
    /// <summary>The name of the note in the file.</summary>
    public const string Key = "preprocessing";

    internal const int MostClasses = 256;
    private const int LongestSide = 4096;
    // 1 GB of a window: a file from a stranger can ask for no more.
    private const long LargestWindow = 1L << 28;

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 4,
    };

    /// <summary>The distance between voxels that the network was trained with, in millimetres, in all directions, 0.01 to 100; null when it takes scans as they are.</summary>
    public double? Spacing { get; init; }

    /// <summary>
    /// For a network for images whose channels are a slice and as many neighbours below and above it: how far apart these are, in millimetres, 0.01 to 100. null when it takes slices alone.
    /// <see cref="Spacing"/> then is that of the pixels.
    /// </summary>
    public double? NeighbourDistance { get; init; }

    /// <summary>The sides of the patches that the network was trained with, (H, W) or (D, H, W), 0 to 4096: windows of that size suit it best. 0 is the whole axis.</summary>
    public required ValueList<long> RoiSize { get; init; }

    /// <summary>How much windows overlap, from 0 to below 1.</summary>
    public double Overlap { get; init; } = 0.5;

    /// <summary>The names of the classes, background first: 2 to 256, as many as the network has outputs. One output alone is the logit of class 1.</summary>
    public required ValueList<string> Classes { get; init; }

    /// <summary>Whether a mirrored body is as good as a body, so that the mean of both is better than one.</summary>
    public bool MirrorSymmetric { get; init; }

    /// <summary>For a network whose file says nothing: scans as they are, in one piece.</summary>
    /// <param name="dims">Whether it takes slices or volumes.</param>
    /// <param name="outChannels">Its outputs.</param>
    public static ScanPreparation Plain(SpatialDims dims, long outChannels) => new()
    {
        RoiSize = [.. Enumerable.Repeat(0L, (int)dims)],
        Classes = [.. Enumerable.Range(0, (int)Math.Clamp(outChannels, 2, MostClasses)).Select(label => label == 0 ? "background" : $"class {label}")],
    };

    /// <summary>The windows in which slices or volumes are segmented.</summary>
    public SlidingWindow ToWindow() => new() { RoiSize = Extent.Of([.. RoiSize]), Overlap = [Overlap], Mode = BlendMode.Gaussian, MirrorAxes = MirrorSymmetric ? [RoiSize.Count - 1] : [] };

    /// <summary>The notes for <c>model.Save</c>.</summary>
    public Dictionary<string, string> ToNotes() =>
        new() { [Key] = JsonSerializer.Serialize(new Note([.. RoiSize], [.. Classes], Spacing, NeighbourDistance, Overlap, MirrorSymmetric), Strict) };

    /// <summary>Reads it from a file of weights.</summary>
    /// <param name="path">The file.</param>
    /// <returns>null when the file has none.</returns>
    /// <exception cref="CheckpointException">The file is none with weights.</exception>
    /// <exception cref="InvalidDataException">The file has one that makes no sense.</exception>
    public static ScanPreparation? In(string path)
    {
        using var file = Checkpoint.Open(path);
        return In(path, file.Metadata);
    }

    /// <summary>Reads it from what a file says of itself.</summary>
    /// <param name="path">What messages call the file.</param>
    /// <param name="metadata">Its texts: <c>Checkpoint.Metadata</c>, <c>OnnxNetwork.Metadata</c>.</param>
    /// <returns>null when there is none.</returns>
    /// <exception cref="InvalidDataException">There is one that makes no sense.</exception>
    public static ScanPreparation? In(string path, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(Key, out var text)) return null;
        try
        {
            var note = JsonSerializer.Deserialize<Note>(text, Strict) ?? throw new InvalidDataException($"{path}: {Key} is empty.");
            if (note.RoiSize is null || note.Classes is null || note.Classes.Contains(null!)) throw new InvalidDataException($"{path}: {Key}: roi_size and classes must not be null.");
            var read = new ScanPreparation
            {
                RoiSize = [.. note.RoiSize],
                Classes = [.. note.Classes],
                Spacing = note.Spacing,
                NeighbourDistance = note.NeighbourDistance,
                Overlap = note.Overlap,
                MirrorSymmetric = note.MirrorSymmetric,
            };
            return read.Problem is { } problem ? throw new InvalidDataException($"{path}: {Key}: {problem}") : read;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{path}: {Key} can't be read: {broken.Message}", broken);
        }
    }

    /// <summary>What makes no sense whatever the network is; null when nothing does.</summary>
    internal string? Problem =>
        Spacing is not (null or (>= 0.01 and <= 100)) ? string.Create(CultureInfo.InvariantCulture, $"a spacing of {Spacing} mm is outside 0.01 to 100.")
        : NeighbourDistance is not (null or (>= 0.01 and <= 100)) ? string.Create(CultureInfo.InvariantCulture, $"a neighbour_distance of {NeighbourDistance} mm is outside 0.01 to 100.")
        : RoiSize.Count is not (2 or 3) || RoiSize.Any(side => side is < 0 or > LongestSide) ? $"roi_size needs 2 or 3 sides of 0 to {LongestSide}, is {RoiSize}."
        : RoiSize.Aggregate(1L, (product, side) => product * Math.Max(1, side)) > LargestWindow ? string.Create(CultureInfo.InvariantCulture, $"windows of {RoiSize} have more than {LargestWindow:N0} voxels.")
        : !(Overlap is >= 0 and < 1) ? string.Create(CultureInfo.InvariantCulture, $"an overlap of {Overlap} is not from 0 to below 1.")
        : Classes.Count is not (>= 2 and <= MostClasses) ? $"there must be 2 to {MostClasses} classes, not {Classes.Count}."
        : null;

    /// <summary>What stands in the file.</summary>
    private sealed record Note(long[] RoiSize, string[] Classes, double? Spacing = null, double? NeighbourDistance = null, double Overlap = 0.5, bool MirrorSymmetric = false);
}
