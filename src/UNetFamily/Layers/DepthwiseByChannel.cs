namespace UNetFamily;

/// <summary>Depthwise convolutions of contiguous maps, channel by channel, by <see cref="DepthwiseKernel"/>.</summary>
internal sealed class DepthwiseByChannel : DepthwiseMaps
{
    private readonly ConvolutionOperation operation;
    private readonly DepthwiseGrid grid;
    private readonly DepthwiseKernel kernel;

    /// <summary>Lays out the maps.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="from">The shape of its operand.</param>
    /// <param name="to">The shape of its result.</param>
    public DepthwiseByChannel(ConvolutionOperation operation, long[] from, long[] to)
    {
        this.operation = operation;
        var layer = operation.Convolution;
        var (large, small) = IsTransposed ? (to, from) : (from, to);
        int[][] sources = [.. Enumerable.Range(0, layer.kernel_size.Length).Select(axis => operation.Sources(axis, large[axis + 2]))];
        grid = new DepthwiseGrid(Sides(layer.kernel_size), Sides(layer.stride), Sides(layer.dilation), Sides(operation.Paddings, 0), DepthwiseGrid.InVolume(sources, [0]), Sides(large[2..]), Sides(small[2..]));
        kernel = new DepthwiseKernel(grid);
    }

    private bool IsTransposed => operation is ConvolveTransposed;

    /// <inheritdoc/>
    public override Tensor Output(Tensor x, Tensor weights, Tensor? bias) => IsTransposed ? Spread(x, weights, bias) : Gather(x, weights, bias);

    /// <inheritdoc/>
    public override Tensor InputGradient(Tensor gradient, Tensor weights) => IsTransposed ? Gather(gradient, weights, null) : Spread(gradient, weights, null);

    /// <inheritdoc/>
    public override Tensor WeightGradient(Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (large, small) = (IsTransposed ? (gradient, x) : (x, gradient));
        var (a, b) = (large.contiguous(), small.contiguous());
        var (samples, channels) = ((int)x.shape[0], (int)x.shape[1]);
        var (ofLarge, ofSmall, taps) = (Count(grid.Large), Count(grid.Small), grid.Taps.Length);
        var sums = zeros_like(operation.Weights.Kernel);
        var (largest, smallest, result) = (a.Start(), b.Start(), sums.Start());
        InParallel(channels, AddGradients);
        return sums.MoveToOuterDisposeScope();

        unsafe void AddGradients(int channel)
        {
            var totals = stackalloc double[taps];
            new Span<double>(totals, taps).Clear();
            for (var sample = 0; sample < samples; sample++)
            {
                var map = ((nint)sample * channels) + channel;
                kernel.AddWeightGradients((float*)largest + (map * ofLarge), (float*)smallest + (map * ofSmall), totals);
            }
            for (var tap = 0; tap < taps; tap++) ((float*)result)[(channel * taps) + tap] = (float)totals[tap];
        }
    }

    private Tensor Gather(Tensor large, Tensor weights, Tensor? bias) => Mapped(large, weights, bias, grid.Large, grid.Small, gathers: true);

    private Tensor Spread(Tensor small, Tensor weights, Tensor? bias) => Mapped(small, weights, bias, grid.Small, grid.Large, gathers: false);

    private Tensor Mapped(Tensor x, Tensor kernels, Tensor? biases, int[] from, int[] to, bool gathers)
    {
        using var scope = NewDisposeScope();
        var (samples, channels) = ((int)x.shape[0], (int)x.shape[1]);
        var (input, dense, shifts) = (x.contiguous(), kernels.contiguous(), biases?.contiguous() ?? zeros(channels));
        var result = empty([samples, channels, .. to[^(x.shape.Length - 2)..].Select(side => (long)side)]);
        var (ofInput, ofResult, taps) = (Count(from), Count(to), grid.Taps.Length);
        var (source, weight, shift, target) = (input.Start(), dense.Start(), shifts.Start(), result.Start());
        InParallel(samples * channels, Map);
        return result.MoveToOuterDisposeScope();

        unsafe void Map(int map)
        {
            var channel = map % channels;
            float* read = (float*)source + ((nint)map * ofInput), write = (float*)target + ((nint)map * ofResult), weights = (float*)weight + (channel * taps);
            var bias = ((float*)shift)[channel];
            if (gathers) kernel.Gather(read, weights, bias, write);
            else kernel.Spread(read, weights, bias, write);
        }
    }

    private static void InParallel(int items, Action<int> work)
    {
        using var crew = new Crew();
        crew.Do(items, work);
    }

    private static int Count(int[] sides) => sides[0] * sides[1] * sides[2];
}
