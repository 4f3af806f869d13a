using System.Runtime.InteropServices;

namespace UNetFamily.NnUNet;

/// <summary>
/// From logits on the network's grid to labels on the image's: resampled, decided, put into the whole image, and its axes turned back. Logits come in row by row as <see cref="WindowPrediction.Rows"/> hands them
/// out, and are not held, unless the model resamples them by splines.
/// </summary>
public sealed class LabelExport
{
    private readonly ModelFolder folder;
    private readonly PreparedImage prepared;
    private readonly LabelScheme scheme;
    private readonly RowResampling? rows;
    private readonly ushort[] labels;
    private readonly float[][]? probabilities;
    private readonly Half[][]? held;
    private readonly VolumeSize box;

    /// <summary>Begins the export of an image.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="prepared">What its network got.</param>
    /// <param name="withProbabilities">Whether probabilities are kept: four bytes for each head of each voxel of the image.</param>
    public LabelExport(ModelFolder folder, PreparedImage prepared, bool withProbabilities = false)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(prepared);
        (this.folder, this.prepared, box, scheme) = (folder, prepared, prepared.Box.Size, folder.Dataset.Scheme);
        labels = new ushort[prepared.ImageSize.Voxels];
        if (withProbabilities)
        {
            probabilities = [.. Enumerable.Range(0, scheme.Heads).Select(_ => new float[labels.Length])];
            // What was cut off is background; no region has it.
            if (!scheme.HasRegions) Array.Fill(probabilities[0], 1);
        }
        var rule = folder.Configuration.Logits;
        if (RowResampling.Can(rule)) rows = new RowResampling(rule, prepared, scheme.Heads, Take);
        else held = [.. Enumerable.Range(0, scheme.Heads).Select(_ => new Half[prepared.Size.Voxels])];
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
            MemoryMarshal.Cast<byte, Half>(logits.select(0, head).contiguous().bytes).CopyTo(held[head].AsSpan((int)first * prepared.Size.Slice));
        }
    }

    /// <summary>What became of the image, when all rows are there.</summary>
    public SegmentedImage Finish()
    {
        if (held is not null) TakeHeld(held);
        var (order, size) = (folder.Plans.AxisOrder, prepared.ImageSize);
        return new SegmentedImage(new LabelVolume(order.Backward(labels, size), order.Backward(size)),
            probabilities is null ? null : new ProbabilityVolume([.. probabilities.Select(head => order.Backward(head, size))], order.Backward(size)));
    }

    private void TakeHeld(Half[][] heads)
    {
        for (var head = 0; head < heads.Length; head++)
        {
            // One head after the other would need the best so far of the whole image; rows of all heads are decided as they are elsewhere.
            heads[head] = Array.ConvertAll(LogitResampling.Resample(heads[head], prepared.Size, box, prepared.Spacing, prepared.ImageSpacing, folder.Configuration.Logits), value => (Half)value);
        }
        for (var row = 0; row < box.Z; row++)
            Take(row, [.. heads.Select(head => Array.ConvertAll(head.AsSpan(row * box.Slice, box.Slice).ToArray(), value => (float)value))]);
    }

    /// <summary>Takes a row of the part of the image that the network saw.</summary>
    private void Take(int row, float[][] logits)
    {
        if (probabilities is null)
        {
            Put<ushort>(row, scheme.FromLogits(logits), labels);
            return;
        }
        scheme.ToProbabilities(logits);
        Put<ushort>(row, scheme.FromProbabilities(logits), labels);
        for (var head = 0; head < probabilities.Length; head++) Put<float>(row, logits[head], probabilities[head]);
    }

    private void Put<T>(int row, ReadOnlySpan<T> values, T[] whole)
    {
        var (part, size) = (prepared.Box, prepared.ImageSize);
        for (var line = 0; line < box.Y; line++)
            values.Slice(line * box.X, box.X).CopyTo(whole.AsSpan(((row + part.Z.Start) * size.Y + line + part.Y.Start) * size.X + part.X.Start));
    }
}
