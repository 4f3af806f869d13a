namespace UNetFamily;

/// <summary>Which nodes of the grid X(i,j) a <see cref="NestedDecoder"/> holds, and what they concatenate.</summary>
public enum NestedSkips
{
    /// <summary>
    /// UNet++: every node with i + j up to the depth, each with all maps before it in its row (Zhou et al., 2018, Eq. 1).
    /// </summary>
    Dense,

    /// <summary>
    /// U-Net: one node for each row, on the last antidiagonal, with the encoder's map alone. The baseline that UNet++ is compared with.
    /// </summary>
    Plain,
}
