using Modules = TorchSharp.Modules;      // a bare `ReLU` would be the factory of torch.nn

namespace UNetFamily;

/// <summary>
/// Follows shapes through a network without running it, and collects what each layer costs. Networks and blocks describe themselves through
/// <see cref="ITraceable"/>; the layers of TorchSharp are known here.
/// </summary>
public sealed class Tracer
{
    private readonly Dictionary<nn.Module, string> paths = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, TensorShape> outputs = [];
    private readonly List<LayerCost> layers = [];
    private readonly bool training;

    /// <summary>A tracer for the modules below <paramref name="root"/>.</summary>
    /// <param name="root">The network or block; its modules' names become the layers' paths.</param>
    public Tracer(nn.Module root) : this(root, training: true)
    {
    }

    /// <param name="root">The network or block.</param>
    /// <param name="training">Whether a training step is followed, or a forward pass without gradients.</param>
    /// <param name="bytesPerNumber">The size of a number of the activations.</param>
    internal Tracer(nn.Module root, bool training, long bytesPerNumber = 4)
    {
        ArgumentNullException.ThrowIfNull(root);
        this.training = training;
        Memory = new ActivationLedger(bytesPerNumber);
        foreach (var (path, module) in root.named_modules()) paths.TryAdd(module, path);
    }

    /// <summary>The layers so far, in the order of computation.</summary>
    public IReadOnlyList<LayerCost> Layers => layers;

    /// <summary>What the activations need.</summary>
    internal ActivationLedger Memory { get; }

    /// <summary>What each module gave last, by path.</summary>
    internal IReadOnlyDictionary<string, TensorShape> Outputs => outputs;

    /// <summary>Sends a shape through modules, one after the other.</summary>
    /// <param name="input">The shape that comes in.</param>
    /// <param name="modules">The modules in order.</param>
    /// <returns>The shape that goes out.</returns>
    /// <exception cref="NotSupportedException">A module is neither known nor <see cref="ITraceable"/>.</exception>
    public TensorShape Through(TensorShape input, params ReadOnlySpan<nn.Module> modules)
    {
        var shape = input;
        foreach (var module in modules)
        {
            shape = Through(shape, module);
            outputs[PathOf(module)] = shape;
        }
        return shape;
    }

