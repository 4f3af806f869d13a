namespace UNetFamily;

/// <summary>Networks that are not TorchSharp's.</summary>
public sealed partial record SlidingWindow
{
    /// <summary>The mean logits of a whole image from a network that isn't TorchSharp's, such as an ONNX file. See <see cref="Logits(SegmentationModel, Tensor, IProgress{WindowProgress}?, CancellationToken)"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="image">(C, …spatial) or (N, C, …spatial) of any type, on any device. Not normalised here.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch with <see cref="OperationCanceledException"/>.</param>
    /// <returns>(classes, …spatial) or (N, classes, …spatial), float32.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together; or a number of the image is not finite.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    public Tensor Logits(IWindowNetwork network, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(WindowPredictor.Of(network), image, logits => logits, weighted: true, progress, cancellation);

    /// <summary>The class of each place of a whole image from a network that isn't TorchSharp's.</summary>
    /// <param name="network">The network.</param>
    /// <param name="image">(C, …spatial) or (N, C, …spatial).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(…spatial) or (N, …spatial), 8-bit, or 16-bit for more than 256 classes. A network of one channel gives 1 where its logit is above 0.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together.</exception>
    public Tensor Labels(IWindowNetwork network, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(WindowPredictor.Of(network), image, ChannelArgmax.Of, weighted: false, progress, cancellation);

    /// <summary>The class of each place of an image that needn't fit into memory. See <see cref="Labels(SegmentationModel, IImageSource, Action{long, Tensor}, IProgress{WindowProgress}?, CancellationToken)"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="image">Reads windows of the image.</param>
    /// <param name="write">Takes the first of some finished rows and their labels (rows, …).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch; rows that were written stay written.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together.</exception>
    public void Labels(IWindowNetwork network, IImageSource image, Action<long, Tensor> write, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Stream(WindowPredictor.Of(network), image, write, progress, cancellation);

    /// <summary>The class of each place of an image in plain memory. Nothing of it needs libtorch, so an application that only segments can do without; <see cref="Device"/> and <see cref="SwDevice"/> play no part.</summary>
    /// <param name="network">The network.</param>
    /// <param name="image">(C, …spatial) in row-major order, finite. Not normalised here.</param>
    /// <param name="shape">That shape.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(…spatial) in row-major order. A network of one channel gives 1 where its logit is above 0.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together; or a number of the image is not finite.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    public ushort[] Labels(IWindowNetwork network, ReadOnlyMemory<float> image, ReadOnlySpan<long> shape, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        var result = new ushort[Places(image, shape)];
        var (classes, each) = (network.OutChannels, result.Length / (int)Math.Max(shape[1], 1));
        var label = Array.Empty<int>();
        RunPlain(network, image, shape, (row, count, channel) =>
        {
            var places = checked((int)(count * each));
            if (label.Length < places) label = new int[places];
            ChannelArgmax.Into(classes, channel, label.AsSpan(0, places));
            for (var (i, at) = (0, checked((int)(row * each))); i < places; i++) result[at + i] = (ushort)label[i];
        }, weighted: false, progress, cancellation);
        return result;
    }

    /// <summary>The mean logits of an image in plain memory, without libtorch. See <see cref="Labels(IWindowNetwork, ReadOnlyMemory{float}, ReadOnlySpan{long}, IProgress{WindowProgress}?, CancellationToken)"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="image">(C, …spatial) in row-major order, finite. Not normalised here.</param>
    /// <param name="shape">That shape.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(classes, …spatial) in row-major order.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together; or a number of the image is not finite.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    public float[] Logits(IWindowNetwork network, ReadOnlyMemory<float> image, ReadOnlySpan<long> shape, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        var places = Places(image, shape);
        var classes = network.OutChannels;
        var (result, each) = (new float[checked(classes * places)], places / (int)Math.Max(shape[1], 1));
        RunPlain(network, image, shape, (row, _, channel) =>
        {
            for (var c = 0L; c < classes; c++) channel(c).CopyTo(result.AsSpan(checked((int)(c * places + row * each))));
        }, weighted: true, progress, cancellation);
        return result;
    }

    /// <summary>The places of an image, when its numbers are as many as its shape says.</summary>
    private static int Places(ReadOnlyMemory<float> image, ReadOnlySpan<long> shape)
    {
        if (shape.Length is not (3 or 4) || Shapes.Count(shape) is not { } count || count != image.Length || count == 0)
            throw new ArgumentException($"shape must be (C, H, W) or (C, D, H, W) of the {image.Length} numbers of image, is ({string.Join(", ", shape.ToArray())}).", nameof(shape));
        return (int)(count / shape[0]);
    }

    /// <summary>As <see cref="Run"/>, of one image in plain memory.</summary>
    private void RunPlain(IWindowNetwork network, ReadOnlyMemory<float> image, ReadOnlySpan<long> shape, PlainSums.Finished finish, bool weighted, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        Allocator.KeepFreedBlocksByDefault();
        var (needs, sides) = (WindowNeeds.Of(network), ValueList.Create(shape));
        needs.Require(sides);
        var (grid, roi, margin) = Fit(sides, needs.Roi, needs.OutputOf);
        var reader = new PlainReader(image, [.. sides], roi, margin, PaddingMode, (float)Cval);
        var map = Mode is BlendMode.Gaussian && grid.Count > 1 ? Array.ConvertAll(ImportanceMap.Gaussian(grid.Window, SigmaScale), weight => (float)weight) : null;
        var sums = new PlainSums(grid, network.OutChannels, map, weighted, finish);
        var (views, each) = (Views(), checked((int)(network.OutChannels * grid.Window.Elements())));
        var (batch, size, total) = (Math.Min(SwBatchSize, grid.Count * views.Count), checked((int)(shape[0] * roi.Elements())), grid.Count * views.Count);
        var (windows, logits) = (new float[checked(batch * size)], new float[checked(batch * each)]);
        for (var first = 0L; first < total; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Min(batch, total - first);
            for (var i = 0; i < count; i++)
            {
                var (index, view) = Math.DivRem(first + i, views.Count);
                reader.Read(grid.StartOf(index), windows.AsSpan(i * size, size));
                PlainReader.Mirror(windows.AsSpan(i * size, size), roi, views[(int)view]);
            }
            network.Predict(windows.AsSpan(0, count * size), [count, shape[0], .. roi], logits.AsSpan(0, count * each));
            for (var i = 0; i < count; i++)
            {
                var (index, view) = Math.DivRem(first + i, views.Count);
                PlainReader.Mirror(logits.AsSpan(i * each, each), grid.Window, views[(int)view]);
                sums.Add(grid.StartOf(index), logits.AsMemory(i * each, each));
            }
            if (first + count >= total) sums.Finish();
            progress?.Report(new WindowProgress(first + count, total));
        }
    }
}
