namespace UNetFamily;

/// <summary>
/// Layers of the rank that a network works in. This is the one place that knows that TorchSharp has a 2D and a 3D class for each;
/// blocks and networks say <c>dims.Conv(16, 32, kernel: 3)</c>.
/// </summary>
public static class SpatialLayers
{
    extension(SpatialDims dims)
    {
        /// <summary>The names of the spatial axes in the tensor's order: height, width; or depth, height, width.</summary>
        public IReadOnlyList<string> AxisNames => dims switch
        {
            SpatialDims.Two => ["height", "width"],
            SpatialDims.Three => ["depth", "height", "width"],
            _ => throw Unsupported(dims),
        };

        /// <summary>A convolution, (N, from, …) to (N, to, …).</summary>
        /// <param name="from">Channels of the input.</param>
        /// <param name="to">Channels of the output.</param>
        /// <param name="kernel">The kernel.</param>
        /// <param name="stride">The stride; 1 when left out.</param>
        /// <param name="padding">The padding on both sides; half the kernel, rounded down, times the dilation, when left out.</param>
        /// <param name="groups">The number of groups; <paramref name="from"/> makes the convolution depthwise.</param>
        /// <param name="bias">Whether a bias is learned.</param>
        /// <param name="paddingMode">What the padding is filled with.</param>
        /// <param name="dilation">The distance between the kernel's taps; 1 when left out.</param>
        /// <exception cref="PlatformNotSupportedException">libtorch computes convolutions wrongly on this machine, and couldn't be helped; the message says what can.</exception>
        public Convolution Conv(long from, long to, Extent kernel, Extent? stride = null, Extent? padding = null,
            long groups = 1, bool bias = true, PaddingModes paddingMode = PaddingModes.Zeros, Extent? dilation = null)
        {
            var (k, s, d) = (kernel.Along(dims), (stride ?? 1).Along(dims), (dilation ?? 1).Along(dims));
            long[] p = padding?.Along(dims) ?? [.. k.Zip(d, (side, step) => side / 2 * step)];
            UnreportedCaches.Ensure();
            using var viewsOfTheWeight = NewDisposeScope();     // see Upstream/README.md
            return dims switch
            {
                SpatialDims.Two => Conv2d(from, to, (k[0], k[1]), (s[0], s[1]), (p[0], p[1]), (d[0], d[1]), paddingMode, groups, bias),
                SpatialDims.Three => Conv3d(from, to, (k[0], k[1], k[2]), (s[0], s[1], s[2]), (p[0], p[1], p[2]), (d[0], d[1], d[2]), paddingMode, groups, bias),
                _ => throw Unsupported(dims),
            };
        }

        /// <summary>A transposed convolution, (N, from, …) to (N, to, …); with equal kernel and stride it multiplies each side by the stride.</summary>
        /// <param name="from">Channels of the input.</param>
        /// <param name="to">Channels of the output.</param>
        /// <param name="kernel">The kernel.</param>
        /// <param name="stride">The stride; the kernel when left out.</param>
        /// <param name="padding">The padding removed from both sides; 0 when left out.</param>
        /// <param name="groups">The number of groups.</param>
        /// <param name="bias">Whether a bias is learned.</param>
        /// <param name="outputPadding">How many positions are added behind on every axis, fewer than the stride.</param>
        /// <exception cref="PlatformNotSupportedException">libtorch computes convolutions wrongly on this machine, and couldn't be helped; the message says what can.</exception>
        public Convolution ConvTranspose(long from, long to, Extent kernel, Extent? stride = null, Extent? padding = null, long groups = 1, bool bias = true, long outputPadding = 0)
        {
            // The same on every axis: TorchSharp hands on no more, see Upstream/README.md.
            var (k, s, p, o) = (kernel.Along(dims), (stride ?? kernel).Along(dims), (padding ?? 0).Along(dims), outputPadding);
            UnreportedCaches.Ensure();
            using var viewsOfTheWeight = NewDisposeScope();     // see Upstream/README.md
            return dims switch
            {
                SpatialDims.Two => ConvTranspose2d(from, to, (k[0], k[1]), (s[0], s[1]), (p[0], p[1]), (o, o), null, PaddingModes.Zeros, groups, bias),
                SpatialDims.Three => ConvTranspose3d(from, to, (k[0], k[1], k[2]), (s[0], s[1], s[2]), (p[0], p[1], p[2]), (o, o, o), null, PaddingModes.Zeros, groups, bias),
                _ => throw Unsupported(dims),
            };
        }

