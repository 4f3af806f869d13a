namespace UNetFamily;

/// <summary>
/// Trains a network in half the bits: convolutions, linear layers and matrix products compute in bfloat16 or half, normalization and losses in float32. Every weight that computes
/// in less has a float32 master, which the optimizer updates and which is rounded into the network after each step (Micikevicius et al.: Mixed Precision Training, 2018,
/// arXiv 1710.03740, Section 3.1). The network still takes float32 images and gives float32 logits, so validation and losses need not know.
/// <code>
/// using var weights = new MixedPrecision(model, Precision.BFloat16);
/// using var optimizer = optim.AdamW(weights.Parameters);          // the masters; made after the network was converted
/// …
/// weights.ZeroGradients();
/// loss.backward();
/// weights.CollectGradients();                                     // from the network to the masters
/// optimizer.step();
/// weights.UpdateWeights();                                        // from the masters to the network
/// </code>
/// Disposed, it leaves an ordinary float32 network with the masters as weights. With <see cref="Precision.Float32"/> it does nothing, so a loop needs no second form.
/// </summary>
/// <remarks>
/// <para>Layers of normalization keep float32 weights. Batch and instance norm with such weights take inputs of less by themselves, with statistics in float32; for all others the
/// input is cast up and the output back, by hooks that are there as long as this is. Softmax needs none: libtorch computes it in float32 and rounds the result.</para>
/// <para>On a CPU, 3D average pools are float32 as well, for which libtorch 2.10 has no other kernel, and in bfloat16 convolutions of maps hardly larger than their kernel, whose gradients it
/// computes wrongly on processors without AMX.</para>
/// <para>In half, scale the loss with a <see cref="GradientScaler"/>; bfloat16 has the range of float32 and needs none.</para>
/// <para>Buffers outside of normalization are taken for constants.</para>
/// </remarks>
public sealed class MixedPrecision : IDisposable
{
    private readonly Dictionary<string, (Tensor Rounded, Tensor Master)> masters = [];
    private readonly List<Action> unhook = [];
    private readonly Parameter[] own;

    /// <summary>Converts a network.</summary>
    /// <param name="model">The network with float32 weights, on the device to train on. Its parameters are others afterwards, so optimizers are made later.</param>
    /// <param name="precision">The type to compute in.</param>
    /// <exception cref="ArgumentException">The weights are not float32.</exception>
    public MixedPrecision(SegmentationModel model, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.ThrowIfDisposed();
        if (!Enum.IsDefined(precision)) throw new ArgumentOutOfRangeException(nameof(precision), precision, $"Precision is Float32, BFloat16 or Half, got {(int)precision}.");
        (Model, Precision) = (model, precision);
        if (precision is not Precision.Float32) Convert(model, precision is Precision.Half ? ScalarType.Float16 : ScalarType.BFloat16);
        own = [.. model.parameters()];
        Parameters = [.. model.named_parameters().Select(entry => masters.TryGetValue(entry.name, out var pair) ? (Parameter)pair.Master : entry.parameter)];
        var state = model.state_dict();
        StateDict = state.ToDictionary(entry => entry.Key, entry => masters.TryGetValue(entry.Key, out var pair) ? pair.Master : entry.Value);
    }

    /// <summary>The network.</summary>
    public SegmentationModel Model { get; }

    /// <summary>The type that it computes in.</summary>
    public Precision Precision { get; }

    /// <summary>What the optimizer updates: float32 masters, and the network's own parameters where these are float32. In the order of <c>model.parameters()</c>.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The network's state dict with its masters in place of what was rounded: what to save.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict { get; }

    /// <summary>Removes all gradients, before a backward pass.</summary>
    public void ZeroGradients() => Gradients.Clear(own.Concat(Parameters));

    /// <summary>Moves the gradients of a backward pass to the masters, in float32, and adds them to what these have since <see cref="ZeroGradients"/>: those of several batches add up without rounding.</summary>
    public void CollectGradients()
    {
        using var scope = NewDisposeScope();
        foreach (var (rounded, master) in masters.Values)
        {
            if (rounded.grad is not { } gradient) continue;
            if (master.grad is { } earlier) earlier.add_(gradient);
            else master.grad = gradient.to(master.dtype);
            rounded.grad = null!;
        }
    }

    /// <summary>Rounds the masters into the network, after a step of the optimizer or any other change of theirs.</summary>
    public void UpdateWeights()
    {
        using var noGradient = no_grad();
        foreach (var (rounded, master) in masters.Values) rounded.copy_(master);
    }

    /// <summary>Loads weights into the masters, and rounds them into the network. All is checked first, as in <see cref="CheckpointLoading.Load(SegmentationModel, string)"/>.</summary>
    /// <param name="checkpoint">A file with the library's own names.</param>
    /// <exception cref="CheckpointMismatchException">The file doesn't fit.</exception>
    public void Load(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        CheckpointLoading.LoadExact(Model, checkpoint, masters.ToDictionary(entry => entry.Key, entry => entry.Value.Master));
    }

