using System.Reflection;
using System.Runtime.CompilerServices;

namespace UNetFamily.Tests.Upstream;

/// <summary>Convolutions are right on a processor that reports no caches too; see Upstream/README.md.</summary>
public sealed class UnreportedCachesTests
{
    // Tests compare with layers of TorchSharp, which may come before any of the library's. What a test starts as a process of its own begins as it is.
    [ModuleInitializer]
    internal static void MindThisMachine()
    {
        if (Assembly.GetEntryAssembly() == typeof(Program).Assembly) return;
        NativeThreads.Rest();
        UnreportedCaches.Ensure();
    }

    [Theory]
    [InlineData(17, 24, 3, 1)]
    [InlineData(3, 6, 3, 1)]
    [InlineData(48, 2, 3, 1)]
    [InlineData(20, 48, 2, 2)]
    [InlineData(48, 20, 2, 2)]
    [InlineData(40, 72, 1, 1)]
    public void Convolutions_of_any_channels_are_right_with_their_gradients(long from, long to, long kernel, long stride)
    {
        foreach (var dims in (SpatialDims[])[SpatialDims.Two, SpatialDims.Three])
        {
            using var conv = dims.Conv(from, to, kernel, stride);
            using var transposed = dims.ConvTranspose(from, to, kernel, stride);
            foreach (var layer in (Convolution[])[conv, transposed])
            {
                var x = randn([2, from, .. Enumerable.Repeat(8L, (int)dims)]);
                var found = Computed(layer, x);
                layer.to(ScalarType.Float64);
                foreach (var (mine, exact) in found.Zip(Computed(layer, x.to(ScalarType.Float64)))) TensorAssert.Close(mine, exact, 1e-5 * (1 + exact.abs().max().ToDouble()));
            }
        }

        static Tensor[] Computed(Convolution layer, Tensor x)
        {
            layer.zero_grad();
            x = x.detach().requires_grad_();
            var output = layer.call(x);
            output.sin().sum().backward();
            return [output, x.grad!, layer.weight!.grad!.clone()];
        }
    }

    [UnreportedCachesFact]
    public void Without_a_guard_they_are_wrong()
    {
        var (_, output, _) = ChildProcess.Run(typeof(UnreportedCachesTests).Assembly.Location, [Program.FaultArgument, "channels"]);
        output.Should().Contain("caught");
    }
}

/// <summary>A fact about processors that report no caches, skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnreportedCachesFactAttribute : FactAttribute
{
    public UnreportedCachesFactAttribute()
    {
        if (UnreportedCaches.State is UnreportedCaches.Finding.Usual) Skip = "This processor reports its caches, or libtorch doesn't ask.";
    }
}