    private TensorShape Through(TensorShape x, nn.Module module) => module switch
    {
        ITraceable block => Block(() => block.Trace(this, x), x),
        Sequential chain => Chain(x, [.. chain.children()]),
        ConvolutionTranspose conv => Convolved(conv, x, Transposed(conv, x), positions: x.Positions),
        Convolution conv => Convolved(conv, x, Slid(conv, x)),
        Linear linear => Add(linear, LayerKind.Linear, x, new([.. x.Axes[..^1], linear.out_features]), x.Elements * linear.out_features),
        TokenMatrix matrix => Add(matrix, LayerKind.Linear, x, new([.. x.Axes[..^1], matrix.Projected]), x.Elements * matrix.Projected),
        // A layer norm of channels works on a copy with the channels last, and keeps two numbers for each position.
        ChannelLayerNorm => Normalized(module, x, statistics: 2 * x.Positions, copies: 1, raised: true),
        NormBase norm => Normalized(norm, x, statistics: 2 * x.Channels, copies: 0, raised: !norm.affine),
        Modules.GroupNorm or Modules.LayerNorm or GlobalResponseNorm => Normalized(module, x, statistics: 2 * x.Channels, copies: 0, raised: true),
        MaxPool2d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding, indices: true),
        MaxPool3d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding, indices: true),
        AvgPool2d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        AvgPool3d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        Modules.Identity => x,
        Modules.Dropout or Modules.AlphaDropout => Dropped(module, x, masks: x.Elements),
        Modules.Dropout2d or Modules.Dropout3d => Dropped(module, x, masks: x.Channels),
        _ when LayerActivation.Find(module) is { } activation => Add(module, LayerKind.Other, x, x, kept: activation.Kept, inPlace: activation.InPlace,
            numbersBeside: activation.Copies ? x.Elements : 0),
        _ => throw new NotSupportedException($"{module.GetType().Name} is not known to the tracer. Implement {nameof(ITraceable)} in the module that contains it."),
    };

    /// <summary>
    /// Reports a layer that computes no products, and its output. It is taken for one that works on each position by itself, makes a new tensor, and whose gradient needs its input;
    /// an output with other sides says by how it was made (<see cref="TensorShape.Scaled"/>, <see cref="TensorShape.Interpolated"/> …) which positions it comes from.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="input">The shape that comes in.</param>
    /// <param name="output">The shape that goes out.</param>
    /// <returns>The output in the trace, of the shape of <paramref name="output"/>.</returns>
    public TensorShape Free(nn.Module module, TensorShape input, TensorShape output) => Add(module, LayerKind.Other, input, output);

    /// <summary>Reports a product of two activations, such as queries with keys. Its gradient needs both; the left one is counted as kept here.</summary>
    /// <param name="module">The module that computes it.</param>
    /// <param name="input">The shape of the left factor.</param>
    /// <param name="output">The shape of the product.</param>
    /// <param name="macs">Its multiply-accumulates.</param>
    /// <returns>The output in the trace, of the shape of <paramref name="output"/>.</returns>
    public TensorShape MatrixProduct(nn.Module module, TensorShape input, TensorShape output, long macs) => Add(module, LayerKind.MatrixProduct, input, output, macs, parameters: 0);

    /// <summary>Maps concatenated along their channels.</summary>
    /// <param name="maps">The maps; the others are cut or padded to the sides of the first.</param>
    public static TensorShape Concatenated(params ReadOnlySpan<TensorShape> maps) => Joined(maps);

    /// <summary>
    /// The sum of maps, as of a branch and its shortcut. Report sums, so that memory and receptive field know of all that is added.
    /// </summary>
    /// <param name="maps">The maps, of the same channels; the others are cut or padded to the sides of the first.</param>
    public static TensorShape Summed(params ReadOnlySpan<TensorShape> maps)
    {
        var joined = Joined(maps);
        return new TensorShape([maps[0].Channels, .. joined.Spatial]) { Sources = joined.Sources, Fields = joined.Fields };
    }

    /// <summary>A sum that is written over its first map.</summary>
    internal static TensorShape SummedInto(TensorShape first, TensorShape other) => Summed(first, other) with { Storage = first.Storage };

    /// <summary>A tensor computed from others by no layer of its own.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="kept">Whether autograd keeps it.</param>
    /// <param name="sources">What it is computed from, position by position.</param>
    internal TensorShape Computed(TensorShape shape, bool kept, params ReadOnlySpan<TensorShape> sources)
    {
        var made = new TensorShape([.. shape.Axes]) { Fields = Joined(sources).Fields };
        Memory.Compute(sources, made);
        if (kept) Keep(made);
        return made;
    }

    /// <summary>Autograd keeps a tensor, beside what is known of the layers.</summary>
    internal void Keep(TensorShape shape)
    {
        if (training) Memory.Keep(shape);
    }

    /// <summary>A layer that makes no products, with what is known about its memory.</summary>
    internal TensorShape Elementwise(nn.Module module, TensorShape input, TensorShape output, LayerKeeps kept, bool inPlace = false) =>
        Add(module, LayerKind.Other, input, output, kept: kept, inPlace: inPlace);

    /// <summary>Modules in a row, where each map is freed as soon as the next exists; the first belongs to the caller.</summary>
    internal TensorShape Chain(TensorShape input, params nn.Module[] modules) => Block(() => Through(input, modules), holds: false, input);

    /// <summary>A piece of <c>forward</c> that keeps what it takes, and all that it makes, until it returns.</summary>
    internal TensorShape Block(Func<TensorShape> trace, params ReadOnlySpan<TensorShape> inputs) => Block(trace, holds: true, inputs);

    /// <summary>A piece of <c>forward</c> that keeps what it takes until it returns; what it makes only if it <paramref name="holds"/> it.</summary>
    internal TensorShape Block(Func<TensorShape> trace, bool holds, params ReadOnlySpan<TensorShape> inputs)
    {
        foreach (var input in inputs) Memory.Make(input);
        Memory.Enter(holds);
        var output = trace();
        Memory.Leave(inputs, output);
        return output;
    }

    /// <summary>A module whose inside is computed again for the backward pass: only its input is kept.</summary>
    internal TensorShape Checkpointed(TensorShape input, nn.Module module)
    {
        Keep(input);
        return Memory.Recompute(() => Through(input, [module]));
    }

    /// <summary>Whether norms compute in float32 while the rest takes fewer bits.</summary>
    internal bool RaisesNorms { get; init; }

    /// <summary>Whether layers are followed as in training: with dropout, and without overwriting what gradients need.</summary>
    internal bool IsTraining => training;

    private static TensorShape Joined(ReadOnlySpan<TensorShape> maps)
    {
        var (first, channels) = (maps[0], 0L);
        var fitted = new TensorShape[maps.Length];
        var fields = first.Fields;
        for (var i = 0; i < maps.Length; i++)
        {
            fitted[i] = maps[i].Axes.Count == first.Axes.Count ? maps[i].FittedTo(first) : maps[i];
            channels += maps[i].Channels;
            fields = fitted[i].Fields is { } other ? fields?.With(other) : null;
        }
        return new TensorShape([channels, .. first.Spatial]) { Sources = fitted, Fields = fields };
    }

    private static TensorShape Slid(Convolution conv, TensorShape x)
    {
        var sides = x.Spatial.Select((side, axis) => (side + PaddingOf(conv, axis) - ReachOf(conv, axis)) / conv.stride[axis] + 1).ToArray();
        return new([conv.out_channels, .. sides])
        {
            Fields = x.Fields?.Gather(sides, axis => conv.kernel_size[axis], (axis, position, tap) =>
                Padding(conv, position * conv.stride[axis] - PaddingOf(conv, axis) / 2 + conv.dilation[axis] * tap, x.Spatial[axis])),
        };
    }

    // Which position the padding repeats.
    private static long Padding(Convolution conv, long position, long side) => conv.padding_mode switch
    {
        PaddingModes.Reflect => position < 0 ? -position : position >= side ? 2 * (side - 1) - position : position,
        PaddingModes.Replicate => Math.Clamp(position, 0, side - 1),
        PaddingModes.Circular => (position + side) % side,
        _ => position,
    };

    private static TensorShape Transposed(Convolution conv, TensorShape x)
    {
        var sides = x.Spatial.Select((side, axis) => (side - 1) * conv.stride[axis] - PaddingOf(conv, axis) + ReachOf(conv, axis) + conv.output_padding[axis]).ToArray();
        return new([conv.out_channels, .. sides])
        {
            Fields = x.Fields?.Gather(sides, axis => conv.kernel_size[axis], (axis, position, tap) =>
                position + PaddingOf(conv, axis) / 2 - conv.dilation[axis] * tap is var spread && spread % conv.stride[axis] == 0 ? spread / conv.stride[axis] : -1),
        };
    }

    /// <summary>How many positions the kernel spans.</summary>
    private static long ReachOf(Convolution conv, int axis) => conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1;

    /// <summary>The padding of both ends together.</summary>
    private static long PaddingOf(Convolution conv, int axis) =>
        conv.padding is { } padding ? 2 * padding[axis]
        : conv.padding_type is TorchSharp.Padding.Same ? ReachOf(conv, axis) - 1
        : 0;

    // Every weight meets every output position once; in a transposed convolution, every input position.
    private TensorShape Convolved(Convolution conv, TensorShape input, TensorShape output, long? positions = null) => Add(conv, LayerKind.Convolution, input, output,
        checked(conv.weight.numel() * (positions ?? output.Positions)), read: conv.padding_mode is PaddingModes.Zeros ? null : Repadded(conv, input));

    // Padding other than zeros is a copy of the input: the convolution keeps the copy, and the padding the input.
    private static TensorShape Repadded(Convolution conv, TensorShape input) =>
        input.Padded(axis => (PaddingOf(conv, axis) / 2, PaddingOf(conv, axis) - PaddingOf(conv, axis) / 2)) with { Fields = null };

    private TensorShape Pooled(nn.Module pool, TensorShape x, long[] kernel, long[]? stride, long[]? padding, bool indices = false)
    {
        var sides = x.Spatial.Select((side, axis) => (side + 2 * At(padding, axis, 0) - kernel[axis]) / At(stride, axis, kernel[axis]) + 1).ToArray();
        var output = new TensorShape([x.Channels, .. sides])
        {
            Fields = x.Fields?.Gather(sides, axis => kernel[axis], (axis, position, tap) => position * At(stride, axis, kernel[axis]) - At(padding, axis, 0) + tap),
        };
        // Max pooling notes where each maximum was, in 8 bytes.
        var places = indices ? sizeof(long) * output.Elements : 0;
        return Add(pool, LayerKind.Other, x, output, bytesBeside: places, passing: training ? 0 : places);
    }

    /// <param name="norm">The norm.</param>
    /// <param name="x">Its input.</param>
    /// <param name="statistics">The numbers of means and deviations.</param>
    /// <param name="copies">Copies of the input that it makes meanwhile.</param>
    /// <param name="raised">Whether it has no kernel for half precision beside float32 weights, so that mixed precision gives it, and autograd keeps, a float32 copy.</param>
    private TensorShape Normalized(nn.Module norm, TensorShape x, long statistics, long copies, bool raised)
    {
        if (!RaisesNorms || !raised) return Add(norm, LayerKind.Normalization, x, x, numbersBeside: statistics, passing: copies * Memory.Bytes(x));
        var copy = sizeof(float) * x.Elements;
        return Add(norm, LayerKind.Normalization, x, x, kept: LayerKeeps.Nothing, bytesBeside: copy + (sizeof(float) * statistics), passing: (copies + 2) * copy);
    }

    private static long At(long[]? values, int axis, long otherwise) => values is { Length: > 0 } ? values[Math.Min(axis, values.Length - 1)] : otherwise;

    private TensorShape Dropped(nn.Module dropout, TensorShape x, long masks)
    {
        var passes = !training || LayerActivation.Probability(dropout) == 0;
        return Add(dropout, LayerKind.Other, x, x, kept: LayerKeeps.Nothing, inPlace: passes, numbersBeside: passes ? 0 : masks);
    }

    private string PathOf(nn.Module module) => paths.GetValueOrDefault(module, module.GetName());

    /// <param name="module">The layer.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="input">What comes in.</param>
    /// <param name="output">What goes out; the input itself where the shape stays.</param>
    /// <param name="macs">Its multiply-accumulates.</param>
    /// <param name="parameters">The numbers that it learns; those of the module when left out.</param>
    /// <param name="kept">What its gradient needs.</param>
    /// <param name="inPlace">Whether it writes over its input.</param>
    /// <param name="numbersBeside">Numbers that its gradient needs beside the tensors, such as statistics.</param>
    /// <param name="bytesBeside">The same in bytes.</param>
    /// <param name="passing">Bytes that it needs while it computes.</param>
    /// <param name="read">What it reads in the input's place.</param>
    private TensorShape Add(nn.Module module, LayerKind kind, TensorShape input, TensorShape output, long macs = 0, long? parameters = null, LayerKeeps kept = LayerKeeps.Input,
        bool inPlace = false, long numbersBeside = 0, long bytesBeside = 0, long passing = 0, TensorShape? read = null)
    {
        var result = inPlace ? output with { Storage = input.Storage, Sources = [] }
            : output.Storage == input.Storage || output.Sources.Count > 0 ? output with { Storage = new object(), Sources = [] } : output;
        var source = read ?? input;
        var before = Memory.KeptBytes;
        Memory.Compute([source], result, passing);
        if (training)
        {
            if (kept is LayerKeeps.Input) Memory.Keep(source);
            if (read is not null) Memory.Keep(input);
            if (kept is LayerKeeps.Output) Memory.Keep(result);
            Memory.Keep(bytesBeside + (numbersBeside > 0 ? Memory.Bytes(new TensorShape(numbersBeside)) : 0));
        }
        var owned = module.parameters().ToArray();
        layers.Add(new LayerCost(PathOf(module), module.GetType().Name, kind, input, result, parameters ?? owned.Sum(p => p.numel()), macs)
        {
            TrainableParameters = parameters ?? owned.Where(p => p.requires_grad).Sum(p => p.numel()),
            KeptBytes = Memory.KeptBytes - before,
        });
        return result;
    }
}
