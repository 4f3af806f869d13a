namespace UNetFamily;

/// <summary>
/// The contracting half of UNETR++ (Shaker et al., 2024, Fig. 2; class <c>UnetrPPEncoder</c>): a stem that cuts the input into patches, then four stages
/// of transformer blocks with halvings between them. Norms follow the convolutions, activations don't.
/// </summary>
internal sealed class UnetrPlusPlusEncoder : nn.Module
{
    private readonly ModuleList<Sequential> down;
    private readonly ModuleList<Sequential> stages;

    public UnetrPlusPlusEncoder(UnetrPlusPlusOptions options) : base(nameof(UnetrPlusPlusEncoder))
    {
        var dims = options.SpatialDims;
        var levels = Enumerable.Range(0, UnetrPlusPlusOptions.Levels).ToArray();
        down = ModuleList([.. levels.Select(level => level == 0
            ? Down(options.StemInput, options.Width(0), options.PatchSize, groups: options.StemGroups ?? options.StemInput)
            : Down(options.Width(level - 1), options.Width(level), scale: 2, groups: options.Width(level - 1)))]);
        stages = ModuleList([.. levels.Select(level => options.TransformerStage(level, (int)options.Depths[level], options.Heads, options.ProjectedTokens[level]))]);
        RegisterComponents();
        Initialize();

        // The published number of groups is that of the incoming channels.
        Sequential Down(long from, long to, Extent scale, long groups) => Sequential(
            ("conv", dims.Conv(from, to, kernel: scale, stride: scale, padding: 0, bias: false)),
            ("norm", Normalization.Group(groups).Build(dims, to)));
    }

    /// <param name="x">(N, stem channels, …spatial).</param>
    /// <returns>The output of each stage, finest first: (N, 2f, …grid) to (N, 16f, …grid / 8).</returns>
    public IReadOnlyList<FeatureMap> Flow(FeatureMap x)
    {
        var maps = new List<FeatureMap>();
        foreach (var (halve, stage) in down.Zip(stages)) maps.Add(x = x.Through(halve, stage));
        return maps;
    }

    /// <summary>Linear layers start from a truncated normal distribution with a deviation of 0.02 and biases of 0; convolutions keep PyTorch's defaults.</summary>
    private void Initialize()
    {
        const double Deviation = 0.02;
        using var noGradient = no_grad();
        foreach (var linear in modules().OfType<Linear>())
        {
            TruncatedNormal.Fill(linear.weight, Deviation);
            if (linear.bias is { } bias) init.zeros_(bias);
        }
    }
}
