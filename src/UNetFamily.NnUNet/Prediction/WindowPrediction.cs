namespace UNetFamily.NnUNet;

/// <summary>
/// Applies networks to a preprocessed volume window by window, exactly as nnU-Net's predictor does on a CPU: its places of windows, its importance map, its order of mirrored views, sums in half precision that are
/// rounded after each addition, and the mean of the folds' logits in half precision. <see cref="SlidingWindow"/> does the same in single precision with MONAI's windows, which is not the same near the corners.
/// </summary>
public sealed record WindowPrediction
{
    // Making a plan takes as long as four windows or so.
    private const int FewestPlanned = 16;

    /// <summary>The sides of a window: two, which go over each slice of the first axis, or three.</summary>
    public required ValueList<long> Patch { get; init; }

    /// <summary>The largest distance of two neighbouring windows as a share of the window.</summary>
    /// <value>0.5, as in nnU-Net.</value>
    public double StepSize { get; init; } = 0.5;

    /// <summary>Whether the middle of a window counts more than its edge.</summary>
    /// <value>True, as in nnU-Net.</value>
    public bool UseGaussian { get; init; } = true;

    /// <summary>The axes of a window along which it is mirrored: the mean of all combinations.</summary>
    /// <value>None.</value>
    public ValueList<int> MirrorAxes { get; init; } = [];

    /// <summary>Whether the networks are made ready by <see cref="InferencePlanning.ForInference(SegmentationModel, ReadOnlySpan{long})"/> where there are enough windows to make up for that: faster, and equal to rounding.</summary>
    /// <value>true; false for the same last bits in every process.</value>
    public bool UsePlan { get; init; } = true;

    /// <summary>Where windows start, in the order in which they are computed.</summary>
    /// <param name="volume">The sides of the preprocessed volume, three.</param>
    /// <returns>The starts on the three axes, the first of which numbers slices where windows are images. Negative where the volume is smaller than a window, in whose middle it then lies.</returns>
    public IEnumerable<ValueList<long>> Starts(ValueList<long> volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        Require(volume);
        var window = Window;
        long[][] starts = [.. volume.Select((side, axis) => window[axis] == 1 && Patch.Count == 2 && axis == 0 ? Slices(side) : WindowStarts.Along(side, window[axis], StepSize))];
        foreach (var first in starts[0])
            foreach (var second in starts[1])
                foreach (var third in starts[2]) yield return [first, second, third];

        static long[] Slices(long side) => [.. Enumerable.Range(0, checked((int)side)).Select(slice => (long)slice)];
    }

    /// <summary>How much each place of a window counts.</summary>
    /// <returns>(…patch), float16 on the CPU; the caller disposes it.</returns>
    public Tensor Importance()
    {
        RequireSettings();
        return UseGaussian ? ImportanceMaps.Gaussian([.. Patch]) : ones([.. Patch], ScalarType.Float16);
    }

    /// <summary>The logits of a whole volume, before softmax or sigmoid.</summary>
    /// <param name="networks">The networks of the folds, which are put into evaluation mode and stay there.</param>
    /// <param name="volume">(C, …three sides), preprocessed. Two bytes for each head and place are held, and a few rows more.</param>
    /// <param name="progress">Is told after each view of a window.</param>
    /// <param name="cancellation">Ends the run before the next window.</param>
    /// <returns>(heads, …three sides), float16 on the CPU; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, networks and volume don't fit together.</exception>
    /// <exception cref="NotFiniteNumberException">A logit isn't finite.</exception>
    public Tensor Logits(IReadOnlyList<SegmentationModel> networks, IImageSource volume, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return Whole([.. Checked(networks).Select(network => new FoldNetwork(network))], volume, progress, cancellation);
    }

    /// <summary>The same row by row: logits are handed out as soon as no later window touches them, and only the rows of one window are held.</summary>
    /// <param name="networks">The networks of the folds, which are put into evaluation mode and stay there.</param>
    /// <param name="volume">(C, …three sides), preprocessed.</param>
    /// <param name="finish">Takes the first of some finished rows (places of the first axis), and their logits (heads, rows, …), float16 on the CPU, valid during the call. All rows come once, in order.</param>
    /// <param name="progress">Is told after each view of a window.</param>
    /// <param name="cancellation">Ends the run before the next window.</param>
    /// <exception cref="ArgumentException">A setting is out of its range, or settings, networks and volume don't fit together.</exception>
    /// <exception cref="NotFiniteNumberException">A logit isn't finite.</exception>
    public void Rows(IReadOnlyList<SegmentationModel> networks, IImageSource volume, Action<long, Tensor> finish, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(finish);
        Run([.. Checked(networks).Select(network => new FoldNetwork(network))], volume, finish, progress, cancellation);
    }

    internal Tensor Whole(IReadOnlyList<FoldNetwork> folds, IImageSource volume, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        var logits = empty([folds[0].Options.OutChannels, .. volume.Shape[1..]], ScalarType.Float16);
        try
        {
            Run(folds, volume, (first, rows) =>
            {
                using var place = logits.narrow(1, first, rows.shape[1]);
                place.copy_(rows);
            }, progress, cancellation);
            return logits;
        }
        catch
        {
            logits.Dispose();
            throw;
        }
    }

