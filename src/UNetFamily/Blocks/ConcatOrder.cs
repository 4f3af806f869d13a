namespace UNetFamily;

/// <summary>Which comes first where a decoder concatenates its skip with the map from below. Both learn the same; published weights tell them apart.</summary>
public enum ConcatOrder
{
    /// <summary>[skip, up].</summary>
    SkipFirst,

    /// <summary>[up, skip].</summary>
    UpFirst,
}
