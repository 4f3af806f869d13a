namespace UNetFamily.Samples.BrainSegmentation.Experiments;

/// <summary>A way to learn the classes of a brain from some of its slices, and to segment the whole of it then.</summary>
internal abstract class Experiment : IDisposable
{
    /// <summary>The network that is trained.</summary>
    public abstract SegmentationModel Model { get; }

    /// <summary>The network in a few words.</summary>
    public abstract string Description { get; }

    /// <summary>Trains, under a progress bar.</summary>
    /// <param name="cancellation">Stops between two steps.</param>
    public abstract Trained Train(CancellationToken cancellation);

    /// <summary>Saves the network, and what else is needed to use it.</summary>
    public abstract void Save(string path);

    /// <summary>The class of each voxel of the volume, under a progress bar.</summary>
    /// <param name="model">The network, or one with the same weights.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public abstract byte[] Segment(SegmentationModel model, CancellationToken cancellation);

    public abstract void Dispose();
}

/// <summary>What a training did.</summary>
internal sealed record Trained(long Steps, double Seconds, double FirstLoss, double Loss);
