namespace UNetFamily;

/// <summary>The walk down an encoder and up a decoder, which U-shaped networks share.</summary>
internal static class UShape
{
    /// <summary>The maps of all levels, finest first.</summary>
    /// <param name="x">The map of the finest level.</param>
    /// <param name="down">The stages, each of which makes the next level's map.</param>
    public static List<FeatureMap> Levels(FeatureMap x, IEnumerable<Module<Tensor, Tensor>> down)
    {
        List<FeatureMap> levels = [x];
        foreach (var stage in down) levels.Add(levels[^1].Through(stage));
        return levels;
    }

    /// <summary>Goes up from the coarsest level to the finest.</summary>
    /// <param name="levels">The maps of all levels, finest first; all but the last are skips.</param>
    /// <param name="up">The stages, deepest first: (map from below, skip) to the level's map.</param>
    public static FeatureMap Rise(IReadOnlyList<FeatureMap> levels, IEnumerable<Block2> up)
    {
        var (x, level) = (levels[^1], levels.Count - 1);
        foreach (var stage in up) x = x.Through(stage, levels[--level]);
        return x;
    }
}
