namespace UNetFamily.Tests.Training.Data;

/// <summary>Small cases and single patches for the tests of training data.</summary>
internal static class Patches
{
    /// <summary>A case of smooth numbers with noise, and labels in blobs: classes 0 to 3.</summary>
    public static TrainingCase Case(string name, int channels, params long[] size)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7 + (ulong)name.Length);
        var image = randn([channels, .. size], generator: generator) + 2;
        var labels = randint(0, 40, size, ScalarType.Int64, generator: generator).clamp_max(3).sub(3).neg();
        return new(name, image, labels, classes: 4);
    }

    /// <summary>A patch of random numbers, with labels that tell places apart.</summary>
    public static TrainingPatch Random(SpatialDims dims, int channels, Extent size, int seed = 1)
    {
        var patch = Empty(dims, channels, size);
        var random = new PatchRandom(seed, 0, 0);
        for (var channel = 0; channel < channels; channel++) random.Normal(patch.Channel(channel));
        foreach (ref var label in patch.Labels) label = (byte)random.Next(5);
        return patch;
    }

    public static TrainingPatch Empty(SpatialDims dims, int channels, Extent size) => new(new BatchBuffer(new() { PatchSize = size, BatchSize = 1 }, dims, channels), 0);

    /// <summary>The image, (C, …spatial).</summary>
    public static Tensor Image(this TrainingPatch patch) =>
        tensor(Enumerable.Range(0, patch.Channels).SelectMany(channel => patch.Channel(channel).ToArray()).ToArray(), [patch.Channels, .. patch.Size()]);

    /// <summary>The labels, (…spatial).</summary>
    public static Tensor LabelMap(this TrainingPatch patch) => tensor(patch.Labels.ToArray(), patch.Size());

    /// <summary>A channel as it is now, in double precision.</summary>
    public static double[] Numbers(this TrainingPatch patch, int channel = 0) => [.. patch.Channel(channel).ToArray().Select(value => (double)value)];

    public static long[] Size(this TrainingPatch patch) => patch.SpatialDims is SpatialDims.Three ? [patch.Depth, patch.Height, patch.Width] : [patch.Height, patch.Width];

    /// <summary>Every augmentation, always.</summary>
    public static Augmentation Always(Augmentation recipe) => recipe with
    {
        Affine = recipe.Affine! with { RotationProbability = 1, ScaleProbability = 1 },
        Steps = [.. recipe.Steps.Select(step => step is ChannelAugmentation channels ? channels with { Probability = 1, ChannelProbability = 1 } : step with { Probability = 1 })],
    };

    /// <summary>The batches from a step on, of which the caller disposes each.</summary>
    public static TrainingBatch[] Batches(this IBatchSource source, int count, long from = 0) => [.. source.From(from).Take(count)];
}
