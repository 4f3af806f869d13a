using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace UNetFamily.Benchmarks;

/// <summary>The forward pass of a network in ONNX Runtime, from its exported file: all optimisations, and as many threads as libtorch has.</summary>
internal static class OnnxForward
{
    /// <summary>Measures a job of <see cref="Benchmark.Forward"/>.</summary>
    /// <param name="job">The network and its input.</param>
    /// <param name="repeat">Measures repetitions.</param>
    public static double[] Measure(Job job, Func<Job, Action, double[]> repeat)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "network.onnx");
            using (var model = ModelCatalog.Find(job.Network!).Options.Build()) model.ExportOnnx(path, Extent.Of(job.Input.AsSpan(2)));
            using var network = OnnxNetwork.FromFile(path, new OnnxRunOptions { Threads = get_num_threads() });
            using var input = randn(job.Input);
            var image = MemoryMarshal.Cast<byte, float>(input.bytes).ToArray();
            long[] output = [job.Input[0], network.OutChannels, .. network.OutputSize(job.Input.AsSpan(2))];
            var logits = new float[output.Aggregate(1L, (product, side) => product * side)];
            return repeat(job, () => network.Predict(image, job.Input, logits));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