    /// <summary>Gives the network its masters as weights, in float32.</summary>
    public void Dispose()
    {
        if (masters.Count == 0) return;
        foreach (var remove in unhook) remove();
        Gradients.Clear(Model.Whole.parameters());
        Model.Whole.to(ScalarType.Float32);
        using var noGradient = no_grad();
        foreach (var (name, tensor) in Model.Whole.state_dict())
        {
            if (!masters.TryGetValue(name, out var pair)) continue;
            tensor.copy_(pair.Master);
            pair.Master.Dispose();
        }
        masters.Clear();
    }

    private void Convert(SegmentationModel model, ScalarType type)
    {
        var whole = model.Whole;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var trainable = whole.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.requires_grad);
        var exact = whole.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        if (exact.FirstOrDefault(entry => entry.Value.is_floating_point() && entry.Value.dtype is not ScalarType.Float32) is { Key: { } name, Value: { } other })
            throw new ArgumentException($"{nameof(MixedPrecision)} needs float32 weights to start from; '{name}' is {other.dtype}. Convert the network with model.to(ScalarType.Float32).", nameof(model));
        var device = exact.Values.First().device;

        Gradients.Clear(whole.parameters());
        whole.to(type);
        foreach (var layer in whole.modules())
        {
            var cast = NeedsCast(layer, device.type is DeviceType.CPU);
            if (cast || IsNorm(layer)) layer.to(ScalarType.Float32);
            if (cast) HookLayer((Module<Tensor, Tensor>)layer, type);
            if (layer is Convolution conv && type is ScalarType.BFloat16 && device.type is DeviceType.CPU) HookNarrow(conv);
        }
        foreach (var (key, rounded) in whole.state_dict())
        {
            rounded.copy_(exact[key]);
            if (rounded.dtype != type) continue;
            Tensor master = trainable.TryGetValue(key, out var learns) ? new Parameter(exact[key], learns) : exact[key];
            masters[key] = (rounded, master.DetachFromDisposeScope());
        }
        HookNetwork(model, type);
    }

    private static bool IsNorm(nn.Module layer) =>
        layer is NormBase or TorchSharp.Modules.GroupNorm or TorchSharp.Modules.LayerNorm or ChannelLayerNorm or GlobalResponseNorm;

    /// <summary>Batch and instance norm see by the type of their weights that statistics are to be float32; without weights they don't on every libtorch.</summary>
    private static bool NeedsCast(nn.Module layer, bool onCpu) => IsNorm(layer) ? layer is not NormBase { affine: true } : onCpu && layer is TorchSharp.Modules.AvgPool3d;

    private void HookLayer(Module<Tensor, Tensor> layer, ScalarType type)
    {
        var raised = new Pending();
        var before = layer.register_forward_pre_hook((_, input) => raised.Put(input.dtype == type ? input.to(ScalarType.Float32) : null));
        var after = layer.register_forward_hook((_, _, output) =>
        {
            using var input = raised.Take();
            if (input is null) return null!;
            using (output) return output.to(type);
        });
        unhook.AddRange(before.remove, after.remove, raised.Dispose);
    }

    /// <summary>What the layer gave is right and goes unused, so that its gradient is never computed.</summary>
    private void HookNarrow(Convolution conv) => unhook.Add(conv.register_forward_hook((_, input, output) =>
    {
        if (!NarrowConvolutions.Affects(conv, input)) return null!;
        using (output) return NarrowConvolutions.InFloat32(conv, input);
    }).remove);

    private void HookNetwork(SegmentationModel model, ScalarType type)
    {
        var lowered = new Pending();
        var before = model.register_forward_pre_hook((_, input) => lowered.Put(input.dtype is ScalarType.Float32 ? input.to(type) : null));
        var after = model.register_forward_hook((_, _, output) =>
        {
            using (lowered.Take()) using (output) return new SegmentationOutput(output.Logits.to(ScalarType.Float32), [.. output.Auxiliary.Select(map => map.to(ScalarType.Float32))]);
        });
        unhook.AddRange(before.remove, after.remove, lowered.Dispose);
    }

    /// <summary>A cast input between the hook before a call and the one after it: one for each thread, since a network may predict on several.</summary>
    private sealed class Pending : IDisposable
    {
        private readonly ThreadLocal<Tensor?> input = new();

        // A call that failed has left one behind.
        public Tensor Put(Tensor? cast)
        {
            Take()?.Dispose();
            return (input.Value = cast)!;
        }

        public Tensor? Take()
        {
            var taken = input.Value;
            input.Value = null;
            return taken;
        }

        public void Dispose() => input.Dispose();
    }
}
