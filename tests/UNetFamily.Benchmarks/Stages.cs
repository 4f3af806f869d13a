using TorchSharp;
using UNetFamily.Imaging;
using UNetFamily.NnUNet;
using static TorchSharp.torch;

namespace UNetFamily.Benchmarks;

/// <summary>The stages of nnU-Net's pipeline, each alone, on a volume of random numbers with a spacing of 1 mm that a network wants at 0.8 mm.</summary>
internal static class Stages
{
    private const int Heads = 4;

    private static readonly VolumeSpacing OneMillimetre = new(1, 1, 1), Finer = new(0.8, 0.8, 0.8);

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["nonzero box", "z-score", "resample image, cubic", "resample labels", "windows of 128", "logits to labels", "keep largest"];

    /// <summary>What a stage does once.</summary>
    /// <param name="name">The stage.</param>
    /// <param name="side">The sides of the volume.</param>
    public static Action Of(string name, int side)
    {
        var size = new VolumeSize(side, side, side);
        var random = new Random(1);
        var values = new float[size.Voxels];
        foreach (ref var value in values.AsSpan()) value = random.NextSingle();
        var finer = ResampledSize.Of(size, OneMillimetre, Finer);
        switch (name)
        {
            case "nonzero box":
                return () => NonzeroMask.Box([values], size);
            case "z-score":
                return () => IntensityNormalization.Of("ZScoreNormalization").Apply([.. values]);
            case "resample image, cubic":
                return () => VolumeResampling.Resample(values, size, finer, OneMillimetre, Finer, ResamplingRule.Data);
            case "resample labels":
                var labels = Array.ConvertAll(values, value => (short)(value * Heads));
                return () => VolumeResampling.ResampleLabels(labels, size, finer, OneMillimetre, Finer, ResamplingRule.Linear);
            case "windows of 128":
                return Windows(values, size);
            case "logits to labels":
                ReadOnlyMemory<Half>[] logits = [.. Enumerable.Range(0, Heads).Select(_ => (ReadOnlyMemory<Half>)Array.ConvertAll(values, value => (Half)(value * random.NextSingle())))];
                return () => LogitResampling.Labels(logits, size, finer, OneMillimetre, Finer, ResamplingRule.Linear, LabelScheme.Plain(Heads));
            default:
                var segmentation = Array.ConvertAll(values, value => (ushort)(value > 0.8 ? 1 : 0));
                return () => new KeepLargest(1).Apply([.. segmentation], size);
        }
    }

    /// <summary>A network so small that the sums count.</summary>
    private static Action Windows(float[] values, VolumeSize size)
    {
        var network = (PlainConvUNetOptions.Planner3d(1, Heads) with { FeaturesPerStage = [4, 8, 8, 8, 8, 8] }).Build();
        var prediction = new WindowPrediction { Patch = [128, 128, 128] };
        var image = new TensorImage(tensor(values, [1, size.Z, size.Y, size.X]));
        return () => prediction.Rows([network], image, (_, _) => { });
    }
}
