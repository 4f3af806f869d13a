namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>A three-dimensional image: <see cref="Values"/> holds x fastest, then y, then z.</summary>
/// <param name="Size">Voxels along each axis.</param>
/// <param name="Values">One number for each voxel.</param>
/// <param name="Geometry">Where the voxels lie in the scanner or in an atlas.</param>
internal sealed record Volume(GridSize Size, float[] Values, NiftiGeometry Geometry);

/// <summary>Voxels along each axis of a volume.</summary>
internal readonly record struct GridSize(int X, int Y, int Z)
{
    /// <summary>Voxels of one slice, that is of one z.</summary>
    public int Slice => X * Y;

    public int Voxels => X * Y * Z;

    public override string ToString() => $"{X} x {Y} x {Z}";
}
