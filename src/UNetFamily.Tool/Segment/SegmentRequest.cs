namespace UNetFamily.Tool;

/// <summary>What a model's path is.</summary>
internal enum ModelKind
{
    /// <summary>A file that this library saved.</summary>
    Network,

    /// <summary>An ONNX file.</summary>
    Onnx,

    /// <summary>A model folder of nnU-Net v2.</summary>
    NnUNet,
}

/// <summary>What is to be segmented, by what and how. The options of the other kind of model are at what they are when left out.</summary>
internal sealed record SegmentRequest
{
    public required IReadOnlyList<string> Models { get; init; }

    public required ModelKind Kind { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    public string? Device { get; init; }

    /// <summary>Which of how many parts of the cases, from 0; null for all.</summary>
    public (int Index, int Count)? Shard { get; init; }

    public bool Overwrite { get; init; }

    public double? Spacing { get; init; }

    public long[]? Roi { get; init; }

    public double? Overlap { get; init; }

    public bool Mirror { get; init; }

    public string[]? Folds { get; init; }

    public string? Checkpoint { get; init; }

    public bool Mirrors { get; init; } = true;

    public double StepSize { get; init; } = 0.5;

    public bool UseGaussian { get; init; } = true;

    public bool SaveProbabilities { get; init; }

    public string? PreviousStage { get; init; }

    public string? Postprocessing { get; init; }

    public string? AcceptTrainer { get; init; }
}
