using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>
/// A map that flows through a block: a tensor when the network runs, a node of a graph when the same code is asked what it would do (<see cref="ModelInspection.Describe(SegmentationModel, ReadOnlySpan{long})"/>).
/// A block says what it computes with the operations of this class, once; running it, its costs, its memory and its receptive field all follow from that.
/// </summary>
/// <remarks>
/// A flow needs no dispose scope and no <c>using</c>: when it runs, each tensor is freed after its last use, and a sum or activation overwrites its operand where neither the flow nor a gradient needs it.
/// For that, the flow of the outermost block is followed twice at each call, first on shapes and then on tensors. So what a flow does may depend on options, modes and sizes, and on nothing that changes
/// while it runs. A map belongs to the flow that made it, and is of no use after it.
/// </remarks>
public abstract partial class FeatureMap
{
    private protected FeatureMap()
    {
    }

    /// <summary>The axes in order: (N, C, …spatial), or (N, C, tokens) and so on within attention.</summary>
    public ValueList<long> Shape
    {
        get
        {
            NoteSize();
            return ValueList.Create<long>(Axes);
        }
    }

    /// <summary>The channels: the second axis.</summary>
    public long Channels => Axes[1];

    /// <summary>The axes after the channels: (H, W) or (D, H, W). A flow that asks for them is described for one size only.</summary>
    public ValueList<long> Spatial => Shape[2..];

    /// <summary>The axes, where asking doesn't count.</summary>
    internal abstract long[] Axes { get; }

    /// <summary>Sends the map through layers, one after the other.</summary>
    /// <param name="layers">
    /// Blocks (<see cref="Block"/>), layers of TorchSharp, or <c>Sequential</c>s of these. Any other module runs as well, but a network with one can't be described.
    /// </param>
    /// <returns>What the last layer gives; this map where there is none.</returns>
    public FeatureMap Through(params ReadOnlySpan<Module<Tensor, Tensor>> layers)
    {
        var x = this;
        foreach (var layer in layers)
        {
            ArgumentNullException.ThrowIfNull(layer);
            var input = x;
            x = layer switch
            {
                Block block => block.Enter(input),
                Sequential chain => input.Within(chain, () => input.ThroughAll(chain), Hooks.On(chain) ? input.Calling(chain) : null),
                Modules.Identity => input.Within(layer, () => input, Hooks.On(layer) ? input.Calling(layer) : null),
                _ when KnownLayers.Find(layer) is { } operation => input.Within(layer, () => input.Apply(operation, input)),
                _ => input.Foreign(layer),
            };
        }
        return x;
    }

    /// <summary>Sends two maps through a block of two inputs.</summary>
    /// <param name="block">The block; this map is its first input.</param>
    /// <param name="second">Its second input.</param>
    /// <returns>What the block gives.</returns>
    public FeatureMap Through(Module<Tensor, Tensor, Tensor> block, FeatureMap second)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(second);
        return block is Block2 known ? known.Enter(this, second) : Foreign(block, second);
    }

    /// <summary>Applies an operation to maps of this one's flow.</summary>
    internal abstract FeatureMap Apply(Operation operation, params FeatureMap[] operands);

    /// <summary>Follows the flow of a module inside this one's.</summary>
    /// <param name="module">The module.</param>
    /// <param name="flow">What it computes.</param>
    /// <param name="hooked">Calls the module where hooks wait for it; null where its flow is all there is.</param>
    internal abstract FeatureMap[] Within(nn.Module module, Func<FeatureMap[]> flow, Func<Tensor[]>? hooked = null);

    /// <summary>The same for a module with one output.</summary>
    internal FeatureMap Within(nn.Module module, Func<FeatureMap> flow, Func<Tensor>? hooked = null) =>
        Within(module, () => new[] { flow() }, hooked is null ? null : () => [hooked()])[0];

    /// <summary>Sends maps through a module of which nothing is known.</summary>
    private protected abstract FeatureMap Foreign(nn.Module module, params FeatureMap[] others);

    /// <summary>A size was asked for.</summary>
    private protected abstract void NoteSize();

    /// <summary>The tensor of a map that runs.</summary>
    internal virtual Tensor Tensor => throw new InvalidOperationException("This map is described; it has no tensor.");

    private FeatureMap ThroughAll(Sequential chain)
    {
        var x = this;
        foreach (var layer in chain.children()) x = x.Through((Module<Tensor, Tensor>)layer);
        return x;
    }

    private Func<Tensor> Calling(Module<Tensor, Tensor> layer) => () => layer.call(Tensor);
}
