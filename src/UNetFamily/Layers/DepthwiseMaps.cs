namespace UNetFamily;

/// <summary>The work of a depthwise convolution on maps in one memory layout; results lie in it as well.</summary>
internal abstract class DepthwiseMaps
{
    /// <summary>The output.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="weights">(C, 1, …kernel).</param>
    /// <param name="bias">(C); null for none.</param>
    public abstract Tensor Output(Tensor x, Tensor weights, Tensor? bias);

    /// <summary>The gradient of the input.</summary>
    /// <param name="gradient">The gradient of the output.</param>
    /// <param name="weights">The weights.</param>
    public abstract Tensor InputGradient(Tensor gradient, Tensor weights);

    /// <summary>The gradient of the weights.</summary>
    /// <param name="x">The input.</param>
    /// <param name="gradient">The gradient of the output.</param>
    public abstract Tensor WeightGradient(Tensor x, Tensor gradient);

    /// <summary>Sides as those of a volume; images are volumes of one slice.</summary>
    protected static int[] Sides(long[] values, int ofSlice = 1) => DepthwiseGrid.InVolume(Array.ConvertAll(values, value => (int)value), ofSlice);
}
