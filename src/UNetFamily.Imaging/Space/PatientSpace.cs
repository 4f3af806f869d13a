namespace UNetFamily.Imaging;

/// <summary>Between the space of the affine maps here (right, front, up) and that of ITK's formats, whose first two axes run to the left and to the back.</summary>
internal static class PatientSpace
{
    /// <summary>The map with the first two axes of space turned round; the same both ways.</summary>
    public static double[] FromBody(double[] affine) => [.. affine.Select((value, i) => i < 8 ? -value : value)];

    /// <summary>The geometry of a map of a file.</summary>
    /// <param name="affine">Three rows of four numbers.</param>
    /// <param name="rank">How many axes the file has.</param>
    /// <param name="space">The name of its space as in NRRD; without one that of ITK.</param>
    /// <exception cref="InvalidDataException">The map is none.</exception>
    public static AffineGeometry Geometry(double[] affine, int rank, string space)
    {
        bool right = space is "right-anterior-superior" or "RAS", front = right || space is "left-anterior-superior" or "LAS";
        double[] body = [.. affine.Select((value, i) => i < 4 && !right || i is >= 4 and < 8 && !front ? -value : value)];
        var spacing = new VolumeSpacing(Length(2), Length(1), Length(0));
        try
        {
            return new AffineGeometry(body, spacing) { Rank = rank };
        }
        catch (ArgumentException problem)
        {
            throw new InvalidDataException(problem.Message, problem);
        }

        // Of an axis that runs along one of space the number itself, without rounding.
        double Length(int axis)
        {
            double[] column = [affine[axis], affine[4 + axis], affine[8 + axis]];
            return column.Count(value => value != 0) == 1 ? Math.Abs(column.Sum()) : Math.Sqrt(column.Sum(value => value * value));
        }
    }
}
