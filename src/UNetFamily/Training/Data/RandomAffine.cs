namespace UNetFamily;

/// <summary>
/// Rotation and scale. The patch is read from the case at the turned and scaled places, so that it has no empty corners where the case goes on. Images are interpolated linearly; a voxel gets
/// the label with the largest share of its neighbours by the same weights (of equal shares the smallest label), which keeps surfaces smooth and never makes a label that is not there.
/// Angles and scale count in voxels. Ranges and rules as nnU-Net's <c>SpatialTransform</c> (batchgeneratorsv2).
/// </summary>
public sealed record RandomAffine
{
    /// <summary>How often a patch is rotated, 0 to 1.</summary>
    /// <value>0.2.</value>
    public double RotationProbability { get; init; } = 0.2;

    /// <summary>The angles about each axis, in degrees.</summary>
    /// <value>-30 to 30.</value>
    public (double Low, double High) Degrees { get; init; } = (-30, 30);

    /// <summary>How often a patch is scaled, 0 to 1, independently of rotation.</summary>
    /// <value>0.2.</value>
    public double ScaleProbability { get; init; } = 0.2;

    /// <summary>By how much more of the case the patch shows along each axis, above 0: at 2 everything is half as large, at 1/2 twice as large.</summary>
    /// <value>0.7 to 1.4.</value>
    public (double Low, double High) Scale { get; init; } = (0.7, 1.4);

    /// <summary>Whether volumes are only turned about their first axis and scaled along the others, slice by slice. For anisotropic volumes; no difference for images.</summary>
    /// <value>false.</value>
    public bool WithinSlices { get; init; }

    /// <summary>The transformation of a patch, or null for none.</summary>
    internal AffineMap? Draw(SpatialDims dims, PatchRandom random)
    {
        var rotated = random.Chance(RotationProbability);
        var scaled = random.Chance(ScaleProbability);
        if (!rotated && !scaled) return null;

        var flat = dims is SpatialDims.Two || WithinSlices;
        var last = rotated && flat ? Angle() : 0;
        var angles = rotated && !flat ? (Angle(), Angle(), Angle()) : (last, 0, 0);
        return AffineMap.Of(angles, scaled ? random.Uniform(Scale) : 1, flat);

        double Angle() => random.Uniform(Degrees) * Math.PI / 180;
    }

    internal IEnumerable<string> Problems()
    {
        if (!(RotationProbability is >= 0 and <= 1)) yield return $"Affine: RotationProbability must be 0 to 1, is {RotationProbability}.";
        if (!(ScaleProbability is >= 0 and <= 1)) yield return $"Affine: ScaleProbability must be 0 to 1, is {ScaleProbability}.";
        if (!(Degrees.Low <= Degrees.High && double.IsFinite(Degrees.High - Degrees.Low))) yield return $"Affine: Degrees must be a range, is {Degrees}.";
        if (!(Scale.Low > 0 && Scale.Low <= Scale.High && double.IsFinite(Scale.High))) yield return $"Affine: Scale must be a range from above 0, is {Scale}.";
    }
}
