namespace UNetFamily;

/// <summary>
/// A network from an image or volume to logits. It checks its input, keeps memory tidy (a call leaves exactly its output alive) and leaves
/// <see cref="Segment"/> to say what the paper's figure shows.
/// </summary>
public abstract class SegmentationModel : Module<Tensor, SegmentationOutput>, ITraceable
{
    /// <summary>Checks the options. The derived constructor builds its layers and calls <c>RegisterComponents()</c> last.</summary>
    /// <param name="options">The options of the network.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    protected SegmentationModel(SegmentationModelOptions options) : base(NameOf(options))
    {
        options.Validate(NameOf(options));
        Options = options;
    }

    /// <summary>The options that the network was built from.</summary>
    public SegmentationModelOptions Options { get; private protected set; }

    /// <summary>The spatial sizes that the network takes.</summary>
    public abstract InputSizes InputSizes { get; }

    /// <summary>Segments a batch.</summary>
    /// <param name="input">(N, InChannels, H, W) or (N, InChannels, D, H, W), on the device and in the type of the weights.</param>
    /// <returns>Logits and, with deep supervision, the maps beside them; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">Rank, channels or a side of the input don't fit; the message names the axis, the value and the nearest that fits.</exception>
    public sealed override SegmentationOutput forward(Tensor input)
    {
        Require(input, InputSizes);
        using var scope = NewDisposeScope();
        var output = Segment(input);
        scope.MoveToOuter(output.FinestFirst);
        return output;
    }

    /// <summary>The network itself, as in the paper's figure. Runs in a dispose scope; the tensors of the output survive it.</summary>
    /// <param name="x">The checked input.</param>
    protected abstract SegmentationOutput Segment(Tensor x);

    /// <inheritdoc/>
    public abstract TensorShape Trace(Tracer tracer, TensorShape input);

    /// <summary>Rebuilds a network from a file that <see cref="CheckpointSaving.Save(SegmentationModel, string, IReadOnlyDictionary{string, string}?)"/> wrote: its options, then its weights.</summary>
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

    /// <summary>The module that the layers belong to, whose names a trace gives them: another one where this is a view of it.</summary>
    internal virtual nn.Module Whole => this;

    /// <summary>Throws when rank, channels, type or a side of the input don't fit.</summary>
    private protected void Require(Tensor input, InputSizes sizes)
    {
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
        RequireLike(input);
        if (sizes.Problem(shape.AsSpan(2)) is { } problem) throw new ArgumentException($"{name}: {problem}", nameof(input));
    }

    /// <summary>Throws when the input is of another type or elsewhere than the weights. In mixed precision these have two types, and each will do.</summary>
    private void RequireLike(Tensor input)
    {
        if (parameters().FirstOrDefault(parameter => parameter.is_floating_point()) is not { } weight) return;
        if (weight.dtype != input.dtype && parameters().All(parameter => parameter.dtype != input.dtype))
            throw new ArgumentException($"{name} has weights of {weight.dtype}; input is {input.dtype}. Convert it with input.to(ScalarType.{weight.dtype}).", nameof(input));
        if (weight.device_type != input.device_type)
            throw new ArgumentException($"{name} has its weights on {weight.device}; input is on {input.device}. Move it with input.to(device).", nameof(input));
    }

    private static string NameOf(SegmentationModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var type = options.GetType().Name;
        return type.EndsWith("Options", StringComparison.Ordinal) ? type[..^"Options".Length] : type;
    }
}
