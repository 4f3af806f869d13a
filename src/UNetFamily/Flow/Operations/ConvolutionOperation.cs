namespace UNetFamily;

/// <summary>What convolutions of both directions have in common.</summary>
/// <param name="conv">The layer.</param>
/// <param name="own">Weights of its own, where others were folded into them; null for the layer's.</param>
/// <param name="fold">Makes such weights, in tensors of the current dispose scope; null where there is nothing to fold.</param>
internal abstract class ConvolutionOperation(Convolution conv, ConvolutionWeights? own, Func<ConvolutionWeights>? fold) : LayerOperation(conv)
{
    /// <summary>The layer.</summary>
    public Convolution Convolution => conv;

    /// <summary>The weights that it computes with.</summary>
    public ConvolutionWeights Weights => own ?? new ConvolutionWeights(conv.weight!, conv.bias);

    /// <summary>Whether it is a plan's, with weights of its own.</summary>
    public bool IsPlanned => own is not null || fold is not null;

    /// <summary>The operation with what is still to be folded in its weights, in tensors of the current dispose scope. Until then it computes with the layer's, which are as many.</summary>
    public ConvolutionOperation Exact() => fold is null ? this : With(fold());

    /// <summary>Whether the layer's padding can be said in numbers, so that the convolution can be computed with other weights.</summary>
    public bool TakesWeights => conv.padding_mode is PaddingModes.Zeros && PadsEvenly;

    /// <summary>Whether both ends of each axis get as much padding.</summary>
    public bool PadsEvenly => Enumerable.Range(0, conv.kernel_size.Length).All(axis => Padding(axis) % 2 == 0);

    /// <summary>The axis of the weights that has the output channels; of each group's where a transposed convolution has groups.</summary>
    public abstract int OutputAxis { get; }

    public override bool TakesChannelsLast => TakesWeights;

    public override LayerKind Kind => LayerKind.Convolution;

    /// <summary>The same convolution with other weights of the same shapes, or with some that <see cref="Exact"/> makes.</summary>
    public abstract ConvolutionOperation With(ConvolutionWeights? weights, Func<ConvolutionWeights>? fold = null);

    public sealed override Tensor Run(Tensor[] x) =>
        !Hooks.On(conv) && DepthwiseConvolution.Of(this, x[0]) is { } depthwise ? depthwise.Call(x[0])
        : !Hooks.On(conv) && ConvolutionLast.Takes(this, x[0]) ? ConvolutionLast.Call(this, x[0])
        : Libtorch(x[0]);

    private Tensor Libtorch(Tensor x) => own is not null ? Compute(x, own) : conv.call(x);

    /// <summary>Computes with weights that may be others than the layer's, in the layout of the operand.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="weights">Of the shapes of the layer's.</param>
    public abstract Tensor Compute(Tensor x, ConvolutionWeights weights);

    /// <summary>The padding of each end.</summary>
    public long[] Paddings => [.. Enumerable.Range(0, conv.kernel_size.Length).Select(axis => Padding(axis) / 2)];

    /// <summary>Which position of a map stands at each of the padded one.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="side">The map's side.</param>
    /// <returns>-1 where there is zero.</returns>
    public int[] Sources(int axis, long side) => [.. Enumerable.Range(0, checked((int)(side + Padding(axis)))).Select(place => Source(place - (Padding(axis) / 2), side)).Select(source => source >= 0 && source < side ? (int)source : -1)];

    public sealed override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) =>
        fields[0]?.Gather(y[2..], axis => conv.kernel_size[axis], (axis, position, tap) => Input(axis, position, tap, x[0][axis + 2]));

    /// <summary>What reaches the positions of an axis of the result.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="inputs">The side of the operand.</param>
    /// <param name="outputs">The side of the result.</param>
    public DepthwiseReach Reach(int axis, long inputs, long outputs) => new(
        [.. Enumerable.Range(0, (int)outputs).Select(place => Enumerable.Range(0, (int)conv.kernel_size[axis]).Select(tap => (Input: Input(axis, place, tap, inputs), Tap: tap))
            .Where(source => source.Input >= 0 && source.Input < inputs).Select(source => ((int)source.Input, source.Tap)).ToArray())],
        IsSpread ? (int)conv.stride[axis] : 1, IsSpread ? 1 : (int)conv.stride[axis]);

    /// <summary>Which input a tap of the kernel brings to a position of the result.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="position">The position.</param>
    /// <param name="tap">The place in the kernel.</param>
    /// <param name="side">The side of the operand.</param>
    /// <returns>Outside of the operand where there is none.</returns>
    protected abstract long Input(int axis, long position, long tap, long side);

    /// <summary>Whether the strides part the positions of the result, and not those of the operand.</summary>
    protected abstract bool IsSpread { get; }

    /// <summary>Which position of a map stands at one that may lie outside of it; outside where there is zero.</summary>
    protected long Source(long position, long side) => conv.padding_mode switch
    {
        PaddingModes.Reflect => position < 0 ? -position : position >= side ? 2 * (side - 1) - position : position,
        PaddingModes.Replicate => Math.Clamp(position, 0, side - 1),
        PaddingModes.Circular => (position + side) % side,
        _ => position,
    };

    protected void RequireMap(long[] x)
    {
        RequireChannels(x, conv.in_channels);
        if (x.Length != conv.kernel_size.Length + 2) throw new ArgumentException($"{conv.GetType().Name} takes {conv.kernel_size.Length + 2} axes, (N, C, …spatial); the map is {x.Print()}.");
    }

    /// <summary>How many positions the kernel spans.</summary>
    protected long Reach(int axis) => conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1;

    /// <summary>The padding of both ends together.</summary>
    protected long Padding(int axis) =>
        conv.padding is { } padding ? 2 * padding[axis]
        : conv.padding_type is TorchSharp.Padding.Same ? Reach(axis) - 1
        : 0;

    /// <summary>The numbers of the kernel.</summary>
    protected long KernelElements => conv.weight!.numel();

    protected long[] Sides(long[] x, Func<int, long, long> side)
    {
        var y = x.WithSides(side, conv.out_channels);
        for (var axis = 2; axis < y.Length; axis++)
            if (y[axis] < 1) throw new ArgumentException($"{conv.GetType().Name} with a kernel of {string.Join(" x ", conv.kernel_size)} leaves nothing of the map {x.Print()}.");
        return y;
    }
}

/// <summary>The kernel and bias of a convolution.</summary>
/// <param name="Kernel">(out, in / groups, …kernel); of a transposed one (in, out / groups, …kernel).</param>
/// <param name="Bias">(out); null for none.</param>
internal sealed record ConvolutionWeights(Tensor Kernel, Tensor? Bias);
