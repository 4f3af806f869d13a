namespace UNetFamily.NnUNet;

/// <summary>What a rule comes to for two grids: a map for each axis, and the axis whose slices are taken for themselves first.</summary>
internal sealed record ResamplingPlan(AxisMap Z, AxisMap Y, AxisMap X, bool IsSeparate, AxisOrder Order, VolumeSize From, VolumeSize To)
{
    public GridResampler Resampler { get; } = new(Z, Y, X, IsSeparate);

    public static void Require(VolumeSize to, ResamplingRule rule)
    {
        string[] problems = [.. rule.Problems()];
        if (problems.Length > 0) throw new ArgumentException(string.Join(" ", problems), nameof(rule));
        if (to.Z < 1 || to.Y < 1 || to.X < 1) throw new ArgumentException($"A volume needs a voxel or more along each axis; the size is {to}.", nameof(to));
    }

    public static ResamplingPlan Of(ResamplingRule rule, VolumeSize from, VolumeSize to, VolumeSpacing current, VolumeSpacing target)
    {
        var torch = rule.Method == ResamplingMethod.Torch;
        var (separate, order, orderZ) = (rule.SeparateAxis(current, target), torch ? 1 : rule.Order, torch ? 0 : rule.OrderZ);
        var axes = separate switch { 1 => new AxisOrder(1, 0, 2), 2 => new AxisOrder(2, 0, 1), _ => AxisOrder.Identity };
        var (here, there) = (axes.Forward(from), axes.Forward(to));
        return new(new AxisMap(here.Z, there.Z, separate is null ? order : orderZ, torch), new AxisMap(here.Y, there.Y, order, torch), new AxisMap(here.X, there.X, order, torch), separate is not null, axes, here, there);
    }
}
