namespace UNetFamily.NnUNet;

/// <summary>
/// What nnU-Net found to help after a prediction: keeping only the largest connected part of labels. It is no part of a prediction, and applied where somebody asks for it, as nnU-Net's own command does.
/// </summary>
public sealed class Postprocessing
{
    private const string KeepLargest = "remove_all_but_largest_component_from_segmentation";

    private readonly IReadOnlyList<(IReadOnlySet<int> Labels, ushort Background)> steps;

    private Postprocessing(IReadOnlyList<(IReadOnlySet<int>, ushort)> steps) => this.steps = steps;

    /// <summary>Reads the steps.</summary>
    /// <param name="path">nnU-Net's <c>postprocessing.json</c>, or the <c>postprocessing.pkl</c> beside which it lies: that one would have to be executed.</param>
    /// <exception cref="ModelFolderException">It is missing, or has a step that isn't known.</exception>
    public static Postprocessing Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var json = JsonField.Read(System.IO.Path.ChangeExtension(path, ".json"));
        var (functions, arguments) = (json["postprocessing_fns"].Items(), json["postprocessing_kwargs"].Items());
        if (functions.Count != arguments.Count) throw json.Fail($"There are {functions.Count} postprocessing_fns and {arguments.Count} postprocessing_kwargs.");
        return new Postprocessing([.. functions.Zip(arguments, Step)]);
    }

    /// <summary>How many steps there are.</summary>
    public int Count => steps.Count;

    /// <summary>Applies the steps, one after the other.</summary>
    /// <param name="segmentation">The labels, which aren't changed.</param>
    public LabelVolume Apply(LabelVolume segmentation)
    {
        ArgumentNullException.ThrowIfNull(segmentation);
        var labels = (ushort[])segmentation.Labels.Clone();
        foreach (var (of, background) in steps) LargestComponents.Keep(labels, segmentation.Size, of, background);
        return segmentation with { Labels = labels };
    }

    private static (IReadOnlySet<int>, ushort) Step(JsonField function, JsonField arguments)
    {
        if (function.Text() != KeepLargest) throw function.Fail($"The step {function.Text()} isn't supported. Supported is {KeepLargest}.");
        return (Labels(arguments["labels_or_regions"]).ToHashSet(), (ushort)(arguments.Given("background_label")?.Integer(0, ushort.MaxValue) ?? 0));
    }

    /// <summary>A label, or labels and regions: all together.</summary>
    private static IEnumerable<int> Labels(JsonField field) => field.IsList ? field.Items().SelectMany(Labels) : [field.Integer(0, ushort.MaxValue)];
}
