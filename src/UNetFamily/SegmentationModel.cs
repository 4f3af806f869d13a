namespace UNetFamily;

/// <summary>
/// A network from an image or volume to logits. It checks its input, keeps memory tidy (a call leaves exactly its output alive) and leaves
/// <see cref="Flow"/> to say what the paper's figure shows.
/// </summary>
public abstract class SegmentationModel : Module<Tensor, SegmentationOutput>
{
    private bool isDisposed;
    private Convolution[]? firstConvolution;        // a list, which isn't registered

    /// <summary>Checks the options. The derived constructor builds its layers and calls <c>RegisterComponents()</c> last.</summary>
    /// <param name="options">The options of the network.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    protected SegmentationModel(SegmentationModelOptions options) : base(NameOf(options))
    {
        options.Validate(NameOf(options));
        Options = options;
    }

    /// <summary>The options that the network was built from.</summary>
    public SegmentationModelOptions Options
    {
        get;
        private protected set
        {
            field = value;
            if (Built is not null) Built = Entries();
        }
    }

    /// <summary>The names and shapes of the entries that these options make; null before the layers are registered, and for a view of another network.</summary>
    internal IReadOnlyDictionary<string, ValueList<long>>? Built { get; private set; }

    /// <summary>The spatial sizes that the network takes.</summary>
    public abstract InputSizes InputSizes { get; }

    /// <summary>Segments a batch.</summary>
    /// <param name="input">(N, InChannels, H, W) or (N, InChannels, D, H, W), on the device and in the type of the weights.</param>
    /// <returns>Logits and, with deep supervision, the maps beside them; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">Rank, channels or a side of the input don't fit; the message names the axis, the value and the nearest that fits.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public sealed override SegmentationOutput forward(Tensor input)
    {
        Require(input, InputSizes);
        return Run(input, Flow);
    }

    /// <summary>The network itself, as in the paper's figure: the one place that says what it computes.</summary>
    /// <param name="x">The checked input.</param>
    /// <returns>The logits and, with deep supervision, the maps beside them.</returns>
    protected abstract SegmentationMaps Flow(FeatureMap x);

    /// <summary>What the network computes for a batch, without running it.</summary>
    /// <param name="shape">The shape of the batch.</param>
    internal FlowGraph Record(params ReadOnlySpan<long> shape) => Recorder.Record(Whole, maps => Finest(Flow(maps[0])), [shape.ToArray()]);

    /// <summary>Runs a flow of this network.</summary>
    private protected SegmentationOutput Run(Tensor input, Func<FeatureMap, SegmentationMaps> flow)
    {
        var maps = TrainingLayout.Run(Options, input, x => LiveRun.Of(Whole, inputs => Finest(flow(inputs[0])), x));
        return new SegmentationOutput(maps[0], maps[1..]);
    }

    private static FeatureMap[] Finest(SegmentationMaps maps) => [maps.Logits, .. maps.Auxiliary];

    /// <summary>
    /// Rebuilds a network from a file that <see cref="CheckpointSaving.Save(SegmentationModel, string, IReadOnlyDictionary{string, string}?)"/> or <see cref="CheckpointSaving.Export"/> wrote: its options, then its
    /// weights.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The network on the CPU, in the file's type of numbers, in evaluation mode: ready to predict. To train it further in a loop of your own, call <c>train()</c> first.</returns>
    /// <exception cref="CheckpointException">The file isn't ours, its options are not valid, or its weights don't fit them.</exception>
    public static SegmentationModel FromFile(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        var model = ModelFile.Read(checkpoint);
        model.eval();
        return model;
    }

    /// <summary>Registers the layers, and remembers which entries a file of this network has.</summary>
    protected override void RegisterComponents()
    {
        base.RegisterComponents();
        Built ??= Entries();
    }

    /// <summary>Throws when the network, or the one that it is a view of, has no weights any more.</summary>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(isDisposed || Whole is SegmentationModel { isDisposed: true }, this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        isDisposed |= disposing;
        base.Dispose(disposing);
    }

    /// <summary>The module that the layers belong to, under whose paths a graph has them: another one where this is a view of it.</summary>
    internal virtual nn.Module Whole => this;

    /// <summary>Throws when rank, channels, type or a side of the input don't fit.</summary>
    private protected void Require(Tensor input, InputSizes sizes)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(input);
        var (dims, shape) = (Options.SpatialDims, input.shape);
        var layout = $"(N, C, {(dims is SpatialDims.Two ? "H, W" : "D, H, W")})";

        if (shape.Length != (int)dims + 2)
        {
            var hint = shape.Length == (int)dims + 1 ? " Add the batch axis with input.unsqueeze(0)." : "";
            throw new ArgumentException($"{name} takes {layout}, {(int)dims + 2} axes; input has {shape.Length}: ({string.Join(", ", shape)}).{hint}", nameof(input));
        }
        if (shape[0] < 1) throw new ArgumentException($"{name} takes a batch of 1 or more; axis 0 of input is {shape[0]}.", nameof(input));
        if (shape[1] != Options.InChannels)
            throw new ArgumentException($"{name} was built with InChannels = {Options.InChannels}; axis 1 (C) of input is {shape[1]}.", nameof(input));
        if (!input.is_floating_point())
            throw new ArgumentException($"{name} takes floating-point numbers; input is {input.dtype}. Convert it with input.to(ScalarType.Float32).", nameof(input));
        if (FirstConvolution?.weight is { } weight && (weight.dtype != input.dtype || weight.device_type != input.device_type || weight.device_index != input.device_index))
            throw new ArgumentException($"{name} has weights of {weight.dtype} on {weight.device}; input is of {input.dtype} on {input.device}. Convert it with input.to(ScalarType.{weight.dtype}, new Device(\"{weight.device}\")), or the network with to.", nameof(input));
        if (sizes.Problem(shape.AsSpan(2)) is { } problem) throw new ArgumentException($"{name}: {problem}", nameof(input));
    }

    // All weights of a network of the library are on one device and its convolutions of one type; a user's own may be spread.
    private Convolution? FirstConvolution => (firstConvolution ??= GetType().Assembly == typeof(SegmentationModel).Assembly ? [.. Whole.modules().OfType<Convolution>().Take(1)] : []).FirstOrDefault();

    private Dictionary<string, ValueList<long>> Entries() => state_dict().ToDictionary(entry => entry.Key, entry => ValueList.Create<long>(entry.Value.shape));

    private static string NameOf(SegmentationModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var type = options.GetType().Name;
        return type.EndsWith("Options", StringComparison.Ordinal) ? type[..^"Options".Length] : type;
    }
}
