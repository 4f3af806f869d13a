namespace UNetFamily;

/// <summary>What a distance between surfaces is where one of both is not there, because a class was missed or is a false alarm. There is no default: leaving such cases out would reward misses.</summary>
public enum MissingSurface
{
    /// <summary>Infinite, and so is each mean that it is part of.</summary>
    Infinity,

    /// <summary>The diagonal of the image, sides times spacing: worse than any distance within it, and finite.</summary>
    ImageDiagonal,
}
