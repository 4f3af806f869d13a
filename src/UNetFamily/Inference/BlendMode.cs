namespace UNetFamily;

/// <summary>How much each place of a window counts where windows overlap; MONAI's <c>BlendMode</c>.</summary>
public enum BlendMode
{
    /// <summary>Every place alike.</summary>
    Constant,

    /// <summary>A Gaussian around the window's centre: a network sees less around places near the edge, and is less often right there.</summary>
    Gaussian,
}
