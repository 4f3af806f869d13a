using Modules = TorchSharp.Modules;      // a bare `ReLU` would be the factory of torch.nn

namespace UNetFamily;

/// <summary>
/// Follows shapes through a network without running it, and collects what each layer costs. Networks and blocks describe themselves through
/// <see cref="ITraceable"/>; the layers of TorchSharp are known here.
/// </summary>
public sealed class Tracer
{
    private readonly Dictionary<nn.Module, string> paths = new(ReferenceEqualityComparer.Instance);
    private readonly List<LayerCost> layers = [];

    /// <summary>A tracer for the modules below <paramref name="root"/>.</summary>
    /// <param name="root">The network or block; its modules' names become the layers' paths.</param>
    public Tracer(nn.Module root)
    {
        ArgumentNullException.ThrowIfNull(root);
        foreach (var (path, module) in root.named_modules()) paths.TryAdd(module, path);
    }

    /// <summary>The layers so far, in the order of computation.</summary>
    public IReadOnlyList<LayerCost> Layers => layers;

    /// <summary>Sends a shape through modules, one after the other.</summary>
    /// <param name="input">The shape that comes in.</param>
    /// <param name="modules">The modules in order.</param>
    /// <returns>The shape that goes out.</returns>
    /// <exception cref="NotSupportedException">A module is neither known nor <see cref="ITraceable"/>.</exception>
    public TensorShape Through(TensorShape input, params ReadOnlySpan<nn.Module> modules)
    {
        var shape = input;
        foreach (var module in modules) shape = Through(shape, module);
        return shape;
    }

    private TensorShape Through(TensorShape x, nn.Module module) => module switch
    {
        ITraceable block => block.Trace(this, x),
        Sequential chain => Through(x, [.. chain.children()]),
        ConvolutionTranspose conv => Conv(conv, x, Transposed(conv, x), positions: x.Positions),
        Convolution conv => Convolved(conv, x),
        Linear linear => Add(linear, LayerKind.Linear, x, new([.. x.Axes[..^1], linear.out_features]), x.Elements * linear.out_features),
        TokenMatrix matrix => Add(matrix, LayerKind.Linear, x, new([.. x.Axes[..^1], matrix.Projected]), x.Elements * matrix.Projected),
        NormBase or Modules.GroupNorm or Modules.LayerNorm or ChannelLayerNorm or GlobalResponseNorm => Add(module, LayerKind.Normalization, x, x),
        MaxPool2d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        MaxPool3d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        AvgPool2d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        AvgPool3d pool => Pooled(module, x, pool.kernel_size, pool.stride, pool.padding),
        Modules.Identity => x,
        _ when IsElementwise(module) => Free(module, x, x),
        _ => throw new NotSupportedException($"{module.GetType().Name} is not known to the tracer. Implement {nameof(ITraceable)} in the module that contains it."),
    };

    /// <summary>Reports a layer that computes no products, and its output.</summary>
    /// <param name="module">The module.</param>
    /// <param name="input">The shape that comes in.</param>
    /// <param name="output">The shape that goes out.</param>
    /// <returns><paramref name="output"/>.</returns>
    public TensorShape Free(nn.Module module, TensorShape input, TensorShape output) => Add(module, LayerKind.Other, input, output);

    /// <summary>Reports a product of two activations, such as queries with keys.</summary>
    /// <param name="module">The module that computes it.</param>
    /// <param name="input">The shape of the left factor.</param>
    /// <param name="output">The shape of the product.</param>
    /// <param name="macs">Its multiply-accumulates.</param>
    /// <returns><paramref name="output"/>.</returns>
    public TensorShape MatrixProduct(nn.Module module, TensorShape input, TensorShape output, long macs) => Add(module, LayerKind.MatrixProduct, input, output, macs, parameters: 0);

    /// <summary>The shape of maps of the same size concatenated along their channels.</summary>
    /// <param name="maps">The maps; the sides of the first are taken.</param>
    public static TensorShape Concatenated(params ReadOnlySpan<TensorShape> maps)
    {
        var channels = 0L;
        foreach (var map in maps) channels += map.Channels;
        return maps[0].WithChannels(channels);
    }

    private TensorShape Convolved(Convolution conv, TensorShape x)
    {
        var output = x.WithChannels(conv.out_channels).WithSides((axis, side) => (side + PaddingOf(conv, axis) - ReachOf(conv, axis)) / conv.stride[axis] + 1);
        return Conv(conv, x, output, positions: output.Positions);
    }

    private static TensorShape Transposed(Convolution conv, TensorShape x) => x.WithChannels(conv.out_channels).WithSides((axis, side) =>
        (side - 1) * conv.stride[axis] - PaddingOf(conv, axis) + ReachOf(conv, axis) + conv.output_padding[axis]);

    /// <summary>How many positions the kernel spans.</summary>
    private static long ReachOf(Convolution conv, int axis) => conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1;

    /// <summary>The padding of both ends together.</summary>
    private static long PaddingOf(Convolution conv, int axis) =>
        conv.padding is { } padding ? 2 * padding[axis]
        : conv.padding_type is Padding.Same ? ReachOf(conv, axis) - 1
        : 0;

    // Every weight meets every output position once; in a transposed convolution, every input position.
    private TensorShape Conv(Convolution conv, TensorShape input, TensorShape output, long positions) =>
        Add(conv, LayerKind.Convolution, input, output, checked(conv.weight.numel() * positions));

    private TensorShape Pooled(nn.Module pool, TensorShape x, long[] kernel, long[]? stride, long[]? padding) => Free(pool, x, x.WithSides((axis, side) =>
        (side + 2 * At(padding, axis, 0) - kernel[axis]) / At(stride, axis, kernel[axis]) + 1));

    private static long At(long[]? values, int axis, long otherwise) => values is { Length: > 0 } ? values[Math.Min(axis, values.Length - 1)] : otherwise;

    private TensorShape Add(nn.Module module, LayerKind kind, TensorShape input, TensorShape output, long macs = 0, long? parameters = null)
    {
        var path = paths.GetValueOrDefault(module, module.GetName());
        layers.Add(new LayerCost(path, module.GetType().Name, kind, input, output, parameters ?? module.parameters().Sum(p => p.numel()), macs));
        return output;
    }

    private static bool IsElementwise(nn.Module module) => module is Modules.ReLU or Modules.ReLU6 or Modules.LeakyReLU or Modules.PReLU or Modules.GELU
        or Modules.SiLU or Modules.Mish or Modules.ELU or Modules.SELU or Modules.Hardswish or Modules.Sigmoid or Modules.Tanh or Modules.Softmax
        or Modules.Dropout or Modules.Dropout2d or Modules.Dropout3d or Modules.AlphaDropout;
}
