namespace UNetFamily.Tool;

/// <summary>An image to segment.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Files">Its file, or one for each channel.</param>
/// <param name="Output">The label map.</param>
/// <param name="Probabilities">The file of its probabilities; null when they aren't wanted.</param>
internal sealed record SegmentationCase(string Name, IReadOnlyList<string> Files, string Output, string? Probabilities = null)
{
    /// <summary>Whether everything that is to be written is there.</summary>
    public bool IsDone => File.Exists(Output) && (Probabilities is null || File.Exists(Probabilities));
}

/// <summary>How much of a class there is.</summary>
/// <param name="Name">The class.</param>
/// <param name="Millilitres">How much.</param>
internal sealed record ClassVolume(string Name, double Millilitres);

/// <summary>A loaded model of either kind.</summary>
internal interface ICaseSegmenter : IDisposable
{
    /// <summary>The images of a file or folder.</summary>
    IReadOnlyList<SegmentationCase> Cases(string input, OutputPlace place);

    /// <summary>Segments an image and writes its label map.</summary>
    /// <returns>How much of each class there is, but for the background.</returns>
    IReadOnlyList<ClassVolume> Segment(SegmentationCase image, IProgress<double> progress, CancellationToken cancellation);
}
