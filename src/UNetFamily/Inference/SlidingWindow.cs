namespace UNetFamily;

/// <summary>
/// Applies a network to images and volumes of any size, window by window, and blends what overlaps. Names, places of windows and weights are those of MONAI's <c>sliding_window_inference</c>. Logits
/// are averaged, of overlapping windows and of mirrored views alike, as nnU-Net does. The settings can be shared, printed and changed with <c>with</c>.
/// </summary>
/// <remarks>
/// Sums are kept only for the rows (places of the first spatial axis) that windows can still reach: classes x RoiSize[0] x the other sides of the image x 4 bytes. So let the first axis be the longest, and
/// the window short along it, where memory is scarce. The network is in evaluation mode meanwhile, nothing is recorded for gradients, and its modules get their former modes back, also after an error.
/// One network may be used by several calls at once, on threads of their own: they share the evaluation mode, and the last gives the modes back. Calls and the training steps of a <see cref="Trainer"/> on other
/// threads wait for each other; a call within a training step, as from a loss, or one in which somebody puts the network into training mode, ends with <see cref="InvalidOperationException"/>.
/// The image and the logits must be finite. Where a number isn't, there is no right label, so the message says where it is: <see cref="ArgumentException"/> for one in the image (or one that the network's
/// half precision can't hold), <see cref="NotFiniteNumberException"/> for a logit.
/// A network whose convolutions don't pad (the U-Net of 2015) gets windows that reach beyond the part that it gives logits for; with <see cref="PaddingModes.Reflect"/> that is the paper's overlap-tile strategy.
/// </remarks>
public sealed partial record SlidingWindow
{
    /// <summary>The sides of a window, (H, W) or (D, H, W), which the network must take; 0 for a whole axis.</summary>
    /// <value>0: the whole image as one window, padded to a size that the network takes; for a network of one size only, that size.</value>
    public Extent RoiSize { get; init; } = 0;

    /// <summary>How many windows go through the network at once, mirrored views and windows of several images among them.</summary>
    /// <value>1, which is as fast as any on a CPU; a GPU wants more.</value>
    public int SwBatchSize { get; init; } = 1;

    /// <summary>How much neighbouring windows overlap, as a share of the window from 0 to below 1: one for each axis, or one for all.</summary>
    /// <value>0.25, as in MONAI; nnU-Net has 0.5.</value>
    public ValueList<double> Overlap { get; init; } = [0.25];

    /// <summary>How much each place of a window counts.</summary>
    /// <value><see cref="BlendMode.Constant"/>, as in MONAI; nnU-Net has <see cref="BlendMode.Gaussian"/>.</value>
    public BlendMode Mode { get; init; } = BlendMode.Constant;

    /// <summary>The standard deviation of <see cref="BlendMode.Gaussian"/> as a share of the window's side: one for each axis, or one for all.</summary>
    /// <value>0.125.</value>
    public ValueList<double> SigmaScale { get; init; } = [0.125];

    /// <summary>What is outside the image, where it is smaller than a window, half of it in front: Constant, Reflect, Replicate or Circular.</summary>
    /// <value><see cref="PaddingModes.Constant"/>.</value>
    public PaddingModes PaddingMode { get; init; } = PaddingModes.Constant;

    /// <summary>The value outside the image for <see cref="PaddingModes.Constant"/>: what the background has after normalisation.</summary>
    /// <value>0.</value>
    public double Cval { get; init; }

    /// <summary>The spatial axes along which windows are mirrored, 0 for the first: the mean of all combinations, 8 for three axes. Only for networks that saw mirrored images in training.</summary>
    /// <value>None.</value>
    public ValueList<int> MirrorAxes { get; init; } = [];

    /// <summary>Where windows are computed.</summary>
    /// <value>null: where the network's weights are; for a function, where the image is.</value>
    public Device? SwDevice { get; init; }

    /// <summary>Where sums are kept and the result is.</summary>
    /// <value>null: sums where windows are computed, the result where the image is.</value>
    public Device? Device { get; init; }

