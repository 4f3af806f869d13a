namespace UNetFamily;

/// <summary>What fits into some memory.</summary>
/// <param name="Possible">Whether anything fits. Where nothing does, the rest describes the least that would be needed.</param>
/// <param name="PatchSize">The sides of the patch, one per spatial axis.</param>
/// <param name="BatchSize">The number of patches.</param>
/// <param name="Bytes">The predicted memory, margin included.</param>
/// <param name="MemoryBytes">The memory that was there.</param>
/// <param name="Estimate">How the prediction is made up.</param>
public sealed record MemoryFit(bool Possible, ValueList<long> PatchSize, long BatchSize, long Bytes, long MemoryBytes, MemoryEstimate Estimate)
{
    /// <summary>A sentence, such as <c>2 patches of 128 x 128 x 96 need 9.6 GB of 10.0 GB</c>, or what would be needed.</summary>
    public override string ToString()
    {
        var patches = $"{BatchSize} {(BatchSize == 1 ? "patch" : "patches")} of {string.Join(" x ", PatchSize)}";
        var (need, have) = (CostTable.Size(Bytes), CostTable.Size(MemoryBytes));
        return Possible ? $"{patches} need {need} of {have}" : $"nothing fits into {have}: even {patches}, the smallest, would need {need}";
    }
}
