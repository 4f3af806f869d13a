namespace UNetFamily;

/// <summary>
/// MedNeXt's way up: its block with a transposed depthwise convolution of stride 2, beside a transposed pointwise convolution as the residual
/// (Roy et al., 2023, Fig. 1a). The convolutions make 2n - 1 of a side of n; a layer of zeros in front of each axis makes 2n of
/// it, so index 0 of every axis is exactly 0 (MIC-DKFZ/MedNeXt, <c>mednextv1/blocks.py</c>).
/// <code>x → transposed block with stride 2 → + shortcut(x) → a zero in front of each axis</code>
/// </summary>
public sealed class MedNeXtUpBlock : Module<Tensor, Tensor>, ITraceable
{
    private readonly MedNeXtBlock block;
    private readonly Convolution? shortcut;
    private readonly long[] front;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output; half the input's in MedNeXt.</param>
    /// <param name="expansion">How many times wider than the input the space between the pointwise convolutions is.</param>
    /// <param name="kernel">The depthwise kernel, odd on each axis; 7 when left out.</param>
    /// <param name="norm">The normalization; one group per channel when left out.</param>
    /// <param name="residual">Whether a transposed pointwise convolution of the input is added.</param>
    /// <param name="responseNorm">Whether a <see cref="GlobalResponseNorm"/> follows the activation.</param>
    /// <exception cref="ArgumentException">The kernel is even on an axis.</exception>
    public MedNeXtUpBlock(SpatialDims dims, long from, long to, long expansion = 4, Extent? kernel = null, Normalization? norm = null,
        bool residual = false, bool responseNorm = false) : base(nameof(MedNeXtUpBlock))
    {
        var size = MedNeXtBlock.OddKernel(kernel);
        var transposed = dims.ConvTranspose(from, from, size, stride: 2, padding: size.Select(n => n / 2), groups: from);
        block = new MedNeXtBlock(dims, transposed, from, to, expansion, norm, residual: false, responseNorm);
        shortcut = residual ? dims.ConvTranspose(from, to, kernel: 1, stride: 2) : null;
        front = [.. Enumerable.Range(0, 2 * (int)dims).Select(side => side % 2 == 0 ? 1L : 0L)];      // (front, back) of each axis
        RegisterComponents();
    }

    /// <summary>Applies the block.</summary>
    /// <param name="input">(N, from, …spatial).</param>
    /// <returns>(N, to, …2 * spatial).</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = block.call(input);
        if (shortcut is not null) x.add_(shortcut.call(input));
        return functional.pad(x, front, PaddingModes.Constant, 0).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public TensorShape Trace(Tracer tracer, TensorShape input)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        var x = tracer.Through(input, block);
        if (shortcut is not null) x = Tracer.SummedInto(x, tracer.Through(input, shortcut));
        return x.Padded(_ => (Before: 1, Behind: 0));
    }
}