    /// <summary>
    /// Whether the network is made ready by <see cref="InferencePlanning.ForInference(SegmentationModel, ReadOnlySpan{long})"/> where there are enough windows to make up for that: faster, equal to rounding, with no memory
    /// worth speaking of. Networks with modules that flows don't know, or with hooks, run as they are.
    /// </summary>
    /// <value>true; false for the same last bits in every process.</value>
    public bool UsePlan { get; init; } = true;

    /// <summary>The mean logits of a whole image.</summary>
    /// <param name="model">The network.</param>
    /// <param name="image">(C, …spatial) or (N, C, …spatial) of any type, on any device. Not normalised here.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch with <see cref="OperationCanceledException"/>.</param>
    /// <returns>(classes, …spatial) or (N, classes, …spatial), float32 (float64 for a network in float64): 4 bytes for each class of each place, which large volumes don't have.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together; the message says what would. Or a number of the image is not finite.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    /// <exception cref="InvalidOperationException">The call comes from within a training step of the network, or this was put into training mode meanwhile.</exception>
    public Tensor Logits(SegmentationModel model, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(WindowPredictor.Of(model), image, logits => logits, weighted: true, progress, cancellation);

    /// <summary>The mean logits of whole images from any function: an ensemble, a network that isn't a <see cref="SegmentationModel"/>, or one with a softmax, of which then probabilities are averaged.</summary>
    /// <param name="predictor">
    /// From windows (B, C, …RoiSize), in the image's type of floating-point numbers or float32, to (B, classes, …RoiSize). It runs without gradients; evaluation mode is its own business.
    /// </param>
    /// <param name="image">(N, C, …spatial).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(N, classes, …spatial).</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings and image don't fit together.</exception>
    /// <exception cref="InvalidOperationException">The function returned another shape, or another number of classes than before.</exception>
    public Tensor Logits(Func<Tensor, Tensor> predictor, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(Of(predictor, image), image, logits => logits, weighted: true, progress, cancellation);

    /// <summary>The probabilities of a whole image, from the mean logits.</summary>
    /// <param name="model">The network.</param>
    /// <param name="image">(C, …spatial) or (N, C, …spatial).</param>
    /// <param name="sigmoid">Whether each channel is a question of its own (regions that overlap) instead of one class for each place (softmax). One channel alone always gets a sigmoid.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(classes, …spatial) or (N, classes, …spatial), float32.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together.</exception>
    public Tensor Probabilities(SegmentationModel model, Tensor image, bool sigmoid = false, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(WindowPredictor.Of(model), image, logits => sigmoid || logits.shape[0] == 1 ? logits.sigmoid() : logits.softmax(0), weighted: true, progress, cancellation);

    /// <summary>The class of each place of a whole image; the logits of the whole never exist at once.</summary>
    /// <param name="model">The network.</param>
    /// <param name="image">(C, …spatial) or (N, C, …spatial).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(…spatial) or (N, …spatial), 8-bit, or 16-bit for more than 256 classes. A network of one channel gives 1 where its logit is above 0.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together.</exception>
    public Tensor Labels(SegmentationModel model, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(WindowPredictor.Of(model), image, ChannelArgmax.Of, weighted: false, progress, cancellation);

    /// <summary>The class of each place from any function; see <see cref="Logits(Func{Tensor, Tensor}, Tensor, IProgress{WindowProgress}?, CancellationToken)"/>.</summary>
    /// <param name="predictor">From windows (B, C, …RoiSize) to (B, classes, …RoiSize).</param>
    /// <param name="image">(N, C, …spatial).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch.</param>
    /// <returns>(N, …spatial), 8-bit, or 16-bit for more than 256 classes.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings and image don't fit together.</exception>
    /// <exception cref="InvalidOperationException">The function returned another shape, or another number of classes than before.</exception>
    public Tensor Labels(Func<Tensor, Tensor> predictor, Tensor image, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Whole(Of(predictor, image), image, ChannelArgmax.Of, weighted: false, progress, cancellation);

    /// <summary>
    /// The class of each place of an image that needn't fit into memory: it is read window by window, and labels are handed out as soon as no later window touches them.
    /// </summary>
    /// <param name="model">The network.</param>
    /// <param name="image">Reads windows of the image.</param>
    /// <param name="write">
    /// Takes the first of some finished rows (places of the first spatial axis) and their labels (rows, …), on the CPU, 8-bit or 16-bit, contiguous, valid during the call. All rows come once, in order, a few at a time.
    /// </param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch; rows that were written stay written.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, network and image don't fit together.</exception>
    public void Labels(SegmentationModel model, IImageSource image, Action<long, Tensor> write, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Stream(WindowPredictor.Of(model), image, write, progress, cancellation);

    /// <summary>The same from any function.</summary>
    /// <param name="predictor">From windows (B, C, …RoiSize), float32 on <see cref="SwDevice"/> or the CPU, to (B, classes, …RoiSize).</param>
    /// <param name="image">Reads windows of the image.</param>
    /// <param name="write">Takes the first of some finished rows and their labels (rows, …).</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Ends the run before the next batch; rows that were written stay written.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings and image don't fit together.</exception>
    /// <exception cref="InvalidOperationException">The function returned another shape, or another number of classes than before.</exception>
    public void Labels(Func<Tensor, Tensor> predictor, IImageSource image, Action<long, Tensor> write, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default) =>
        Stream(WindowPredictor.Of(predictor, device: null, ScalarType.Float32), image, write, progress, cancellation);

    /// <summary>Everything that is wrong with the settings, a sentence each.</summary>
    internal IEnumerable<string> Problems(SpatialDims dims)
    {
        if (!RoiSize.Fits(dims)) yield return $"RoiSize must be one number or {(int)dims}, is {RoiSize}.";
        else if (!RoiSize.All(side => side >= 0)) yield return $"RoiSize must be positive, or 0 for a whole axis; it is {RoiSize}. Nearest: {RoiSize.Select(side => Math.Max(side, 0))}.";
        if (SwBatchSize < 1) yield return $"SwBatchSize must be 1 or more, is {SwBatchSize}. Nearest: 1.";
        if (Overlap.Count != 1 && Overlap.Count != (int)dims) yield return $"Overlap must have 1 value or {(int)dims}, has {Overlap.Count}.";
        if (Overlap.Any(share => !(share is >= 0 and < 1))) yield return $"Overlap must be from 0 to below 1, is {Overlap}. Nearest: {Nearest(Overlap, share => share >= 1 ? 0.9 : 0)}.";
        if (!Enum.IsDefined(Mode)) yield return $"Mode must be Constant or Gaussian, is {(int)Mode}.";
        if (SigmaScale.Count != 1 && SigmaScale.Count != (int)dims) yield return $"SigmaScale must have 1 value or {(int)dims}, has {SigmaScale.Count}.";
        if (SigmaScale.Any(scale => !(scale > 0 && double.IsFinite(scale)))) yield return $"SigmaScale must be above 0, is {SigmaScale}. Usual: 0.125.";
        if (PaddingMode is not (PaddingModes.Constant or PaddingModes.Reflect or PaddingModes.Replicate or PaddingModes.Circular))
            yield return $"PaddingMode must be Constant, Reflect, Replicate or Circular, is {PaddingMode}. Nearest: Constant with Cval = 0.";
        if (!double.IsFinite(Cval)) yield return $"Cval must be finite, is {Cval}.";
        if (MirrorAxes.Any(axis => axis < 0 || axis >= (int)dims) || MirrorAxes.Distinct().Count() < MirrorAxes.Count)
            yield return $"MirrorAxes must be different axes from 0 to {(int)dims - 1}, are {MirrorAxes}.";

        static string Nearest(ValueList<double> values, Func<double, double> instead) =>
            ValueList.Create<double>([.. values.Select(value => value is >= 0 and < 1 ? value : instead(value))]).ToString();
    }

    private static WindowPredictor Of(Func<Tensor, Tensor> predictor, Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.dim() is not (4 or 5)) throw new ArgumentException($"image must be (N, C, H, W) or (N, C, D, H, W), has {image.dim()} axes: ({string.Join(", ", image.shape)}).", nameof(image));
        return WindowPredictor.Of(predictor, image.device, image.dtype);
    }
}
