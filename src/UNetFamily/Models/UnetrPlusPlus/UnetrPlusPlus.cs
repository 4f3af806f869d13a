namespace UNetFamily;

/// <summary>
/// UNETR++ for volumes and images. Shaker, Maaz, Rasheed, Khan, Yang, Khan: UNETR++: Delving into Efficient and Accurate 3D Medical Image Segmentation,
/// IEEE TMI 2024, arXiv 2212.04497; Fig. 2.
/// </summary>
/// <remarks>
/// It takes images of one size only, that of its options: positions and token projections are tied to it. <see cref="ForImageSize"/> carries trained weights to
/// another size. Fresh linear layers of the encoder are truncated normal with a deviation of 0.02; the decoder keeps PyTorch's defaults, as the published code
/// never calls the initialization that it holds for it.
/// </remarks>
public sealed class UnetrPlusPlus : SegmentationModel
{
    private readonly UnetrPlusPlusEncoder encoder;
    private readonly BasicBlockD detail;
    private readonly ModuleList<UnetrPlusPlusUpStage> up;
    private readonly UnetrPlusPlusUpStage last;
    private readonly Convolution head;
    private readonly ModuleList<Convolution> auxiliary;

    private readonly UnetrPlusPlusOptions options;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public UnetrPlusPlus(UnetrPlusPlusOptions options) : base(options)
    {
        this.options = options;
        var (dims, full) = (options.SpatialDims, options.FeatureSize);

        encoder = new UnetrPlusPlusEncoder(options);
        detail = options.Residual(options.InChannels, full);
        up = ModuleList([.. Enumerable.Range(0, UnetrPlusPlusOptions.Levels - 1).Reverse().Select(Up)]);
        last = new UnetrPlusPlusUpStage(dims, options.Width(0), full, options.PatchSize, options.Residual(full, full));
        head = dims.Conv(full, options.OutChannels, kernel: 1);
        auxiliary = ModuleList([.. Enumerable.Range(0, options.DeepSupervision ? 2 : 0).Select(level => dims.Conv(options.Width(level), options.OutChannels, kernel: 1))]);
        RegisterComponents();
        InputSizes = InputSizes.Only(dims, options.ImageSize);

        UnetrPlusPlusUpStage Up(int level) => new(dims, options.Width(level + 1), options.Width(level), scale: 2,
            options.TransformerStage(level, options.DecoderDepth, options.DecoderHeads ?? options.Heads, options.DecoderProjectedTokens));
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <summary>
    /// The same network for images of another size, with these weights. Positions are resampled linearly; the projections E and F are changed so that they give
    /// what they gave for tokens resampled to the old grid. Everything else is copied, and for the same size everything is, bit for bit.
    /// </summary>
    /// <remarks>
    /// With <see cref="UnetrPlusPlusOptions.ScrambledTokens"/> the spatial branch mixes tokens in an order that depends on their number: such a network needs
    /// some training at its new size.
    /// </remarks>
    /// <param name="imageSize">The new size, (D, H, W) or (H, W).</param>
    /// <returns>A new network on the device and in the type of this one, which the caller disposes, and what was done.</returns>
    /// <exception cref="ArgumentException">The size is not a multiple of what the network needs; the message names the nearest that are.</exception>
    public (UnetrPlusPlus Model, ImageSizeReport Report) ForImageSize(Extent imageSize)
    {
        var resized = new UnetrPlusPlus(options with { ImageSize = imageSize });
        resized.to(head.weight.dtype).to(head.weight.device).train(training);

        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (source, changed) = (state_dict(), new List<ResampledWeight>());
        var grids = TransformerBlocks().Zip(resized.TransformerBlocks(), (old, fresh) => (old.Path, From: old.Block.Grid, To: fresh.Block.Grid)).ToDictionary(block => block.Path);
        foreach (var (name, tensor) in resized.state_dict())
        {
            if (SizeBound(name) is { } path && !grids[path].From.AsSpan().SequenceEqual(grids[path].To))
            {
                var (_, from, to) = grids[path];
                tensor.copy_(GridResampling.Fit(name[(path.Length + 1)..], source[name], options.Projection, from, to));
                changed.Add(new ResampledWeight(name, [.. from], [.. to]));
            }
            else tensor.copy_(source[name]);
        }
        return (resized, new ImageSizeReport(options.ImageSize, imageSize, [.. source.Keys.Except(changed.Select(weight => weight.Name))], [.. changed]));
    }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var skips = new Stack<FeatureMap>(encoder.Flow(x.Narrow(0, options.StemInput)));
        var auxiliaryMaps = new Stack<FeatureMap>();
        var y = skips.Pop();
        for (var level = up.Count - 1; level >= 0; level--)
        {
            y = y.Through(up[up.Count - 1 - level], skips.Pop());
            if (level < auxiliary.Count) auxiliaryMaps.Push(y.Through(auxiliary[level]));
        }
        return new SegmentationMaps(y.Through(last, x.Through(detail)).Through(head), [.. auxiliaryMaps]);
    }

    private IEnumerable<(string Path, TransformerBlock Block)> TransformerBlocks() =>
        named_modules().Where(entry => entry.module is TransformerBlock).Select(entry => (entry.name, (TransformerBlock)entry.module));

    /// <summary>The path of the transformer block whose grid an entry is tied to, or null.</summary>
    private static string? SizeBound(string name) =>
        GridResampling.SizeBound.Where(end => name.EndsWith($".{end}", StringComparison.Ordinal)).Select(end => name[..^(end.Length + 1)]).FirstOrDefault();
}
