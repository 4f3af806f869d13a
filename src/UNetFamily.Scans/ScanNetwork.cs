namespace UNetFamily.Scans;

/// <summary>
/// A network that segments whole scans by what its file says: brightness, grid, neighbouring slices, windows and mirroring as it was trained with, and the classes back on the scan's own grid. Networks for images go
/// through a scan slice by slice, in the order of the file; those for volumes take it turned to the axes of the body.
/// </summary>
/// <example>
/// <code>
/// using var network = ScanNetwork.FromFile("unet.safetensors");
/// var map = network.Segment(ImageFile.Read("head.nii.gz"));
/// map.Save("labels.nii.gz");
/// </code>
/// </example>
public sealed class ScanNetwork : IDisposable
{
    private readonly Network network;
    private readonly IDisposable? owned;

    private ScanNetwork(Network network, ScanPreparation? preparation, IDisposable? owned)
    {
        (this.network, this.owned) = (network, owned);
        if (network.OutChannels > ScanPreparation.MostClasses) throw new ArgumentException($"{Name} has {network.OutChannels} classes; a label map holds {ScanPreparation.MostClasses} at most.");
        Preparation = preparation ?? ScanPreparation.Plain(SpatialDims, network.OutChannels);
    }

    /// <summary>A network of the library, which stays the caller's to free.</summary>
    /// <param name="model">The network.</param>
    /// <param name="preparation">How scans are prepared for it; null for as they are, in one piece.</param>
    /// <exception cref="ArgumentException">It can't segment scans, or not prepared like that; the message says why.</exception>
    public ScanNetwork(SegmentationModel model, ScanPreparation? preparation = null)
        : this(Network.Of(model), preparation, owned: null)
    {
    }

    /// <summary>A network of another runtime, such as <c>OnnxNetwork</c>, which stays the caller's to free.</summary>
    /// <param name="network">The network.</param>
    /// <param name="preparation">How scans are prepared for it: <see cref="ScanPreparation.In(string, IReadOnlyDictionary{string, string})"/> reads it from a file's texts; null for as they are, in one piece.</param>
    /// <exception cref="ArgumentException">It can't segment scans, or not prepared like that; the message says why.</exception>
    public ScanNetwork(IWindowNetwork network, ScanPreparation? preparation = null)
        : this(Network.Of(network), preparation, owned: null)
    {
    }

    /// <summary>What messages call it.</summary>
    public string Name => network.Name;

    /// <summary>Whether it takes slices or volumes.</summary>
    public SpatialDims SpatialDims => network.Dims;

    /// <summary>How scans are prepared for it: what its file says, until it is set to something else.</summary>
    /// <exception cref="ArgumentException">The network can't take scans that are prepared like that; the message says why.</exception>
    public ScanPreparation Preparation
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = Problem(value) is { } problem ? throw new ArgumentException(problem) : value;
        }
    }

    /// <summary>Loads a network that <c>model.Save</c> or <c>Export</c> wrote. Where the file says nothing of scans, they are taken as they are.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where it computes; null for a GPU where there is one, otherwise the processor.</param>
    /// <exception cref="CheckpointException">The file is none of the library's.</exception>
    /// <exception cref="InvalidDataException">The network can't segment scans, or what the file says of them makes no sense; the message begins with the path.</exception>
    public static ScanNetwork FromFile(string path, Device? device = null)
    {
        var preparation = ScanPreparation.In(path);
        var model = SegmentationModel.FromFile(path);
        try
        {
            model.to(device ?? (cuda.is_available() ? CUDA : CPU));
            return new ScanNetwork(Network.Of(model), preparation, owned: model);
        }
        catch (ArgumentException problem)
        {
            model.Dispose();
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The class of each voxel of a scan, as its file has it.</summary>
    /// <param name="scan">The scan, of one channel.</param>
    /// <param name="progress">Is told after each batch of windows, or of slices.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">The scan has several channels.</exception>
    /// <exception cref="InvalidDataException">The scan has the same value everywhere, or its voxels and those of the network make a grid that is too large, or none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked for it.</exception>
    public LabelMap Segment(Volume scan, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        RequireOneChannel(scan);
        return SegmentNormalized(scan.With(ScanIntensity.Normalize(scan.Values)), progress, cancellation);
    }

    /// <summary>As <see cref="Segment"/>, for a scan that has the brightness of <see cref="ScanIntensity"/> already, such as one of the training set.</summary>
    /// <param name="scan">The scan, of one channel.</param>
    /// <param name="progress">Is told after each batch of windows, or of slices.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">The scan has several channels.</exception>
    /// <exception cref="InvalidDataException">The scan's voxels and those of the network make a grid that is too large, or none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> asked for it.</exception>
    public LabelMap SegmentNormalized(Volume scan, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        RequireOneChannel(scan);
        var labels = SpatialDims is SpatialDims.Three
            ? VolumeSegmenter.Segment(network, Preparation, scan, progress, cancellation)
            : SliceSegmenter.Segment(network, Preparation, scan, progress, cancellation);
        return new LabelMap(labels, scan.Size, scan.Geometry, Preparation.Classes);
    }

    /// <summary>Frees the network that <see cref="FromFile"/> loaded. One that was given stays.</summary>
    public void Dispose() => owned?.Dispose();

    private static void RequireOneChannel(Volume scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        if (scan.Channels.Count != 1) throw new ArgumentException($"A scan has one channel, and this image has {scan.Channels.Count}.", nameof(scan));
    }

    private string? Problem(ScanPreparation preparation)
    {
        if (preparation.Problem is { } problem) return problem;
        var (axes, classes) = ((int)SpatialDims, Math.Max(2, network.OutChannels));
        if (preparation.Classes.Count != classes) return $"there are {preparation.Classes.Count} names for the {classes} classes of {Name}.";
        if (preparation.RoiSize.Count != axes) return $"windows need {axes} sides for {Name}, not {preparation.RoiSize.Count}.";
        if (network.InChannels == 1) return null;
        return SpatialDims is SpatialDims.Three ? $"it takes volumes of {network.InChannels} channels, and a scan has one."
            : network.InChannels % 2 == 1 && preparation.NeighbourDistance is not null ? null
            : $"it takes images of {network.InChannels} channels, a scan has one, and its notes don't say what the others are ({ScanPreparation.Key}, neighbour_distance).";
    }
}
