namespace UNetFamily;

/// <summary>
/// An image or volume with its labels, held in memory for training: 4 bytes for each number of the image and 1 byte for each label. It never changes, so any number of threads may read it.
/// </summary>
public sealed class TrainingCase
{
    /// <summary>How many voxels of a class are remembered at most, to centre patches on.</summary>
    /// <value>10,000, as in nnU-Net.</value>
    public const int MostLocations = 10_000;

    private const int LabelValues = 256;

    /// <summary>Copies image and labels, checks them, and finds the voxels of each class.</summary>
    /// <param name="name">What messages call the case.</param>
    /// <param name="image">(C, H, W) or (C, D, H, W), finite numbers, normalized as the network wants them.</param>
    /// <param name="labels">(H, W) or (D, H, W), whole numbers from 0 (background) to <paramref name="classes"/> - 1, or <paramref name="ignoreLabel"/>.</param>
    /// <param name="classes">How many classes there are, background included: 1 to 256.</param>
    /// <param name="ignoreLabel">
    /// The label of voxels that nobody has labelled, 0 to 255; they are no foreground, and patches are centred on voxels that do have a label. The loss must know it, too.
    /// </param>
    /// <exception cref="ArgumentException">Shapes or types don't fit, a label is out of range, or a number is not finite.</exception>
    public TrainingCase(string name, Tensor image, Tensor labels, int classes, int? ignoreLabel = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(labels);
        if (classes is < 1 or > LabelValues) throw new ArgumentException($"classes must be 1 to {LabelValues}, is {classes}.", nameof(classes));
        if (ignoreLabel is < 0 or >= LabelValues) throw new ArgumentException($"ignoreLabel must be 0 to {LabelValues - 1}, is {ignoreLabel}.", nameof(ignoreLabel));
        var (sizes, spatial) = (image.shape, labels.shape);
        if (sizes.Length is not (3 or 4) || image.numel() == 0 || !sizes.AsSpan(1).SequenceEqual(spatial))
            throw new ArgumentException(
                $"Case '{name}': image must be (C, H, W) or (C, D, H, W) and labels the same without C; they are ({string.Join(", ", sizes)}) and ({string.Join(", ", spatial)}).", nameof(image));
        if (image.is_complex() || labels.is_floating_point() || labels.is_complex())
            throw new ArgumentException($"Case '{name}': image must hold real numbers and labels whole ones; they are {image.dtype} and {labels.dtype}.", nameof(labels));
        if (image.numel() > Array.MaxLength)
            throw new ArgumentException($"Case '{name}': image must have {Array.MaxLength} numbers at most, has {image.numel()}. Cut it into several cases.", nameof(image));

        (Name, Channels, Classes) = (name, (int)sizes[0], classes);
        (SpatialDims, Size) = ((SpatialDims)spatial.Length, Extent.Of(spatial));
        (Depth, Height, Width) = (spatial.Length == 3 ? (int)spatial[0] : 1, (int)spatial[^2], (int)spatial[^1]);
        Image = FiniteValues(image);
        Labels = CheckedLabels(labels, ignoreLabel);
        Locations = Locate(ignoreLabel);
        Annotated = ignoreLabel is { } none ? Locate(none) : null;
        Foreground = [.. Enumerable.Range(1, classes - 1).Where(label => Locations[label].Length > 0)];
    }

    /// <summary>What messages call the case.</summary>
    public string Name { get; }

    /// <summary>Images or volumes.</summary>
    public SpatialDims SpatialDims { get; }

    /// <summary>How many channels the image has.</summary>
    public int Channels { get; }

    /// <summary>(H, W) or (D, H, W).</summary>
    public Extent Size { get; }

    /// <summary>How many classes there may be, background included.</summary>
    public int Classes { get; }

    /// <summary>The classes that are in this case, without background.</summary>
    public IReadOnlyList<int> Foreground { get; }

    /// <summary>The depth; 1 for an image.</summary>
    internal int Depth { get; }

    internal int Height { get; }

    internal int Width { get; }

    /// <summary>(C, D, H, W) in row-major order.</summary>
    internal float[] Image { get; }

    /// <summary>(D, H, W) in row-major order.</summary>
    internal byte[] Labels { get; }

    /// <summary>For each class the places of its voxels in <see cref="Labels"/>, or of a random selection of them; none for the background.</summary>
    internal int[][] Locations { get; }

    /// <summary>The places of voxels that have a label, or of a random selection of them; null when all have, because there is no label to ignore.</summary>
    internal int[]? Annotated { get; }

    private float[] FiniteValues(Tensor image)
    {
        using var scope = NewDisposeScope();
        var values = image.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        for (var i = 0; i < values.Length; i++)
            if (!float.IsFinite(values[i])) throw new ArgumentException($"Case '{Name}': every number of image must be finite; number {i} of {values.Length} is {Choice.Text(values[i])}.", nameof(image));
        return values;
    }

    private byte[] CheckedLabels(Tensor labels, int? ignored)
    {
        using var scope = NewDisposeScope();
        var (least, most) = (labels.min().to(ScalarType.Int64).ToInt64(), labels.max().to(ScalarType.Int64).ToInt64());
        var values = least >= 0 && most < LabelValues ? labels.to(ScalarType.Byte).cpu().contiguous().data<byte>().ToArray() : [];
        if (values.Length == 0 || Array.Exists(values, label => label >= Classes && label != ignored))
            throw new ArgumentException($"Case '{Name}': labels must be 0 to {Classes - 1}{(ignored is { } label ? $" or {label}" : "")}; they are {Choice.Text(least)} to {Choice.Text(most)}.", nameof(labels));
        return values;
    }

    // Of a class with too many voxels every voxel is kept with the same probability, in one pass (reservoir sampling).
    private int[][] Locate(int? ignored)
    {
        var counts = new int[LabelValues];
        foreach (var label in Labels) counts[label]++;
        if (ignored is { } none) counts[none] = 0;
        counts[0] = 0;

        var locations = counts.Select(count => new int[Math.Min(count, MostLocations)]).ToArray();
        var seen = new int[LabelValues];
        var random = new PatchRandom(seed: 0, batch: 0, sample: 0);
        for (var i = 0; i < Labels.Length; i++)
        {
            var label = Labels[i];
            if (counts[label] == 0) continue;
            var place = seen[label]++;
            if (place >= MostLocations) place = random.Next(place + 1);
            if (place < MostLocations) locations[label][place] = i;
        }

        return locations;
    }

    // The same for all voxels but those to ignore. They may be few among many, so they are counted first.
    private int[] Locate(int ignored)
    {
        var places = new int[Math.Min(Labels.Length - Labels.Count(label => label == ignored), MostLocations)];
        var (seen, random) = (0, new PatchRandom(seed: 0, batch: 0, sample: 1));
        for (var i = 0; i < Labels.Length; i++)
        {
            if (Labels[i] == ignored) continue;
            var place = seen++;
            if (place >= MostLocations) place = random.Next(place + 1);
            if (place < MostLocations) places[place] = i;
        }

        return places;
    }
}
