namespace UNetFamily;

/// <summary>How it is done.</summary>
public sealed partial record SlidingWindow
{
    // Making a plan takes as long as four batches or so.
    private const int FewestPlanned = 16;

    /// <summary>What a conversion makes of the mean logits of whole images, put together.</summary>
    private Tensor Whole(WindowPredictor predictor, Tensor image, Func<Tensor, Tensor> convert, bool weighted, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = NewDisposeScope();
        var single = image.dim() == (int?)predictor.Dims + 1;
        var batch = single ? image.unsqueeze(0) : image;
        if (batch.dim() is not (4 or 5) || batch.shape[0] < 1)
            throw new ArgumentException($"image must be (C, …spatial) or (N, C, …spatial) with one or more images, is ({string.Join(", ", image.shape)}).", nameof(image));

        Tensor? result = null;
        Run(predictor, [.. Enumerable.Range(0, (int)batch.shape[0]).Select(index => new TensorImage(batch.select(0, index)))], Put, weighted, progress, cancellation);
        return scope.MoveToOuter(single ? result!.squeeze(0) : result!);

        void Put(long index, long row, Tensor logits)
        {
            var part = convert(logits);
            var axis = part.dim() - batch.dim() + 2;        // channels come before the rows, unless they are gone
            result ??= empty([batch.shape[0], .. part.shape[..(int)axis], .. batch.shape[2..]], part.dtype, Device ?? image.device).MoveToOtherDisposeScope(scope);
            result.select(0, index).narrow(axis, row, part.shape[axis]).copy_(part);
        }
    }

    /// <summary>Labels as soon as they are final.</summary>
    private void Stream(WindowPredictor predictor, IImageSource image, Action<long, Tensor> write, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(write);
        Run(predictor, [image], (_, row, logits) => write(row, ChannelArgmax.Of(logits).cpu()), weighted: false, progress, cancellation);
    }

    /// <summary>Sends all windows of images of one shape through a predictor and hands out the rows of their means (or sums, where <paramref name="weighted"/> is false).</summary>
    private void Run(WindowPredictor predictor, IReadOnlyList<IImageSource> images, Action<long, long, Tensor> finish, bool weighted, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        Allocator.KeepFreedBlocksByDefault();
        var shape = images[0].Shape;
        using var mode = predictor.Evaluating();
        var (grid, roi, margin) = Fit(predictor, shape);
        foreach (var (index, image) in images.Index())
            if (image is TensorImage voxels && voxels.FirstNonFinite() is { } found) throw WindowReader.NotFinite(Named(index), found.Place, found.Value);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var views = Views();
        var device = SwDevice ?? predictor.Device ?? CPU;
        var batch = Batch();
        using var plan = UsePlan && batch.Total / SwBatchSize >= FewestPlanned ? predictor.Plan([SwBatchSize, shape[0], .. roi]) : null;
        SlabSums? sums = null;

        for (var first = 0L; first < batch.Total; first += SwBatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var perBatch = NewDisposeScope();
            var logits = predictor.Call(batch.From(first), grid.Window);
            mode?.Require();
            sums ??= Sums(logits.shape[1]);
            logits = logits.to(predictor.SumType, Device ?? device);
            for (var i = 0; i < logits.shape[0]; i++)
            {
                using var perWindow = NewDisposeScope();
                var (image, start, mirrored) = batch[first + i];
                var one = logits.select(0, i);
                sums.Add(image, start, mirrored.Length == 0 ? one : one.flip(mirrored));
            }
            if (first + SwBatchSize >= batch.Total) sums.Finish();
            progress?.Report(new WindowProgress(Math.Min(first + SwBatchSize, batch.Total), batch.Total));
        }

        WindowBatch Batch()
        {
            // Boxes are read where the image is, and in the precision of the sums: weights in half precision shouldn't make normalisation as coarse.
            var window = empty([shape[0], .. roi], predictor.SumType, images[0] is TensorImage { Device: var there } ? there : CPU);
            var room = Math.Min(SwBatchSize, grid.Count * images.Count * views.Count);
            var buffer = empty([room, shape[0], .. roi], predictor.Type, device);
            return new WindowBatch(grid, [.. images.Select((image, index) => new WindowReader(image, roi, margin, PaddingMode, Cval, predictor.Type, Named(index)))], views, window, buffer);
        }

        // One window needs no weights: what the network gives is then the result, bit for bit.
        SlabSums Sums(long classes)
        {
            var (type, there) = (predictor.SumType, Device ?? device);
            var map = Mode is BlendMode.Gaussian && grid.Count > 1 ? ImportanceMap.Gaussian(grid.Window, SigmaScale, type, there).MoveToOtherDisposeScope(scope) : null;
            var weights = !weighted || grid.Count * views.Count == 1 ? null : SlabSums.WeightsOf(grid, map ?? ones(grid.Window, type, there), views.Count).MoveToOtherDisposeScope(scope);
            var rows = zeros([classes, SlabSums.Rows(grid), .. grid.Image[1..]], type, there).MoveToOtherDisposeScope(scope);
            return new SlabSums(grid, rows, map, weights, Checked);
        }

        // Here and not window by window: each place once, and an overflow of the sums as well.
        void Checked(long image, long row, Tensor logits)
        {
            if (NonFinite.FirstIn(logits) is { } place)
                throw new NotFiniteNumberException($"{Named(image)} is finite where it was read, but the logit of class {place[0]} at ({string.Join(", ", place.Skip(1).Select((at, axis) => axis == 0 ? at + row : at))}) is not.{predictor.WhyNotFinite()}", NonFinite.At(logits, place));
            finish(image, row, logits);
        }

        string Named(long index) => images.Count == 1 ? "image" : $"image {index} of the batch";
    }

