namespace UNetFamily;

/// <summary>
/// The exponential moving average (EMA) of a network's weights over the steps of a training, which scores better and more evenly than the last step's as a rule
/// (Polyak and Juditsky, 1992; Tarvainen and Valpola: Mean teachers, 2017, arXiv 1703.01780).
/// <code>average = d * average + (1 - d) * weights,  d = min(decay, (1 + n) / (10 + n)) at update n = 0, 1, …</code>
/// Floating-point buffers, such as running statistics, are averaged as weights are, because they belong to them; counters are copied.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly Dictionary<string, Tensor> average = [];
    private readonly IReadOnlyDictionary<string, Tensor> learned;
    private readonly IReadOnlyDictionary<string, Tensor> used;
    private bool applied;

    /// <summary>Starts with the weights as they are.</summary>
    /// <param name="model">The network. It may neither move nor change its type while it is averaged.</param>
    /// <param name="decay">How much of the average a step leaves, 0 to below 1; the average is over about the last 1 / (1 - decay) steps.</param>
    /// <param name="warmUp">Whether the first steps decay faster (the formula's second term, TensorFlow's <c>num_updates</c>), so that the fresh weights are soon forgotten.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is outside its range.</exception>
    public WeightAverage(nn.Module model, double decay = 0.999, bool warmUp = true) : this(StateOf(model), StateOf(model), decay, warmUp)
    {
    }

    /// <summary>Starts with the float32 weights of a network that computes in less.</summary>
    /// <param name="weights">Its weights, of which <see cref="MixedPrecision.UpdateWeights"/> comes before <see cref="Update"/>.</param>
    /// <param name="decay">How much of the average a step leaves, 0 to below 1.</param>
    /// <param name="warmUp">Whether the first steps decay faster.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is outside its range.</exception>
    public WeightAverage(MixedPrecision weights, double decay = 0.999, bool warmUp = true) : this(Checked(weights).StateDict, StateOf(weights.Model), decay, warmUp)
    {
    }

    private WeightAverage(IReadOnlyDictionary<string, Tensor> learned, IReadOnlyDictionary<string, Tensor> used, double decay, bool warmUp)
    {
        if (decay is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(decay), Choice.Text(decay), "The decay is from 0 to below 1; 0.999 is usual.");
        (this.learned, this.used, Decay, WarmUp) = (learned, used, decay, warmUp);
        using var scope = NewDisposeScope();
        foreach (var (name, tensor) in learned) average[name] = tensor.detach().clone().DetachFromDisposeScope();
    }

    /// <summary>How much of the average a step leaves, once warm.</summary>
    public double Decay { get; }

    /// <summary>Whether the first steps decay faster.</summary>
    public bool WarmUp { get; }

    /// <summary>How many steps were taken in; save it beside <see cref="StateDict"/>, and set it to go on.</summary>
    public long Updates { get; set; }

    /// <summary>The average, under the names of the network's state dict. The tensors are the average's own: copy into them to go on with a saved one.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict => average;

    /// <summary>Takes the weights in, after a step of the optimizer.</summary>
    /// <exception cref="InvalidOperationException">The network computes with the average (<see cref="Apply"/>).</exception>
    public void Update()
    {
        RequireOwn();
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var decay = WarmUp ? Math.Min(Decay, (1.0 + Updates) / (10.0 + Updates)) : Decay;
        foreach (var (name, tensor) in learned)
        {
            if (tensor.is_floating_point()) average[name].mul_(decay).add_(tensor, 1 - decay);
            else average[name].copy_(tensor);
        }
        Updates++;
    }

    /// <summary>Lets the network compute with the average, for a validation.</summary>
    /// <returns>Dispose it, and the network has its own weights again, bit for bit.</returns>
    /// <exception cref="InvalidOperationException">It does already: whoever came second would put back the average as the network's own.</exception>
    public IDisposable Apply()
    {
        RequireOwn();
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var own = used.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope());
        Copy(average, used);
        applied = true;
        return new Restorer(this, own);
    }

    /// <summary>Puts the average in place of the network's weights, for good: at the end of a training.</summary>
    /// <exception cref="InvalidOperationException">The network computes with the average (<see cref="Apply"/>).</exception>
    public void Assign()
    {
        RequireOwn();
        Copy(average, learned);
        Copy(average, used);
    }

    /// <summary>Frees the average.</summary>
    public void Dispose()
    {
        foreach (var tensor in average.Values) tensor.Dispose();
    }

    /// <summary>Goes on with a saved average.</summary>
    internal void Load(Checkpoint file, string prefix)
    {
        using var scope = NewDisposeScope();
        foreach (var (name, tensor) in average)
        {
            var entry = file.Find(prefix + name);
            if (entry is null || !entry.Shape.SequenceEqual(tensor.shape) || entry.Type.ToScalarType() != tensor.dtype)
                throw file.Fail(entry?.Position, $"The average of '{name}' should be {Shapes.Text(tensor.shape)} of {tensor.dtype}, and is {entry?.ToString() ?? "not there"}.");
            tensor.copy_(file.Read(entry));
        }
    }

    private static void Copy(Dictionary<string, Tensor> from, IReadOnlyDictionary<string, Tensor> to)
    {
        using var noGradient = no_grad();
        foreach (var (name, tensor) in to) tensor.copy_(from[name]);
    }

    private void RequireOwn()
    {
        if (applied) throw new InvalidOperationException($"The network computes with its average. Dispose what {nameof(Apply)} returned first.");
    }

    private static MixedPrecision Checked(MixedPrecision weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return weights;
    }

    private static Dictionary<string, Tensor> StateOf(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        (model as SegmentationModel)?.ThrowIfDisposed();
        return model.state_dict();
    }

    private sealed class Restorer(WeightAverage average, Dictionary<string, Tensor> own) : IDisposable
    {
        public void Dispose()
        {
            if (own.Count == 0) return;
            Copy(own, average.used);
            foreach (var tensor in own.Values) tensor.Dispose();
            own.Clear();
            average.applied = false;
        }
    }
}
