namespace UNetFamily;

/// <summary>A random change of a patch. Derive from it for changes of your own: records without state, that take their random numbers from where they are told to.</summary>
public abstract record PatchAugmentation
{
    /// <summary>How often a patch is changed, 0 for never to 1 for always.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Changes the patch. Called on several threads at once, each with a patch of its own.</summary>
    /// <param name="patch">Image and labels, to be changed in place.</param>
    /// <param name="random">The only source of random numbers, so that every batch can be made again.</param>
    protected internal abstract void Apply(TrainingPatch patch, PatchRandom random);

    /// <summary>Everything that is wrong with the values, a sentence each.</summary>
    /// <param name="dims">Images or volumes.</param>
    protected internal virtual IEnumerable<string> Problems(SpatialDims dims) => Between("Probability", Probability, 0, 1);

    /// <summary>A sentence when a number is outside its limits.</summary>
    private protected static IEnumerable<string> Between(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most)) yield return $"{name} must be {least} to {most}, is {value}.";
    }

    /// <summary>A sentence when a range is empty or reaches below its limit.</summary>
    private protected static IEnumerable<string> Range(string name, (double Low, double High) range, double least, bool orLeast = false)
    {
        var above = orLeast ? range.Low >= least : range.Low > least;
        if (!(above && range.Low <= range.High && double.IsFinite(range.High)))
            yield return $"{name} must be a range from {(orLeast ? $"{least} or more" : $"above {least}")}, is {range}.";
    }
}
