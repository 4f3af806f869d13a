namespace UNetFamily;

/// <summary>The number of spatial axes: images are (N, C, H, W), volumes are (N, C, D, H, W).</summary>
public enum SpatialDims
{
    /// <summary>Images: (N, C, H, W).</summary>
    Two = 2,

    /// <summary>Volumes: (N, C, D, H, W).</summary>
    Three = 3,
}
