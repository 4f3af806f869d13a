namespace UNetFamily;

/// <summary>How a flow runs, as far as its memory goes.</summary>
/// <param name="Training">Whether it is a training step, or a forward pass in evaluation without gradients.</param>
/// <param name="BytesPerNumber">The size of a number.</param>
/// <param name="RaisesNorms">Whether norms compute in float32 while the rest takes fewer bits, as in mixed precision.</param>
internal readonly record struct MemoryMode(bool Training, long BytesPerNumber = 4, bool RaisesNorms = false);

/// <summary>What an operation needs of memory beside its result.</summary>
internal readonly record struct MemoryUse
{
    /// <summary>Nothing.</summary>
    public static MemoryUse None => default;

    /// <summary>Its gradient needs the first operand.</summary>
    public static MemoryUse KeepsFirst => new() { KeptOperands = 1 };

    /// <summary>Its gradient needs its result.</summary>
    public static MemoryUse ByResult => new() { KeepsResult = true };

    /// <summary>The operands that its gradient needs, a bit for each.</summary>
    public int KeptOperands { get; init; }

    /// <summary>Whether its gradient needs its result.</summary>
    public bool KeepsResult { get; init; }

    /// <summary>Bytes that its gradient needs beside these, such as statistics.</summary>
    public long KeptBytes { get; init; }

    /// <summary>Bytes that it needs while it computes.</summary>
    public long PassingBytes { get; init; }

    /// <summary>Whether it lets the operand through as it is, as dropout does in evaluation.</summary>
    public bool PassesThrough { get; init; }
}
