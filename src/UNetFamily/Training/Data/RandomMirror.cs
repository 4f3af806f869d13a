namespace UNetFamily;

/// <summary>Mirrors image and labels along random axes. Values as nnU-Net's <c>MirrorTransform</c>. Leave out the axis that tells left from right when classes do, too.</summary>
public sealed record RandomMirror : PatchAugmentation
{
    /// <summary>The axes that may be mirrored, 0 for the first spatial one: (H, W) or (D, H, W).</summary>
    /// <value>null: all.</value>
    public ValueList<int>? Axes { get; init; }

    /// <summary>How often each of them is, 0 for never to 1 for always.</summary>
    /// <value>1/2.</value>
    public double AxisProbability { get; init; } = 0.5;

    /// <inheritdoc/>
    protected internal override void Apply(TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        int[] sides = [patch.Depth, patch.Height, patch.Width];
        for (var axis = 0; axis < 3; axis++)
        {
            var spatial = axis - 3 + (int)patch.SpatialDims;
            if (spatial < 0 || Axes is not null && !Axes.Contains(spatial) || !random.Chance(AxisProbability)) continue;
            var inner = sides[(axis + 1)..].Aggregate(1, (product, side) => product * side);
            for (var channel = 0; channel < patch.Channels; channel++) Mirror(patch.Channel(channel), sides[axis], inner);
            Mirror(patch.Labels, sides[axis], inner);
        }
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims)
    {
        foreach (var problem in base.Problems(dims).Concat(Between("AxisProbability", AxisProbability, 0, 1))) yield return problem;
        if (Axes is not null && Axes.Any(axis => axis < 0 || axis >= (int)dims)) yield return $"Axes must be 0 to {(int)dims - 1}, are {Axes}.";
    }

    private static void Mirror<T>(Span<T> values, int side, int inner)
        where T : unmanaged
    {
        for (var block = values; block.Length > 0; block = block[(side * inner)..])
        {
            if (inner == 1)
            {
                block[..side].Reverse();
                continue;
            }

            for (var (low, high) = (0, side - 1); low < high; low++, high--) Rows.Swap(block.Slice(low * inner, inner), block.Slice(high * inner, inner));
        }
    }
}
