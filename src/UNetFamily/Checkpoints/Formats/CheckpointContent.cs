namespace UNetFamily;

/// <summary>What a reader found in a file, without the numbers.</summary>
/// <param name="Format">The format.</param>
/// <param name="Tensors">The state dict's tensors in the file's order, under the file's names.</param>
internal sealed record CheckpointContent(CheckpointFormat Format, IReadOnlyList<TensorEntry> Tensors)
{
    /// <summary>The path to the state dict among the envelope's entries; empty when it is the whole file.</summary>
    public string Envelope { get; init; } = "";

    /// <summary>The paths at which state dicts were found.</summary>
    public IReadOnlyList<string> StateDicts { get; init; } = [""];

    /// <summary>Everything that isn't in the state dict.</summary>
    public IReadOnlyList<CheckpointItem> Others { get; init; } = [];

    /// <summary>Text that the file says about itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Stretches of the file with the checksums that they should have; only zip archives have any.</summary>
    public IReadOnlyCollection<ZipEntry> Checksums { get; init; } = [];

    /// <summary>Reads a file of any of the formats.</summary>
    /// <param name="source">The file.</param>
    /// <param name="stateDict">The path of the state dict to take; null for the one that looks like the network's weights.</param>
    public static CheckpointContent Read(ByteSource source, string? stateDict)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(4, source.Length)];
        source.Read(0, start);
        return start switch
        {
            [(byte)'P', (byte)'K', 3, 4] => TorchZipReader.Read(source, stateDict),
            [0x80, 2, 0x8a, 0x0a] => TorchLegacyReader.Read(source, stateDict),
            [] => throw source.Fail(0, "The file is empty."),
            _ => SafetensorsReader.Read(source, stateDict),
        };
    }
}
