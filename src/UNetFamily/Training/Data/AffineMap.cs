namespace UNetFamily;

/// <summary>Where in the case a voxel of the patch lies: its distance from a fixed point, turned and scaled. Axes are (D, H, W).</summary>
/// <param name="Down">What a step along D moves.</param>
/// <param name="Along">What a step along H moves.</param>
/// <param name="Across">What a step along W moves.</param>
/// <param name="Flat">Whether slices stay slices.</param>
internal readonly record struct AffineMap(AffineMap.Vector Down, AffineMap.Vector Along, AffineMap.Vector Across, bool Flat)
{
    /// <summary>Three numbers, for D, H and W.</summary>
    public readonly record struct Vector(double D, double H, double W)
    {
        public static Vector operator +(Vector a, Vector b) => new(a.D + b.D, a.H + b.H, a.W + b.W);

        public static Vector operator -(Vector a, Vector b) => new(a.D - b.D, a.H - b.H, a.W - b.W);

        public static Vector operator *(double factor, Vector a) => new(factor * a.D, factor * a.H, factor * a.W);
    }

    /// <summary>First scaled, then turned about D, then H, then W. Where slices stay slices, D is neither turned nor scaled.</summary>
    public static AffineMap Of((double AboutD, double AboutH, double AboutW) angles, double scale, bool flat)
    {
        return new(flat ? new(1, 0, 0) : Turned(new(scale, 0, 0)), Turned(new(0, scale, 0)), Turned(new(0, 0, scale)), flat);

        Vector Turned(Vector v)
        {
            var (sine, cosine) = Math.SinCos(angles.AboutD);
            v = new(v.D, cosine * v.H - sine * v.W, sine * v.H + cosine * v.W);
            (sine, cosine) = Math.SinCos(angles.AboutH);
            v = new(cosine * v.D + sine * v.W, v.H, cosine * v.W - sine * v.D);
            (sine, cosine) = Math.SinCos(angles.AboutW);
            return new(cosine * v.D - sine * v.H, sine * v.D + cosine * v.H, v.W);
        }
    }

    /// <summary>The place in the case of the patch's first voxel.</summary>
    /// <param name="fixedInPatch">The fixed point, counted from the patch's first voxel.</param>
    /// <param name="fixedInCase">The same point, counted from the case's first voxel.</param>
    public Vector Origin(Vector fixedInPatch, Vector fixedInCase) => fixedInCase - (fixedInPatch.D * Down + fixedInPatch.H * Along + fixedInPatch.W * Across);
}
