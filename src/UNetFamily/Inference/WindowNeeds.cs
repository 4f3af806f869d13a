namespace UNetFamily;

/// <summary>What a network takes, whatever it is computed with, so that windows and images are chosen and refused alike.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Dims">Its rank.</param>
/// <param name="InChannels">Channels of its input.</param>
/// <param name="Sizes">The sizes that it takes.</param>
/// <param name="Output">The sides of its logits for windows of some sides.</param>
internal sealed record WindowNeeds(string Name, SpatialDims Dims, long InChannels, InputSizes Sizes, Func<long[], long[]> Output)
{
    public static WindowNeeds Of(SegmentationModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model.GetName(), model.Options.SpatialDims, model.Options.InChannels, model.InputSizes, roi =>
        {
            ModelInspection.RequireSize(model, roi);
            var graph = ModelInspection.RecordedAt(model, roi);
            return graph.ShapeOf(graph.Outputs[0])[2..];
        });
    }

    public static WindowNeeds Of(IWindowNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new(network.Name, network.SpatialDims, network.InChannels, network.InputSizes, roi => network.OutputSize(roi));
    }

    /// <summary>Throws when an image doesn't fit.</summary>
    /// <param name="image">(C, …spatial).</param>
    public void Require(ValueList<long> image)
    {
        if (image.Count != (int)Dims + 1)
            throw new ArgumentException($"{Name} has {(int)Dims} spatial axes; image has {image.Count - 1}: (C, …spatial) = ({string.Join(", ", image)}).", nameof(image));
        if (image[0] != InChannels)
            throw new ArgumentException($"{Name} was built with InChannels = {InChannels}; image has {image[0]}: (C, …spatial) = ({string.Join(", ", image)}).", nameof(image));
    }

    /// <summary>
    /// The sides of windows: those that were asked for, if the network takes them; on axes that are to be whole, the smallest that the network takes and that gives logits for all of them, or its largest.
    /// </summary>
    /// <param name="asked">A side for each axis, 0 for the whole axis.</param>
    /// <param name="image">The sides of the image.</param>
    public long[] Roi(long[] asked, long[] image)
    {
        var roi = WithWhole(image);
        if (Sizes.Problem(roi) is null && asked.Contains(0))
        {
            var lost = roi.Zip(OutputOf(roi), (into, outOf) => into - outOf).ToArray();
            if (lost.Any(places => places > 0)) roi = WithWhole([.. image.Zip(lost, (side, places) => side + places)]);
        }
        return Sizes.Problem(roi) is not { } problem ? roi
            : throw new ArgumentException($"RoiSize ({string.Join(", ", roi)}) doesn't fit {Name}: {problem}");

        long[] WithWhole(long[] whole)
        {
            var covers = Sizes.CoverOrLargest([.. asked.Zip(whole, (side, all) => side > 0 ? side : all)]);
            return [.. asked.Zip(covers, (side, cover) => side > 0 ? side : cover)];
        }
    }

    /// <summary>The sides of the logits for windows of these sides: smaller where the network doesn't pad its convolutions.</summary>
    public long[] OutputOf(long[] roi)
    {
        var output = Output(roi);
        if (output.Zip(roi, (outOf, into) => outOf <= into && (into - outOf) % 2 == 0).All(centred => centred)) return output;
        throw new ArgumentException($"{Name} gives logits of ({string.Join(", ", output)}) for windows of ({string.Join(", ", roi)}); they must cover the window, or its centre with equal margins.", nameof(roi));
    }
}
