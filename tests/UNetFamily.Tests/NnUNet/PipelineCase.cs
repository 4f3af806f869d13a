using UNetFamily.NnUNet;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>A model folder of nnU-Net with an input, and what each stage of nnU-Net's own pipeline made of it.</summary>
internal sealed class PipelineCase(ReferenceCase source) : IDisposable
{
    private readonly Checkpoint recorded = Checkpoint.Open(Path.Combine(source.Folder, source.Name, "ref.safetensors"));

    public string ModelPath => In(source.Text("model")!);

    public IReadOnlyList<string> Inputs => [.. source.Strings("input").Select(In)];

    public string ExpectedFile => In(source.Text("expected_file")!);

    /// <summary>How far the original's logits are from its own with a network in float64.</summary>
    public double Noise => source["noise"]?.GetProperty("max_abs_logit_diff_vs_float64_network").GetDouble() ?? 0;

    public bool Has(string tensor) => recorded.Find(tensor) is not null;

    public Tensor this[string tensor] => recorded.Read(tensor);

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

    public override string ToString() => source.ToString();

    public void Dispose() => recorded.Dispose();
}