    /// <summary>Where windows lie, their sides, and by how much they are larger at each end than what the network gives for them.</summary>
    private (WindowGrid Grid, long[] Roi, long[] Margin) Fit(WindowPredictor predictor, ValueList<long> image)
    {
        predictor.Require(image);
        if (predictor.Type is ScalarType.Float16 && Math.Abs(Cval) > (double)Half.MaxValue)
            throw new ArgumentException($"Cval is {Cval}, and the network computes in Float16, which ends at 65504. Nearest: {Math.CopySign(65504, Cval)}.");
        return Fit(image, predictor.Roi, predictor.OutputOf);
    }

    /// <summary>The same for any network, of which <paramref name="fit"/> chooses the sides of windows and <paramref name="outputOf"/> says those of its logits.</summary>
    private (WindowGrid Grid, long[] Roi, long[] Margin) Fit(ValueList<long> image, Func<long[], long[], long[]> fit, Func<long[], long[]> outputOf)
    {
        var dims = (SpatialDims)(image.Count - 1);
        if (!Enum.IsDefined(dims)) throw new ArgumentException($"image must be (C, H, W) or (C, D, H, W), is ({string.Join(", ", image)}).", nameof(image));
        Problems(dims).ThrowIfAny(nameof(SlidingWindow));
        long[] sides = [.. image[1..]];
        var roi = fit(RoiSize.Along(dims), sides);
        var output = outputOf(roi);
        long[] margin = [.. roi.Zip(output, (into, outOf) => (into - outOf) / 2)];
        if (PaddingMode is PaddingModes.Circular && margin.Any(places => places > 0))
            throw new ArgumentException("PaddingMode must be Constant, Reflect or Replicate for a network whose logits cover only the centre of a window, is Circular. The U-Net paper mirrors: Reflect.");
        return (new WindowGrid(sides, output, Overlap), roi, margin);
    }

    /// <summary>The axes of (C, …spatial) along which each view is mirrored: every combination, the unchanged window first.</summary>
    private IReadOnlyList<long[]> Views() =>
        [.. Enumerable.Range(0, 1 << MirrorAxes.Count).Select(view => MirrorAxes.Where((_, bit) => (view >> bit & 1) == 1).Select(axis => axis + 1L).ToArray())];
}
