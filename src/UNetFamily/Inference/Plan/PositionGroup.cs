namespace UNetFamily;

/// <summary>Operations that take each position by itself, as one: an inverted bottleneck, the gate of a skip connection and the convolution behind it. Only plans have it, for <see cref="RunByPosition"/>.</summary>
/// <param name="inner">The operations, of maps of the same sides; the last makes the result.</param>
internal sealed class PositionGroup(FlowGraph inner) : KernelOperation(inner.Nodes[^1].Operation)
{
    /// <summary>The operations.</summary>
    public FlowGraph Inner => inner;

    public override string Name => string.Join(" + ", inner.Nodes.Where(node => node.Operation is not Narrow).Select(node => node.Operation.Name));

    /// <summary>The group with other operations of the same results.</summary>
    public PositionGroup With(Func<Operation, Operation> other)
    {
        var graph = new FlowGraph(inner.Inputs) { Outputs = inner.Outputs };
        foreach (var node in inner.Nodes) graph.Add(node with { Operation = other(node.Operation) });
        return new PositionGroup(graph);
    }

    /// <summary>What it does, in letters: groups of the same description take the same time.</summary>
    public string Description => string.Join(' ', inner.Nodes.Select(node => $"{node.Operation.Name}{(node.Operation as Narrow)?.Start}({string.Join(',', node.Operands)}){node.Shape[1]}"));

    /// <summary>Whether an operation can be in a group, and is fast in it.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="operands">The shapes of its operands.</param>
    public static bool Takes(Operation operation, long[][] operands)
    {
        if (operands.Length == 0 || operands.Any(shape => !PositionProgram.Takes(shape[1]) || !shape.AsSpan(2).SequenceEqual(operands[0].AsSpan(2)) || shape[0] != operands[0][0])) return false;
        return operation switch
        {
            Convolve { IsPointwise: true } convolve => PositionProgram.Takes(convolve.Convolution.out_channels),
            Narrow narrow => PositionProgram.Takes(narrow.Start) && PositionProgram.Takes(narrow.Shape(operands)[1]),
            Sum or Product or AddCmul => operands.All(shape => shape[1] == operands[0][1]),
            Concatenation or NormalizeMap { IsConstant: true } => true,
            _ => PositionCompiler.FunctionOf(operation) is not null,
        };
    }

    /// <summary>Runs them one after the other, as libtorch does.</summary>
    public override void Run(Tensor[] x, Tensor y)
    {
        using var scope = NewDisposeScope();
        List<Tensor> values = [.. x];
        foreach (var node in inner.Nodes) values.Add(node.Operation.Run(Array.ConvertAll(node.Operands, operand => values[operand])));
        y.copy_(values[^1]);
    }

    public override long[] Shape(long[][] x)
    {
        List<long[]> shapes = [.. x];
        foreach (var node in inner.Nodes) shapes.Add(node.Operation.Shape(Array.ConvertAll(node.Operands, operand => shapes[operand])));
        return shapes[^1];
    }

    public override long Macs(long[][] x, long[] y) => inner.Nodes.Sum(node => node.Operation.Macs(inner.OperandShapes(node), node.Shape));

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields);
}
