using System.Text;

namespace UNetFamily;

/// <summary>What every network needs to know. Each network has a record of its own with its further choices.</summary>
public abstract record SegmentationModelOptions
{
    // What most programs need first of this library, and before anything of TorchSharp.
    static SegmentationModelOptions() => NativeThreads.Rest();

    /// <summary>Channels of the input: 1 for CT or a single MRI sequence, 3 for colour.</summary>
    public required long InChannels { get; init; }

    /// <summary>Channels of the logits: the number of classes, background included, or 1 for a single foreground with a sigmoid.</summary>
    public required long OutChannels { get; init; }

    /// <summary>Images or volumes.</summary>
    /// <value><see cref="SpatialDims.Two"/>.</value>
    public SpatialDims SpatialDims { get; init; } = SpatialDims.Two;

    /// <summary>The names that published checkpoints give to this network's weights.</summary>
    public virtual IReadOnlyList<KeyMap> KeyMaps => [];

    /// <summary>Our names of heads for deep supervision that a network of the same family may have and this one may lack: a file's are then not used.</summary>
    internal virtual IReadOnlyList<KeyRule.Drop> OptionalHeads => [];

    /// <summary>In which order maps lie in memory while gradients are recorded, where kernels of this library compute them; see <see cref="TrainingLayout"/>.</summary>
    internal virtual MemoryLayout LayoutInTraining => MemoryLayout.Contiguous;

    /// <summary>Makes the network with fresh weights.</summary>
    /// <exception cref="ArgumentException">The options contradict each other or their ranges; the message lists every problem.</exception>
    public abstract SegmentationModel Build();

    /// <summary>Everything that is wrong with these options, a sentence each.</summary>
    protected internal virtual IEnumerable<string> Problems()
    {
        if (InChannels < 1) yield return $"InChannels must be positive, is {InChannels}.";
        if (OutChannels < 1) yield return $"OutChannels must be positive, is {OutChannels}.";
        if (!Enum.IsDefined(SpatialDims)) yield return $"SpatialDims must be Two or Three, is {(int)SpatialDims}.";
    }

    /// <summary>Prints what was chosen; <see cref="KeyMaps"/> follow from it and are left out.</summary>
    /// <param name="builder">Takes the text.</param>
    /// <returns>True: there is something to print.</returns>
    protected virtual bool PrintMembers(StringBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Append($"{nameof(InChannels)} = {InChannels}, {nameof(OutChannels)} = {OutChannels}, {nameof(SpatialDims)} = {SpatialDims}");
        return true;
    }

    /// <summary>Throws when there are problems.</summary>
    internal void Validate(string network) => Problems().ThrowIfAny(network);
}