    internal void Run(IReadOnlyList<FoldNetwork> folds, IImageSource volume, Action<long, Tensor> finish, IProgress<WindowProgress>? progress, CancellationToken cancellation)
    {
        Require(folds, volume.Shape);
        if (Allocator.IsAutomatic) Allocator.KeepFreedBlocks();
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var window = Window;
        var starts = Starts(volume.Shape[1..]).ToArray();
        var views = Views();
        var map = Importance();
        using var sums = new HalfSums([.. volume.Shape[1..]], map.view(window), folds.Count, folds[0].Options.OutChannels, finish);
        var padded = zeros([volume.Shape[0], .. window]);
        var done = 0L;
        using var plans = new Plans(UsePlan && starts.Length * views.Count >= FewestPlanned ? folds : [], [.. Patch]);

        foreach (var start in starts)
        {
            cancellation.ThrowIfCancellationRequested();
            using var perWindow = NewDisposeScope();
            Read(volume, start, padded);
            sums.Add([.. start], fold => Mean(folds[fold]).cpu().view([-1, .. window]));
        }
        sums.Finish();

        // In the order of nnU-Net, so that sums are rounded as there.
        Tensor Mean(FoldNetwork fold)
        {
            var input = padded.view([1, padded.shape[0], .. Patch]).to(fold.Device);
            var sum = One(fold, input, []);
            foreach (var axes in views.Skip(1)) sum.add_(One(fold, input, axes));
            return views.Count == 1 ? sum : sum.div_(views.Count);
        }

        Tensor One(FoldNetwork fold, Tensor input, long[] axes)
        {
            cancellation.ThrowIfCancellationRequested();
            using var perView = NewDisposeScope();
            var plan = plans.Of(fold);
            var logits = axes.Length == 0 ? fold.Logits(input, plan) : fold.Logits(input.flip(axes), plan).flip(axes);
            var result = logits.to(ScalarType.Float32).contiguous().MoveToOuterDisposeScope();
            progress?.Report(new WindowProgress(++done, (long)starts.Length * views.Count * folds.Count));
            return result;
        }
    }

    /// <summary>The window as a box of the volume.</summary>
    private long[] Window => Patch.Count == 2 ? [1, .. Patch] : [.. Patch];

    /// <summary>The axes of (N, C, …patch) along which each view is mirrored: none, then every set of them by its size and then in order.</summary>
    private IReadOnlyList<long[]> Views() =>
        [.. Enumerable.Range(0, 1 << MirrorAxes.Count).Select(set => MirrorAxes.Order().Where((_, bit) => (set >> bit & 1) == 1).Select(axis => axis + 2L).ToArray())
            .OrderBy(axes => axes.Length).ThenBy(axes => string.Concat(axes), StringComparer.Ordinal)];

    /// <summary>Reads the window that starts somewhere; what lies outside of the volume is 0.</summary>
    private static void Read(IImageSource volume, ValueList<long> start, Tensor window)
    {
        var box = window;
        var first = new long[start.Count];
        for (var axis = 0; axis < first.Length; axis++)
        {
            first[axis] = Math.Max(start[axis], 0);
            box = box.narrow(axis + 1, first[axis] - start[axis], Math.Min(start[axis] + window.shape[axis + 1], volume.Shape[axis + 1]) - first[axis]);
        }
        volume.Read(first, box);
    }

    private static IReadOnlyList<SegmentationModel> Checked(IReadOnlyList<SegmentationModel> networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        if (networks.Count == 0) throw new ArgumentException("There must be a network, or several.", nameof(networks));
        foreach (var network in networks) network.eval();
        return networks;
    }

    private void Require(IReadOnlyList<FoldNetwork> folds, ValueList<long> volume)
    {
        var options = folds[0].Options;
        if (volume.Count != 4) throw new ArgumentException($"volume must be (C, …three sides), is ({string.Join(", ", volume)}).", nameof(volume));
        Require(volume[1..]);
        if ((int)options.SpatialDims != Patch.Count) throw new ArgumentException($"Patch must have the network's {(int)options.SpatialDims} axes, is {Patch}.");
        if (volume[0] != options.InChannels) throw new ArgumentException($"The network takes {options.InChannels} channels, volume has {volume[0]}.", nameof(volume));
        if (folds.Any(fold => fold.Options.OutChannels != options.OutChannels || fold.Options.InChannels != options.InChannels)) throw new ArgumentException("All networks must have the same channels.", nameof(folds));
    }

    private void Require(ValueList<long> volume)
    {
        RequireSettings();
        if (volume.Count != 3 || volume.Any(side => side < 1)) throw new ArgumentException($"volume must have three sides of 1 or more, has ({string.Join(", ", volume)}).", nameof(volume));
    }

    private void RequireSettings()
    {
        if (Patch.Count is not (2 or 3) || Patch.Any(side => side < 1)) throw new ArgumentException($"Patch must have 2 or 3 sides of 1 or more, is {Patch}.");
        if (!(StepSize is > 0 and <= 1)) throw new ArgumentException($"StepSize must be above 0 and at most 1, is {StepSize}. nnU-Net's: 0.5.");
        if (MirrorAxes.Any(axis => axis < 0 || axis >= Patch.Count) || MirrorAxes.Distinct().Count() < MirrorAxes.Count)
            throw new ArgumentException($"MirrorAxes must be different axes from 0 to {Patch.Count - 1}, are {MirrorAxes}.");
    }

    /// <summary>The plans of the folds of one run.</summary>
    private sealed class Plans : IDisposable
    {
        private readonly Dictionary<FoldNetwork, InferencePlan?> plans = [];

        public Plans(IReadOnlyList<FoldNetwork> folds, long[] patch)
        {
            try
            {
                foreach (var fold in folds) plans[fold] = fold.Plan(patch);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public InferencePlan? Of(FoldNetwork fold) => plans.GetValueOrDefault(fold);

        public void Dispose()
        {
            foreach (var plan in plans.Values) plan?.Dispose();
        }
    }
}
