using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// Makes batches of the field of view from slices, each with a neighbour below and above as further channels: as they are, or bent and
/// brightened at random, so that a few slices teach more.
/// </summary>
internal sealed class SliceSampler : IDisposable
{
    /// <summary>A slice, and what lies below and above it.</summary>
    public const int Channels = 3;

    /// <summary>How far below and above, in millimetres.</summary>
    public const double NeighbourDistance = 3;

    private const double MostRotation = 9 * Math.PI / 180;
    private const double MostScaling = 0.08;
    private const double MostShift = 6;
    private const double Bending = 1.6;
    private const double MostContrast = 0.2;
    private const double MostBrightness = 0.2;
    private const double Noise = 0.05;

    private readonly FieldOfView view;
    private readonly Random random;
    private readonly bool mirrors;
    private readonly int[] neighbours;
    private readonly Tensor images, labels;

    /// <summary>Copies a subject to the device.</summary>
    public SliceSampler(Subject subject, FieldOfView view, Device device, int seed)
    {
        (this.view, random, mirrors) = (view, new Random(seed), subject.Scheme.MirrorSymmetric);
        var distance = (int)Math.Clamp(Math.Round(NeighbourDistance / subject.Image.Geometry.Spacing.Z), 1, subject.Size.Z);
        neighbours = [-distance, 0, distance];
        long[] shape = [subject.Size.Z, 1, subject.Size.Y, subject.Size.X];
        images = tensor(subject.Image.Values, shape, device: device);
        labels = tensor(subject.Labels, shape, device: device);
    }

    /// <summary>The slices, unchanged: (N, Channels, Height, Width).</summary>
    public Tensor Plain(ReadOnlySpan<int> slices)
    {
        using var scope = NewDisposeScope();
        var grid = Grid(slices.Length, () => Warp.None);
        return ChannelsLast(Sample(images, slices, neighbours, grid, GridSampleMode.Bilinear)).MoveToOuterDisposeScope();
    }

    /// <summary>The slices with random changes, (N, Channels, Height, Width), and their classes, (N, Height, Width).</summary>
    public (Tensor Images, Tensor Classes) Augmented(ReadOnlySpan<int> slices)
    {
        using var scope = NewDisposeScope();
        var count = slices.Length;
        var grid = Grid(count, RandomWarp) + Bend(count);
        var bent = Sample(images, slices, neighbours, grid, GridSampleMode.Bilinear);
        var classes = Sample(labels, slices, [0], grid, GridSampleMode.Nearest).squeeze(1).to(ScalarType.Int64);

        var contrast = 1 + MostContrast * Symmetric(count, 1, 1, 1);
        var lit = bent * contrast + MostBrightness * Symmetric(count, 1, 1, 1) + Noise * randn_like(bent);
        return (ChannelsLast(lit).MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        images.Dispose();
        labels.Dispose();
    }

    private Warp RandomWarp() => new(
        MostRotation * Symmetric(), 1 + MostScaling * Symmetric(), 1 + MostScaling * Symmetric(), mirrors && random.Next(2) == 1, MostShift * Symmetric(), MostShift * Symmetric());

    private Tensor Grid(int count, Func<Warp> warp)
    {
        var matrices = Enumerable.Range(0, count).SelectMany(_ => view.FromSlice(warp())).ToArray();
        using var theta = tensor(matrices, [count, 2, 3], device: images.device);
        return functional.affine_grid(theta, [count, 1, view.Height, view.Width], align_corners: true);
    }

    // Random displacements on a coarse grid, interpolated smoothly: brains differ in more than size and angle.
    private Tensor Bend(int count)
    {
        var coarse = randn([count, 2, 6, 5], device: images.device);
        var smooth = functional.interpolate(coarse, size: [view.Height, view.Width], mode: InterpolationMode.Bicubic, align_corners: true);
        var (x, y) = view.Millimetre;
        using var millimetres = tensor([(float)(Bending * x), (float)(Bending * y)], device: images.device);
        return smooth.permute(0, 2, 3, 1) * millimetres;
    }

    // The first and the last slice stand in for neighbours that the volume does not have.
    private static Tensor Sample(Tensor volume, ReadOnlySpan<int> slices, int[] offsets, Tensor grid, GridSampleMode mode)
    {
        var chosen = new List<long>();
        foreach (var slice in slices)
            foreach (var offset in offsets) chosen.Add(Math.Clamp(slice + offset, 0, volume.shape[0] - 1));

        using var indices = tensor(chosen.ToArray(), device: volume.device);
        using var values = volume.index_select(0, indices).reshape(slices.Length, offsets.Length, volume.shape[2], volume.shape[3]).to(ScalarType.Float32);
        return functional.grid_sample(values, grid, mode, GridSamplePaddingMode.Zeros, align_corners: true);
    }

    // The same numbers with the channels of a pixel side by side: the layout in which convolutions are fastest on CPUs.
    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private double Symmetric() => 2 * random.NextDouble() - 1;

    private Tensor Symmetric(params long[] shape) => 2 * rand(shape, device: images.device) - 1;
}
