namespace UNetFamily;

/// <summary>Pointwise convolutions, and operations that take each position by itself together, with the channels last in memory, by a <see cref="PositionProgram"/>.</summary>
internal sealed class RunByPosition : KernelOperation, IDisposable
{
    private readonly FlowGraph graph;
    private readonly PositionProgram program;

    private RunByPosition(Operation original, FlowGraph graph) : base(original) => (this.graph, program) = (graph, PositionCompiler.Compile(graph));

    /// <summary>An operation computed so; null where it can't be.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="operands">The shapes of its operands.</param>
    public static Func<Operation>? Of(Operation operation, long[][] operands) => operation switch
    {
        PositionGroup group => () => new RunByPosition(group, group.Inner),
        Convolve when PositionGroup.Takes(operation, operands) => () => new RunByPosition(operation, Alone(operation, operands)),
        _ => null,
    };

    public override void Run(Tensor[] x, Tensor y)
    {
        var positions = y.shape.Positions();
        ForSamples(x, y, (from, to, crew) => program.Run(from, to, positions, crew));
    }

    public override bool CanOverwrite(int operand) => PositionCompiler.CanOverwrite(graph, operand);

    public void Dispose() => program.Dispose();

    private static FlowGraph Alone(Operation operation, long[][] operands)
    {
        var graph = new FlowGraph(operands);
        graph.Outputs = [graph.Add(new FlowNode(operation, [.. Enumerable.Range(0, operands.Length)], operation.Shape(operands), operation.Layer!))];
        return graph;
    }
}
