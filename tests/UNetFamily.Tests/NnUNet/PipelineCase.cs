using System.Text.Json;
using UNetFamily.NnUNet;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>A model folder of nnU-Net with an input, and what each stage of nnU-Net's own pipeline made of it.</summary>
internal sealed class PipelineCase(ReferenceCase source) : IDisposable
{
    private readonly Checkpoint recorded = Checkpoint.Open(Path.Combine(source.Folder, source.Name, "ref.safetensors"));

    public string ModelPath => In(source.Text("model")!);

    public Volume Image => ImageReader.Of(source.Text("reader_writer")!).Read([.. source.Strings("input").Select(In)]);

    public string ExpectedFile => In(source.Text("expected_file")!);

    public bool SavesProbabilities => source["save_probabilities"]!.Value.GetBoolean();

    /// <summary>The labels of the stage before.</summary>
    public LabelVolume? Previous => source.Text("previous_stage_segmentation") is { } file ? LabelVolume.Read(ImageReader.Of(source.Text("reader_writer")!), In(file)) : null;

    /// <summary>What nnU-Net prepared, as far as the way back needs it.</summary>
    public PreparedImage Prepared
    {
        get
        {
            AxisOrder order = new([.. Numbers(source["transpose_forward"]!.Value).Select(axis => (int)axis)]);
            var (target, spacing, size) = (Numbers(source["target_spacing"]!.Value), order.Forward(VolumeSpacing.Of(Numbers(source["properties"]!.Value.GetProperty("spacing")))), this["logits"].shape[1..]);
            return new PreparedImage([], VolumeSize.Of((int)size[0], (int)size[1], (int)size[2]), target.Length == 2 ? VolumeSpacing.Of([spacing.Z, .. target]) : VolumeSpacing.Of(target),
                VolumeSize.Of(Property("shape_before_cropping")), spacing, Box);
        }
    }

    public VolumeBox Box => Property("bbox_used_for_cropping") is var box ? new(new(box[0], box[1]), new(box[2], box[3]), new(box[4], box[5])) : default;

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
        return new LabelVolume([.. labels.bytes.ToArray().Select(label => (ushort)label)], VolumeSize.Of((int)labels.shape[0], (int)labels.shape[1], (int)labels.shape[2]));
    }

    private static double[] Numbers(JsonElement value) => value.ValueKind is JsonValueKind.Array ? [.. value.EnumerateArray().SelectMany(Numbers)] : [value.GetDouble()];

    public override string ToString() => source.ToString();

    public void Dispose() => recorded.Dispose();
}
