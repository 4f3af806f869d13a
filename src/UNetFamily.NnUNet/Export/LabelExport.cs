namespace UNetFamily.NnUNet;

/// <summary>
/// From logits on the network's grid to labels on the image's: resampled, decided, put into the whole image, and its axes turned back. Logits come in row by row as <see cref="WindowPrediction.Rows"/> hands them
/// out, and are not held, unless the model resamples them by splines or probabilities are asked for.
/// </summary>
public sealed class LabelExport
{
    private readonly ModelFolder folder;
    private readonly PreparedImage prepared;
    private readonly HeadDecision decision;
    private readonly RowResampling? rows;
    private readonly ushort[] labels;
    private readonly float[][]? probabilities;
    private readonly float[][]? held;
    private readonly VolumeSize box;
    private readonly ushort[] decided;

    /// <summary>Begins the export of an image.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="prepared">What its network got.</param>
    /// <param name="withProbabilities">Whether probabilities are kept: four bytes for each head of each voxel of the image.</param>
    public LabelExport(ModelFolder folder, PreparedImage prepared, bool withProbabilities = false)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(prepared);
        (this.folder, this.prepared, box) = (folder, prepared, prepared.Box.Size);
        decision = new HeadDecision(folder.Dataset);
        decided = new ushort[box.Slice];
        var count = prepared.ImageSize.Voxels;
        labels = new ushort[count];
        if (withProbabilities)
        {
            probabilities = [.. Enumerable.Range(0, decision.Heads).Select(_ => new float[count])];
            Array.Fill(probabilities[0], decision.FirstOutside);
        }
        var rule = folder.Configuration.Logits;
        if (RowResampling.Can(rule)) rows = new RowResampling(rule, prepared, Take);
        else held = [.. Enumerable.Range(0, decision.Heads).Select(_ => new float[prepared.Size.Voxels])];
    }

    /// <summary>Takes rows of logits.</summary>
    /// <param name="first">The first row (place of the first axis); rows come in order.</param>
    /// <param name="logits">(heads, rows, …two sides), float16 on the CPU.</param>
    public void Add(long first, Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (rows is not null)
        {
            rows.Add(first, logits);
            return;
        }
        for (var head = 0; head < held!.Length; head++)
        {
            using var scope = NewDisposeScope();
            logits.select(0, head).to(ScalarType.Float32).contiguous().data<float>().CopyTo(held[head], (int)first * prepared.Size.Slice);
        }
    }

    /// <summary>What became of the image, when all rows are there.</summary>
    public SegmentedImage Finish()
    {
        if (held is not null) TakeHeld();
        var (order, size) = (folder.Plans.AxisOrder, prepared.ImageSize);
        return new SegmentedImage(new LabelVolume(order.Backward(labels, size), order.Backward(size)),
            probabilities is null ? null : new ProbabilityVolume([.. probabilities.Select(head => order.Backward(head, size))], order.Backward(size)));
    }

    private void TakeHeld()
    {
        var rule = folder.Configuration.Logits;
        var separate = rule.SeparateAxis(prepared.Spacing, prepared.ImageSpacing);
        var maps = AxisMap.Of(rule, prepared.Size, box, separate);
        for (var head = 0; head < held!.Length; head++) held[head] = VolumeResampling.Numbers(held[head], maps, separate);
        for (var row = 0; row < box.Z; row++) Take(row, [.. held.SelectMany(head => head.AsSpan(row * box.Slice, box.Slice).ToArray().Select(value => (float)(Half)value))]);
    }

    /// <summary>Takes a row of the part of the image that the network saw.</summary>
    private void Take(int row, float[] logits)
    {
        if (probabilities is null) decision.FromLogits(logits, decided);
        else
        {
            decision.ToProbabilities(logits);
            decision.FromProbabilities(logits, decided);
            for (var head = 0; head < probabilities.Length; head++) Put(row, logits.AsSpan(head * decided.Length, decided.Length), probabilities[head]);
        }
        Put<ushort>(row, decided, labels);
    }

    private void Put<T>(int row, ReadOnlySpan<T> values, T[] whole)
    {
        var (part, size) = (prepared.Box, prepared.ImageSize);
        for (var line = 0; line < box.Y; line++)
            values.Slice(line * box.X, box.X).CopyTo(whole.AsSpan(((row + part.Z.Start) * size.Y + line + part.Y.Start) * size.X + part.X.Start));
    }
}
