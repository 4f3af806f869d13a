namespace UNetFamily;

/// <summary>Where a patch lies in its case, and the point of it that rotation and scale leave in place.</summary>
/// <param name="D">The first slice, negative where the window reaches over the border.</param>
/// <param name="H">The first row.</param>
/// <param name="W">The first column.</param>
/// <param name="Fixed">The fixed point, counted from the patch's first voxel.</param>
internal readonly record struct PatchWindow(int D, int H, int W, AffineMap.Vector Fixed)
{
    /// <summary>Anywhere within the case; centred where the case is smaller than the patch. The centre is the fixed point.</summary>
    public static PatchWindow Anywhere(TrainingCase from, TrainingPatch patch, PatchRandom random)
    {
        return new(Start(from.Depth, patch.Depth), Start(from.Height, patch.Height), Start(from.Width, patch.Width), new((patch.Depth - 1) / 2.0, (patch.Height - 1) / 2.0, (patch.Width - 1) / 2.0));

        int Start(int side, int length)
        {
            var slack = side - length;
            return slack >= 0 ? random.Next(slack + 1) : Least(side, length) + random.Next(1 - slack % 2);
        }
    }

    /// <summary>With a voxel in its centre, or before the centre where the window would reach over the near border. The voxel is the fixed point.</summary>
    public static PatchWindow Around(TrainingCase from, TrainingPatch patch, int voxel)
    {
        var (d, h, w) = (voxel / (from.Height * from.Width), voxel / from.Width % from.Height, voxel % from.Width);
        var (z, y, x) = (Start(d, from.Depth, patch.Depth), Start(h, from.Height, patch.Height), Start(w, from.Width, patch.Width));
        return new(z, y, x, new(d - z, h - y, w - x));

        static int Start(int place, int side, int length) => Math.Max(Least(side, length), place - length / 2);
    }

    /// <summary>The place in the case of the patch's first voxel, turned and scaled.</summary>
    public AffineMap.Vector Origin(AffineMap map) => map.Origin(Fixed, new AffineMap.Vector(D, H, W) + Fixed);

    // A patch that is larger than the case has about as much padding before it as after it.
    private static int Least(int side, int length) => side >= length ? 0 : (side - length - 1) / 2;
}
