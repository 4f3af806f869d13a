namespace UNetFamily;

/// <summary>An operation that is computed by a kernel of this library; only plans have it. float32 on the CPU.</summary>
/// <param name="original">The operation, whose result it gives.</param>
internal abstract class KernelOperation(Operation original) : PlacedOperation
{
    public override string Name => $"{original.Name}{(Rectifier.Applies ? " + Activate" : "")} ({GetType().Name})";

    /// <summary>What is applied to the result before it is stored.</summary>
    public Rectifier Rectifier { get; private set; }

    /// <summary>Whether something can be.</summary>
    protected virtual bool CanRectify => false;

    /// <summary>Takes over an activation of the result.</summary>
    /// <param name="next">The operation behind.</param>
    /// <returns>Whether it does.</returns>
    public bool TakesOver(Operation next)
    {
        if (!CanRectify || Rectifier.Applies || Rectifier.Find(next) is not { } rectifier) return false;
        Rectifier = rectifier;
        return true;
    }

    public sealed override nn.Module? Layer => original.Layer;

    public sealed override LayerKind Kind => original.Kind;

    public override long[] Shape(long[][] x) => original.Shape(x);

    public override long Macs(long[][] x, long[] y) => original.Macs(x, y);

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => original.Fields(fields, x, y);

    /// <summary>Works through the samples of a map, from one tensor into another.</summary>
    /// <param name="x">A map that is dense in either layout.</param>
    /// <param name="y">The map to be written, dense in either layout; may be <paramref name="x"/>.</param>
    /// <param name="work">Takes where a sample's numbers begin in both, in the order in which they lie in memory, and who works.</param>
    public static void ForSamples(Tensor x, Tensor y, Action<nint, nint, Crew> work) => ForSamples([x], y, (from, to, crew) => work(from[0], to, crew));

    /// <summary>Works through the samples of several maps, from all of them into another.</summary>
    /// <param name="x">Maps of as many samples that are dense in either layout.</param>
    /// <param name="y">The map to be written, dense in either layout; may be one of <paramref name="x"/>.</param>
    /// <param name="work">Takes where a sample's numbers begin in each and in the map to be written, in the order in which they lie in memory, and who works.</param>
    public static void ForSamples(Tensor[] x, Tensor y, Action<nint[], nint, Crew> work)
    {
        var (samples, from, to) = (y.shape[0], Array.ConvertAll(x, map => BytesOfSample(map.shape)), BytesOfSample(y.shape));
        using var crew = new Crew();
        var (sources, target) = (Array.ConvertAll(x, map => map.Start()), y.Start());
        for (var sample = 0; sample < samples; sample++) work([.. sources.Zip(from, (source, bytes) => source + (sample * bytes))], target + (sample * to), crew);
        GC.KeepAlive(x);
        GC.KeepAlive(y);

        static nint BytesOfSample(long[] shape) => (nint)(shape[1] * shape.Positions() * sizeof(float));
    }
}
