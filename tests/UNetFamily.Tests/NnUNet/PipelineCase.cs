using System.Text.Json;
using UNetFamily.NnUNet;
using UNetFamily.Samples.Segment;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>A model folder of nnU-Net with an input, and what each stage of nnU-Net's own pipeline made of it.</summary>
internal sealed class PipelineCase(ReferenceCase source) : IDisposable
{
    private readonly Checkpoint recorded = Checkpoint.Open(Path.Combine(source.Folder, source.Name, "ref.safetensors"));

    public string ModelPath => In(source.Text("model")!);

    public IReadOnlyList<string> Inputs => [.. source.Strings("input").Select(In)];

    public string ExpectedFile => In(source.Text("expected_file")!);

    public bool SavesProbabilities => source["save_probabilities"]!.Value.GetBoolean();

    /// <summary>The labels of the stage before.</summary>
    public LabelVolume? Previous => source.Text("previous_stage_segmentation") is { } file ? ImageFiles.ReadLabels(In(file)) : null;

    /// <summary>What nnU-Net prepared, as far as the way back needs it.</summary>
    public PreparedImage Prepared
    {
        get
        {
            var (order, box, target) = (Numbers(source["transpose_forward"]!.Value), Property("bbox_used_for_cropping"), Numbers(source["target_spacing"]!.Value));
            var spacing = Numbers(source["properties"]!.Value.GetProperty("spacing"));
            ValueList<double> turned = [.. order.Select(axis => spacing[(int)axis])];
            var sides = this["logits"].shape[1..];
            return new PreparedImage([], [.. sides.Select(side => (int)side)], target.Length == 2 ? [turned[0], .. target] : [.. target], [.. Property("shape_before_cropping")], turned,
                new Box([box[0], box[2], box[4]], [box[1], box[3], box[5]]));
        }
    }

    /// <summary>Whole numbers of what nnU-Net remembered of the image.</summary>
    public int[] Property(string name) => [.. Numbers(source["properties"]!.Value.GetProperty(name)).Select(number => (int)number)];

    /// <summary>How far the original's logits are from its own with a network in float64.</summary>
    public double Noise => source["noise"]?.GetProperty("max_abs_logit_diff_vs_float64_network").GetDouble() ?? 0;

    public bool Has(string tensor) => recorded.Find(tensor) is not null;

    public Tensor this[string tensor] => recorded.Read(tensor);

    public LabelVolume Labels(string tensor) => LabelsOf(recorded, tensor);

    public LabelVolume Postprocessed(string tensor)
    {
        using var file = Checkpoint.Open(In(source["postprocessing"]!.Value.GetProperty("ref").GetString()!));
        return LabelsOf(file, tensor);
    }

    public IReadOnlyList<string> Strings(string section, string field) => [.. source[section]!.Value.GetProperty(field).EnumerateArray().Select(item => item.GetString()!)];

    public string In(string relative) => Path.Combine(source.Folder, source.Name, relative);

    public ModelFolder Folder => ModelFolder.Read(ModelPath, [.. source["folds"]!.Value.EnumerateArray().Select(fold => fold.ToString())], source.Text("checkpoint")!);

    /// <summary>How nnU-Net was asked to predict.</summary>
    public WindowPrediction Prediction(ModelFolder folder) => new()
    {
        Patch = folder.Configuration.Patch,
        StepSize = source.Number("tile_step_size")!.Value,
        UseGaussian = source["use_gaussian"]!.Value.GetBoolean(),
        MirrorAxes = source["use_mirroring"]!.Value.GetBoolean() ? folder.MirrorAxes : [],
    };

    private static LabelVolume LabelsOf(Checkpoint file, string tensor)
    {
        using var labels = file.Read(tensor);
        return new LabelVolume([.. labels.bytes.ToArray().Select(label => (ushort)label)], [.. labels.shape.Select(side => (int)side)]);
    }

    private static double[] Numbers(JsonElement value) => value.ValueKind is JsonValueKind.Array ? [.. value.EnumerateArray().SelectMany(Numbers)] : [value.GetDouble()];

    public override string ToString() => source.ToString();

    public void Dispose() => recorded.Dispose();
}
