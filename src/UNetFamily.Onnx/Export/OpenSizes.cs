namespace UNetFamily;

/// <summary>The sizes for which a network does the same operations, so that one file serves them all.</summary>
internal static class OpenSizes
{
    private const long LongestStep = 1 << 10;

    /// <param name="model">The network.</param>
    /// <param name="graph">What it computes at a size.</param>
    /// <param name="size">That size.</param>
    public static InputSizes Of(SegmentationModel model, FlowGraph graph, long[] size)
    {
        var (dims, sizes) = (model.Options.SpatialDims, model.InputSizes);
        if (graph.UsesSizes || sizes.Largest is not null || graph.Nodes.Any(node => DependsOnSize(node.Operation))) return Only();

        // What pads a map to its skip takes any size, and does nothing only at some: those in steps of what all levels divide.
        for (var factor = 1L; sizes.Step.Max() * factor <= LongestStep; factor *= 2)
        {
            long[] step = [.. sizes.Step.Select(one => one * factor)];
            if (!Same(1) || !Same(3)) continue;
            long[] least = [.. size.Select((side, axis) => side - ((side - sizes.Minimum[axis]) / step[axis] * step[axis]))];
            return InputSizes.Of(dims, least, step, maximum: [], factor == 1 ? sizes.LeastCells : 1);

            bool Same(int steps)
            {
                long[] larger = [.. size.Select((side, axis) => side + (steps * step[axis]))];
                return sizes.Contains(larger) && Recorded(model, [graph.Inputs[0][0], model.Options.InChannels, .. larger]) is { } other && IsSame(graph, other);
            }
        }
        return Only();

        InputSizes Only() => InputSizes.Only(dims, Extent.Of(size));
    }

    /// <summary>What it computes for a batch; null where a layer doesn't take it, whatever the network's own sizes say.</summary>
    private static FlowGraph? Recorded(SegmentationModel model, long[] shape)
    {
        try
        {
            return model.Record(shape);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // Parts that grow with the map are windows of one size in ONNX.
    private static bool DependsOnSize(Operation operation) => operation is AdaptivePool pool && pool.Sides.Any(side => side != 1);

    private static bool IsSame(FlowGraph a, FlowGraph b) => !b.UsesSizes && a.Nodes.Count == b.Nodes.Count
        && a.Nodes.Zip(b.Nodes).All(pair => pair.First.Operation.GetType() == pair.Second.Operation.GetType() && pair.First.Operands.AsSpan().SequenceEqual(pair.Second.Operands));
}
