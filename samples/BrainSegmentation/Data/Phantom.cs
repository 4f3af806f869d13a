namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// A made-up head for machines that can't fetch the real one: a skull, a brain of seven parts, and noise. It shows that everything runs;
/// its figures say nothing about brains.
/// </summary>
internal static class Phantom
{
    private const float Spacing = 2;

    private static readonly VolumeSize Size = new(80, 96, 80);

    /// <summary>Makes the phantom.</summary>
    /// <param name="seed">Decides the noise.</param>
    /// <param name="scheme">The classes of its seven parts; one for each when left out.</param>
    public static Subject Create(int seed, LabelScheme? scheme = null)
    {
        var noise = new Random(seed);
        var (image, labels) = (new float[Size.Voxels], new float[Size.Voxels]);
        for (var (index, z) = (0, 0); z < Size.Z; z++)
            for (var y = 0; y < Size.Y; y++)
                for (var x = 0; x < Size.X; x++, index++)
                {
                    // From -1 to 1 across the head; the folds bend every border.
                    var (u, v, w) = (2f * x / Size.X - 1, 2f * y / Size.Y - 1, 2f * z / Size.Z - 1);
                    var fold = 0.04f * MathF.Sin(23 * u) * MathF.Sin(19 * v + 3 * w) * MathF.Cos(17 * w);
                    var (label, brightness) = Tissue(MathF.Abs(u), v, w, fold);
                    labels[index] = label;
                    image[index] = brightness + 6 * (noise.NextSingle() + noise.NextSingle() - 1);
                }

        var geometry = NiftiGeometry.Plain(Spacing);
        scheme ??= LabelScheme.Aal with { ClassOf = Enumerable.Range(1, 7).ToDictionary(label => label, label => (byte)label) };
        return Subject.Of("a generated phantom, not a brain", new Volume(image, Size, geometry), new Volume(labels, Size, geometry), scheme);
    }

    // u is the distance from the midline, so that left and right are alike.
    private static (int Label, float Brightness) Tissue(float u, float v, float w, float fold)
    {
        var radius = MathF.Sqrt(u * u / 0.72f + v * v / 0.85f + w * w / 0.8f) + fold;
        if (radius > 0.95f) return (0, radius < 1.05f ? 70 : 4);
        if (radius > 0.88f) return (0, 20);

        if (Inside(u, v + 0.55f, w + 0.55f, 0.5f, 0.3f, 0.28f)) return (7, 96);
        if (Inside(u - 0.2f, v - 0.05f, w, 0.14f, 0.28f, 0.2f)) return (6, 104);
        if (Inside(u, v, w, 0.32f, 0.55f, 0.38f)) return (5, 86);
        if (w + 0.2f * v + fold < -0.12f && v > -0.6f) return (3, 76);
        if (v + fold > 0.1f) return (1, 90);
        return v + 0.4f * w + fold < -0.45f ? (4, 82) : (2, 98);

        bool Inside(float dx, float dy, float dz, float rx, float ry, float rz) => dx * dx / (rx * rx) + dy * dy / (ry * ry) + dz * dz / (rz * rz) + 3 * fold < 1;
    }
}
