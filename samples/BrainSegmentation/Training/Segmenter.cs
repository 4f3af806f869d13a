using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>Applies a trained network to slices and gives their classes at the image's own resolution.</summary>
internal sealed class Segmenter(SegmentationModel model, SliceSampler sampler, FieldOfView view, Subject subject)
{
    private const int BatchSize = 8;

    /// <summary>The class of each voxel of the slices, one slice after the other.</summary>
    /// <param name="slices">The slices.</param>
    /// <param name="report">Called with the number of slices that are done.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public byte[] Segment(int[] slices, Action<int>? report = null, CancellationToken cancellation = default)
    {
        model.eval();
        using var _ = no_grad();
        var labels = new byte[slices.Length * subject.Size.Slice];
        for (var done = 0; done < slices.Length; done += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = slices.AsSpan(done, Math.Min(BatchSize, slices.Length - done));
            Segment(batch).CopyTo(labels, done * subject.Size.Slice);
            report?.Invoke(done + batch.Length);
        }
        return labels;
    }

    /// <summary>The class of each voxel of the volume, known in some slices only and background elsewhere.</summary>
    /// <param name="slices">The slices.</param>
    public byte[] SegmentOnly(int[] slices)
    {
        var (volume, labels) = (new byte[subject.Labels.Length], Segment(slices));
        foreach (var (index, z) in slices.Index()) labels.AsSpan(index * subject.Size.Slice, subject.Size.Slice).CopyTo(volume.AsSpan(z * subject.Size.Slice));
        return volume;
    }

    private byte[] Segment(ReadOnlySpan<int> slices)
    {
        using var scope = NewDisposeScope();
        var images = sampler.Plain(slices);
        var probabilities = Probabilities(images);
        if (subject.Scheme.MirrorSymmetric) probabilities = (probabilities + Probabilities(images.flip(3)).flip(3)) / 2;

        var whole = functional.grid_sample(probabilities, BackGrid(slices.Length), GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: true);
        // Outside the field of view nothing was predicted; that is background.
        whole[.., 0] += 1 - whole.sum(1);
        return whole.argmax(1).to(ScalarType.Byte).cpu().data<byte>().ToArray();
    }

    private Tensor Probabilities(Tensor images)
    {
        using var output = model.call(images);
        return output.Logits.softmax(1);
    }

    private Tensor BackGrid(int count)
    {
        using var theta = tensor(view.ToSlice(), [1, 2, 3], device: model.parameters().First().device);
        using var grid = functional.affine_grid(theta, [1, 1, subject.Size.Y, subject.Size.X], align_corners: true);
        return grid.expand(count, -1, -1, -1);
    }
}