        /// <summary>Max pooling; sides are divided by the stride and rounded down.</summary>
        /// <param name="kernel">The window.</param>
        /// <param name="stride">The stride; the window when left out.</param>
        public Module<Tensor, Tensor> MaxPool(Extent kernel, Extent? stride = null)
        {
            var (k, s) = (kernel.Along(dims), (stride ?? kernel).Along(dims));
            return dims switch
            {
                SpatialDims.Two => MaxPool2d(k, s),
                SpatialDims.Three => MaxPool3d(k, s),
                _ => throw Unsupported(dims),
            };
        }

        /// <summary>Average pooling; sides are divided by the stride and rounded down.</summary>
        /// <param name="kernel">The window.</param>
        /// <param name="stride">The stride; the window when left out.</param>
        public Module<Tensor, Tensor> AvgPool(Extent kernel, Extent? stride = null)
        {
            var (k, s) = (kernel.Along(dims), (stride ?? kernel).Along(dims));
            return dims switch
            {
                SpatialDims.Two => AvgPool2d(k, s),
                SpatialDims.Three => AvgPool3d(k, s),
                _ => throw Unsupported(dims),
            };
        }

        /// <summary>Batch normalization.</summary>
        /// <param name="channels">Channels of the input.</param>
        /// <param name="eps">Added to the variance.</param>
        /// <param name="momentum">Weight of a new batch in the running statistics; null gives every batch the same weight.</param>
        /// <param name="affine">Whether scale and shift are learned.</param>
        /// <param name="runningStatistics">Whether statistics are kept for evaluation.</param>
        public Module<Tensor, Tensor> BatchNorm(long channels, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool runningStatistics = true)
        {
            NormBase norm = dims switch
            {
                SpatialDims.Two => BatchNorm2d(channels, eps, affine: affine, track_running_stats: runningStatistics),
                SpatialDims.Three => BatchNorm3d(channels, eps, affine: affine, track_running_stats: runningStatistics),
                _ => throw Unsupported(dims),
            };
            norm.momentum = momentum;
            return norm;
        }

        /// <summary>Instance normalization.</summary>
        /// <param name="channels">Channels of the input.</param>
        /// <param name="eps">Added to the variance.</param>
        /// <param name="affine">Whether scale and shift are learned.</param>
        /// <param name="momentum">Weight of a new batch in the running statistics, where they are kept.</param>
        /// <param name="runningStatistics">Whether statistics are kept for evaluation.</param>
        public Module<Tensor, Tensor> InstanceNorm(long channels, double eps = 1e-5, bool affine = true, double momentum = 0.1, bool runningStatistics = false) => dims switch
        {
            SpatialDims.Two => InstanceNorm2d(channels, eps, momentum, affine, runningStatistics),
            SpatialDims.Three => InstanceNorm3d(channels, eps, momentum, affine, runningStatistics),
            _ => throw Unsupported(dims),
        };

        /// <summary>Dropout of whole channels (Dropout2d, Dropout3d).</summary>
        /// <param name="probability">The probability that a channel is zeroed in training, 0 to 1.</param>
        public Module<Tensor, Tensor> ChannelDropout(double probability) => dims switch
        {
            SpatialDims.Two => Dropout2d(probability),
            SpatialDims.Three => Dropout3d(probability),
            _ => throw Unsupported(dims),
        };
    }

    private static ArgumentOutOfRangeException Unsupported(SpatialDims dims) =>
        new(nameof(dims), dims, $"SpatialDims is Two or Three, got {(int)dims}.");
}
