using System.Diagnostics;
using static TorchSharp.torch;

namespace UNetFamily.Tool;

/// <summary>Whether libtorch is as fast as the machine should allow.</summary>
internal static class Speed
{
    private const double SlowestGoodBlas = 20;

    public static IEnumerable<Finding> Examine()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        yield return MatrixProduct();
        yield return Network();
    }

    private static Finding MatrixProduct()
    {
        const long Side = 1024;
        using var a = rand(Side, Side);
        using var b = rand(Side, Side);
        var seconds = Best(repeats: 3, () => a.matmul(b).Dispose());
        var gigaflops = 2.0 * Side * Side * Side / seconds / 1e9;
        var value = $"{gigaflops:0} GFLOP/s in float32, {Side} x {Side}";
        return gigaflops >= SlowestGoodBlas
            ? new("Matrix product", value, Verdict.Right)
            : new("Matrix product", value, Verdict.Doubtful, "that is slow for any processor of today: a libtorch without a fast BLAS (see BLAS above), one thread only, or a machine that is busy with something else.");
    }

    private static Finding Network()
    {
        using var network = new UNet(UNetOptions.Milesial(inChannels: 3, outChannels: 2));
        network.eval();
        using var image = rand(1, 3, 256, 256);
        var seconds = Best(repeats: 2, () => network.call(image).Dispose());
        return new("U-Net", $"{seconds:0.00} s for an image of 256 x 256, {network.parameters().Sum(parameter => parameter.numel()) / 1e6:0.0} million parameters");
    }

    private static double Best(int repeats, Action action)
    {
        action();
        return Enumerable.Range(0, repeats).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            action();
            return watch.Elapsed.TotalSeconds;
        });
    }
}
