namespace UNetFamily;

/// <summary>One call of a part of a network, which can be repeated as it was. Lives as long as the graph's node.</summary>
/// <param name="module">The part.</param>
/// <param name="inputs">How many inputs it takes.</param>
/// <param name="call">Calls it.</param>
internal sealed class Segment(nn.Module module, int inputs, Func<IReadOnlyList<Tensor>, Tensor> call)
{
    private long? seedOfGpu;

    public int Inputs { get; } = inputs;

    /// <summary>The first computation.</summary>
    /// <param name="x">The inputs.</param>
    /// <returns>The output, and the states of the CPU's generator before and after it where random numbers were drawn; otherwise none.</returns>
    public (Tensor Output, Tensor[] RandomStates) Call(IReadOnlyList<Tensor> x)
    {
        // The state of a GPU's generator can't be read, so it gets a known one.
        if (module.training && x[0].device_type is DeviceType.CUDA) cuda.manual_seed_all((seedOfGpu = FreshSeed()).Value);
        // All threads share one generator: what others draw meanwhile must not look like this segment's.
        if (!MayDraw) return (call(x), []);
        var before = random.get_rng_state();
        var output = call(x);
        var after = random.get_rng_state();
        return (output, before.Equals(after) ? [] : [before, after]);
    }

    /// <summary>
    /// Computes again, with the random numbers of the first time, and runs the backward pass of that. Neither the random numbers that follow nor the
    /// buffers show it.
    /// </summary>
    /// <param name="x">The inputs, as leaves of a graph of their own; they and the parameters receive gradients.</param>
    /// <param name="randomStates">What <see cref="Call"/> returned.</param>
    /// <param name="gradient">The gradient of the output.</param>
    /// <exception cref="InvalidOperationException">Another thread drew random numbers meanwhile, so those of the first time are lost.</exception>
    public void Replay(IReadOnlyList<Tensor> x, IReadOnlyList<Tensor> randomStates, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var now = randomStates.Count == 0 ? null : random.get_rng_state();
        var buffers = module.training ? module.buffers().Select(buffer => (buffer, before: buffer.detach().clone())).ToArray() : [];
        try
        {
            if (now is not null) random.set_rng_state(randomStates[0]);
            if (seedOfGpu is { } seed) cuda.manual_seed_all(seed);
            using var recording = enable_grad();
            var output = call(x);
            if (now is not null) RequireSame(randomStates, random.get_rng_state());
            autograd.backward([output], [gradient]);
        }
        finally
        {
            using var noGradient = no_grad();
            foreach (var (buffer, before) in buffers) buffer.copy_(before);
            if (now is not null) random.set_rng_state(now);
            if (seedOfGpu is not null) cuda.manual_seed_all(FreshSeed());
        }
    }

    /// <summary>A segment that draws has drawn as much as the first time, unless somebody else drew in between. One that draws nothing leaves the state as it was put.</summary>
    private static void RequireSame(IReadOnlyList<Tensor> states, Tensor after)
    {
        if (!after.Equals(states[1]) && !after.Equals(states[0]))
            throw new InvalidOperationException("Another thread drew random numbers while a segment with dropout was computed, so its gradients would be those of another dropout. All threads share one generator: let one at a time train with dropout.");
    }

    /// <summary>Whether a part in training mode draws random numbers, or may, because nobody here knows it.</summary>
    private bool MayDraw => module.modules().Prepend(module).Any(part => part.training && (part is DropPath { Probability: > 0 } || Draws(part.GetType())));

    private static bool Draws(Type part) => part.Assembly == typeof(nn.Module).Assembly
        ? part.Name.Contains("Dropout", StringComparison.Ordinal) || part.Name is "RReLU" or "RNN" or "LSTM" or "GRU" or "Transformer" or "TransformerEncoder" or "TransformerDecoder" or "TransformerEncoderLayer" or "TransformerDecoderLayer" or "MultiheadAttention"
        : part.Assembly != typeof(Segment).Assembly;

    private static long FreshSeed()
    {
        using var seed = randint(0, long.MaxValue, [1], ScalarType.Int64, CPU);
        return seed.ToInt64();
    }
}
