namespace UNetFamily;

/// <summary>Where the pixels of a flow's first output come from.</summary>
internal static class FlowFields
{
    /// <summary>Follows the fields through a graph of one input.</summary>
    public static PixelFields? Of(FlowGraph graph)
    {
        var fields = new PixelFields?[graph.Values];
        fields[0] = PixelFields.Image(graph.Inputs[0][2..]);
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            var (operation, operands, shape, _) = graph.Nodes[node];
            fields[graph.ValueOf(node)] = operation.Fields(Array.ConvertAll(operands, operand => fields[operand]), graph.OperandShapes(graph.Nodes[node]), shape);
        }
        return fields[graph.Outputs[0]];
    }
}
