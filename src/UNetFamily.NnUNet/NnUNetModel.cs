namespace UNetFamily.NnUNet;

/// <summary>
/// A model that nnU-Net v2 trained, ready to segment: its networks with all that nnU-Net does before and after them. Each stage is a class that works alone as well: <see cref="ImagePreparation"/>,
/// <see cref="WindowPrediction"/>, <see cref="LabelExport"/>, <see cref="Postprocessing"/>.
/// </summary>
public sealed class NnUNetModel : IDisposable
{
    private readonly IReadOnlyList<FoldNetwork> folds;

    private NnUNetModel(ModelFolder folder, IReadOnlyList<FoldNetwork> folds)
    {
        (Folder, this.folds) = (folder, folds);
        Prediction = new WindowPrediction { Patch = folder.Configuration.Patch, MirrorAxes = folder.MirrorAxes };
    }

    /// <summary>What the model's folder says.</summary>
    public ModelFolder Folder { get; }

    /// <summary>How windows are laid and mirrored; change it with <c>with</c>.</summary>
    /// <value>As nnU-Net does without further words: half a window apart, mirrored along all axes that the model allows.</value>
    public WindowPrediction Prediction { get; set; }

    /// <summary>Opens a model folder. Nothing in it is executed.</summary>
    /// <param name="folder">The folder, as a rule called <c>TRAINER__PLANS__CONFIGURATION</c>.</param>
    /// <param name="folds">The folds to use, as in the folders' names: <c>0</c>, <c>all</c>. Left out, all that have a checkpoint, without <c>all</c>.</param>
    /// <param name="device">Where the networks run; left out, on the CPU.</param>
    /// <exception cref="ModelFolderException">Something is missing or wrong, or can't be run exactly; the message names it.</exception>
    public static NnUNetModel Open(string folder, IReadOnlyCollection<string>? folds = null, Device? device = null) => Open(ModelFolder.Read(folder, folds), device);

    /// <summary>Loads the networks of a folder that was read.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where the networks run; left out, on the CPU.</param>
    /// <exception cref="ModelFolderException">The weights of a fold don't fit the network of the plans.</exception>
    public static NnUNetModel Open(ModelFolder folder, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        List<FoldNetwork> networks = [];
        try
        {
            foreach (var fold in folder.Folds)
            {
                var network = folder.LoadNetwork(fold);
                networks.Add(new FoldNetwork(network));
                if (device is not null) network.to(device);
            }
            return new NnUNetModel(folder, networks);
        }
        catch
        {
            foreach (var network in networks) network.Dispose();
            throw;
        }
    }

    /// <summary>Segments an image.</summary>
    /// <param name="image">The image, as nnU-Net's reader of <see cref="PlansFile.ReaderWriter"/> would give it.</param>
    /// <param name="previous">The labels of the stage before, for the second stage of a cascade.</param>
    /// <param name="progress">Is told after each view of a window.</param>
    /// <param name="cancellation">Ends the run before the next window.</param>
    /// <returns>A label for each voxel.</returns>
    /// <exception cref="ArgumentException">The image has other channels than the model takes, or numbers that aren't finite.</exception>
    /// <exception cref="NotFiniteNumberException">A logit isn't finite.</exception>
    public LabelVolume Segment(Volume image, LabelVolume? previous = null, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(image, previous, withProbabilities: false, progress, cancellation).Labels;

    /// <summary>Segments an image in files and writes its label map on the grid of the image, whole or not at all.</summary>
    /// <param name="image">The files of its channels.</param>
    /// <param name="folder">Where the label map goes, under the case's name; it is made if it isn't there.</param>
    /// <param name="previousStage">The folder of the label maps that the stage before made, for the second stage of a cascade.</param>
    /// <param name="progress">Is told after each view of a window.</param>
    /// <param name="cancellation">Ends the run before the next window; nothing is written then.</param>
    /// <returns>The file of the label map.</returns>
    /// <exception cref="InvalidDataException">A file is no image that can be read, or channels have different grids.</exception>
    /// <exception cref="ArgumentException">The image has other channels than the model takes, or numbers that aren't finite.</exception>
    public string Segment(ImageCase image, string folder, string? previousStage = null, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var (reader, name) = (Folder.Plans.Reader, image.Name + Folder.Dataset.FileEnding);
        var volume = reader.Read(image.Files);
        var previous = previousStage is null ? null : LabelVolume.Read(reader, Path.Combine(previousStage, name));
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, name);
        reader.WriteLabels(file, Segment(volume, previous, progress, cancellation).Labels, volume);
        return file;
    }

    /// <summary>Segments an image and keeps the probabilities, which take four bytes for each head of each voxel.</summary>
    /// <param name="image">The image.</param>
    /// <param name="previous">The labels of the stage before, for the second stage of a cascade.</param>
    /// <param name="progress">Is told after each view of a window.</param>
    /// <param name="cancellation">Ends the run before the next window.</param>
    public SegmentedImage SegmentWithProbabilities(Volume image, LabelVolume? previous = null, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(image, previous, withProbabilities: true, progress, cancellation);

    /// <summary>How much memory segmenting an image takes at most.</summary>
    /// <param name="size">The size of the image.</param>
    /// <param name="spacing">Its spacing in millimetres.</param>
    /// <exception cref="ArgumentException">The image would have too many voxels at the model's spacing.</exception>
    public SegmentationMemory EstimateMemory(VolumeSize size, VolumeSpacing spacing) =>
        SegmentationMemory.Of(Folder, size, spacing, folds.Sum(fold => 2 * fold.WeightBytes) + folds[0].PeakBytes([.. Prediction.Patch]));

    /// <summary>Labels from the mean of several models' probabilities, such as those of a 2D and a 3D configuration.</summary>
    /// <param name="dataset">What their heads stand for.</param>
    /// <param name="members">The probabilities of each, on the same grid.</param>
    /// <exception cref="ArgumentException">They have other heads or another grid.</exception>
    public static SegmentedImage Combine(DatasetFile dataset, IReadOnlyList<ProbabilityVolume> members)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count == 0) throw new ArgumentException("There must be a member, or several.", nameof(members));
        if (members.FirstOrDefault(member => member.Size != members[0].Size) is { } other) throw new ArgumentException($"All members must have one grid; there are {members[0].Size} and {other.Size} voxels.", nameof(members));
        var ensemble = new Ensemble();
        foreach (var member in members) ensemble.Add(member.Heads);
        var mean = ensemble.Mean();
        return new SegmentedImage(new LabelVolume(dataset.Scheme.FromProbabilities(mean), members[0].Size), new ProbabilityVolume(mean, members[0].Size));
    }

    /// <summary>Disposes the networks.</summary>
    public void Dispose()
    {
        foreach (var fold in folds) fold.Dispose();
    }

    private SegmentedImage Run(Volume image, LabelVolume? previous, bool withProbabilities, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        var prepared = new ImagePreparation(Folder).Prepare(image, previous);
        cancellation.ThrowIfCancellationRequested();
        var export = new LabelExport(Folder, prepared, withProbabilities);
        Prediction.Run(folds, new ArraySource(prepared.Channels, prepared.Size), export.Add, progress, cancellation);
        return export.Finish();
    }
}
