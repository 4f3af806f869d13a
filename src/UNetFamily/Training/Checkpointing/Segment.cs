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
    /// <returns>The output, and the state of the CPU's generator before it where random numbers were drawn.</returns>
    public (Tensor Output, Tensor? RandomState) Call(IReadOnlyList<Tensor> x)
    {
        // The state of a GPU's generator can't be read, so it gets a known one.
        if (module.training && x[0].device_type is DeviceType.CUDA) cuda.manual_seed_all((seedOfGpu = FreshSeed()).Value);
        var before = random.get_rng_state();
        var output = call(x);
        using var after = random.get_rng_state();
        return (output, before.Equals(after) ? null : before);
    }

    /// <summary>
    /// Computes again, with the random numbers of the first time, and runs the backward pass of that. Neither the random numbers that follow nor the
    /// buffers show it.
    /// </summary>
    /// <param name="x">The inputs, as leaves of a graph of their own; they and the parameters receive gradients.</param>
    /// <param name="randomState">What <see cref="Call"/> returned.</param>
    /// <param name="gradient">The gradient of the output.</param>
    public void Replay(IReadOnlyList<Tensor> x, Tensor? randomState, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var now = randomState is null ? null : random.get_rng_state();
        var buffers = module.training ? module.buffers().Select(buffer => (buffer, before: buffer.detach().clone())).ToArray() : [];
        try
        {
            if (randomState is not null) random.set_rng_state(randomState);
            if (seedOfGpu is { } seed) cuda.manual_seed_all(seed);
            using var recording = enable_grad();
            autograd.backward([call(x)], [gradient]);
        }
        finally
        {
            using var noGradient = no_grad();
            foreach (var (buffer, before) in buffers) buffer.copy_(before);
            if (now is not null) random.set_rng_state(now);
            if (seedOfGpu is not null) cuda.manual_seed_all(FreshSeed());
        }
    }

    private static long FreshSeed()
    {
        using var seed = randint(0, long.MaxValue, [1], ScalarType.Int64, CPU);
        return seed.ToInt64();
    }
}
