namespace UNetFamily;

/// <summary>How much the maps of deep supervision count, finest first.</summary>
public abstract record SupervisionWeights
{
    private protected SupervisionWeights()
    {
    }

    /// <summary>1, 1/2, 1/4, … with the coarsest at 0, divided by their sum: nnU-Net. A single map has 1.</summary>
    public static SupervisionWeights NnUNet { get; } = new Halving(DropLast: true);

    /// <summary>1, 1/2, 1/4, … divided by their sum: for three maps UNETR++'s 4/7, 2/7, 1/7.</summary>
    public static SupervisionWeights Halves { get; } = new Halving(DropLast: false);

    /// <summary>1 for every map: MONAI's <c>same</c>, the default there.</summary>
    public static SupervisionWeights Same { get; } = new Formula("Same", _ => 1);

    /// <summary>1, 1/2, 1/4, … and never below 1/16, not divided by their sum: MONAI's <c>exp</c>.</summary>
    public static SupervisionWeights Exp { get; } = new Formula("Exp", level => Math.Max(Math.Pow(0.5, level), 0.0625));

    /// <summary>1 for the finest and 1/2 for every other: MONAI's <c>two</c>.</summary>
    public static SupervisionWeights Two { get; } = new Formula("Two", level => level == 0 ? 1 : 0.5);

    /// <summary>Weights of your own.</summary>
    /// <param name="weights">One for each map, finest first, 0 or more.</param>
    /// <exception cref="ArgumentException">There is none, or one is negative or not finite.</exception>
    public static SupervisionWeights Of(params double[] weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Length == 0 || weights.Any(weight => !(weight >= 0 && double.IsFinite(weight))))
            throw new ArgumentException($"Weights must be one or more numbers, 0 or more; they are [{Choice.Text(weights)}].", nameof(weights));
        return new Given([.. weights]);
    }

    /// <summary>The weight of each map, finest first.</summary>
    /// <param name="maps">How many maps there are, 1 or more.</param>
    /// <exception cref="ArgumentException">The weights were given, and are not as many.</exception>
    public abstract IReadOnlyList<double> For(int maps);

    private sealed record Halving(bool DropLast) : SupervisionWeights
    {
        public override IReadOnlyList<double> For(int maps)
        {
            var kept = DropLast && maps > 1 ? maps - 1 : maps;
            var raw = Enumerable.Range(0, maps).Select(level => level < kept ? Math.Pow(0.5, level) : 0).ToArray();
            return [.. raw.Select(weight => weight / raw.Sum())];
        }

        public override string ToString() => DropLast ? "NnUNet" : "Halves";
    }

    private sealed record Formula(string Name, Func<int, double> Weight) : SupervisionWeights
    {
        public override IReadOnlyList<double> For(int maps) => [.. Enumerable.Range(0, maps).Select(Weight)];

        public override string ToString() => Name;
    }

    private sealed record Given(ValueList<double> Weights) : SupervisionWeights
    {
        public override IReadOnlyList<double> For(int maps) => Weights.Count == maps
            ? Weights
            : throw new ArgumentException($"There are {Weights.Count} weights of deep supervision, and {maps} maps; there must be one for each.", nameof(maps));

        public override string ToString() => Weights.ToString();
    }
}
