using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>
/// Makes a <see cref="PositionProgram"/> of operations that take each position by itself: functions go with the products before them, what is joined is computed where it will lie, and what nobody needs any more is written over.
/// </summary>
internal sealed class PositionCompiler
{
    private readonly FlowGraph graph;
    private readonly int[] lastUse, uses;
    private readonly int?[] consumer;
    private readonly PositionPlace?[] places;
    private readonly List<PositionPlace> buffers = [];
    private readonly List<PositionStep> steps = [];
    private readonly HashSet<int> appliedByProducts = [];

    private PositionCompiler(FlowGraph graph)
    {
        this.graph = graph;
        uses = graph.Uses(graph.Outputs);
        (lastUse, consumer, places) = (new int[graph.Values], new int?[graph.Values], new PositionPlace?[graph.Values]);
        for (var node = 0; node < graph.Nodes.Count; node++)
            foreach (var operand in graph.Nodes[node].Operands) (lastUse[operand], consumer[operand]) = (node, node);
        for (var operand = 0; operand < graph.Inputs.Length; operand++) places[operand] = new PositionPlace(PositionMemory.Operand, operand, 0, Channels(operand), Channels(operand));
        (lastUse[^1], places[^1]) = (graph.Nodes.Count, new PositionPlace(PositionMemory.Result, 0, 0, Channels(graph.Values - 1), Channels(graph.Values - 1)));
    }

    /// <summary>Makes a program, which the caller frees.</summary>
    /// <param name="graph">Operations that <see cref="PositionGroup.Takes"/>; the last makes the result.</param>
    public static PositionProgram Compile(FlowGraph graph)
    {
        var compiler = new PositionCompiler(graph);
        for (var node = 0; node < graph.Nodes.Count; node++) compiler.Add(node);
        return new PositionProgram(Array.ConvertAll(graph.Inputs, shape => (int)shape[1]), (int)graph.Nodes[^1].Shape[1], compiler.buffers.Sum(buffer => buffer.Channels), compiler.steps);
    }

    /// <summary>The function of single numbers that an operation is; null for another operation.</summary>
    public static NumberFunction? FunctionOf(Operation operation) => operation switch
    {
        Activate { Layer: OverwritingGELU or Modules.GELU { approximate: Modules.GELU.Approximate.none } } => NumberFunction.Gaussian,
        Activate { Layer: Modules.ReLU } => NumberFunction.Rectified,
        Activate { Layer: Modules.Sigmoid } or SigmoidOrTanh { IsTanh: false } => NumberFunction.Sigmoid,
        Activate { Layer: Modules.Tanh } or SigmoidOrTanh { IsTanh: true } => NumberFunction.Tanh,
        _ => null,
    };

    /// <summary>Whether the result may lie where an operand does, because nothing reads that operand once the result was begun, a number at its own place aside.</summary>
    /// <param name="graph">The operations.</param>
    /// <param name="operand">The operand.</param>
    public static bool CanOverwrite(FlowGraph graph, int operand)
    {
        if (graph.Nodes[^1].Operation is Concatenation) return false;
        var from = graph.Values - 1;
        if (FunctionOf(graph.Nodes[^1].Operation) is not null) from = graph.Nodes[^1].Operands[0];
        if (Node(from) is not { Operation: Convolve } product) return true;
        for (from = product.Operands[0]; Node(from) is { Operation: Narrow } part; from = part.Operands[0]) { }
        return from != operand;

        FlowNode? Node(int value) => value < graph.Inputs.Length ? null : graph.Nodes[value - graph.Inputs.Length];
    }

    private int Channels(int value) => (int)graph.ShapeOf(value)[1];

    private void Add(int node)
    {
        var (operation, operands, value) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands, graph.ValueOf(node));
        var x = Array.ConvertAll(operands, operand => places[operand]!.Value);
        switch (operation)
        {
            case Narrow narrow:
                places[value] = x[0] with { First = x[0].First + (int)narrow.Start, Channels = Channels(value) };
                break;
            case Concatenation:
                var joined = Place(value, node);
                for (var i = 0; i < x.Length; i++)
                    if (Part(joined, node, i) is var part && x[i] != part) steps.Add(new FunctionStep(NumberFunction.Same, x[i], part));
                break;
            case Convolve convolve:
                var (function, made) = (NumberFunction.Same, value);
                if (uses[value] == 1 && consumer[value] is { } next && FunctionOf(graph.Nodes[next].Operation) is { } applied)
                {
                    (function, made) = (applied, graph.ValueOf(next));
                    appliedByProducts.Add(next);
                }
                var to = places[value] = Place(made, node);
                steps.Add(new MultiplyStep(PackedWeights.OfPointwise(convolve.Weights), x[0], to.Value, function));
                break;
            default:
                if (appliedByProducts.Contains(node)) break;
                var y = PlaceOver(node, x);
                steps.Add(operation switch
                {
                    Sum => new AddStep(x[0], x[1], y),
                    Product => new AddProductStep(null, x[0], x[1], y),
                    AddCmul => new AddProductStep(x[0], x[1], x[2], y),
                    NormalizeMap norm => Scale(norm, x[0], y),
                    _ => new FunctionStep(FunctionOf(operation)!.Value, x[0], y),
                });
                break;
        }
    }

    private static ScaleStep Scale(NormalizeMap norm, PositionPlace x, PositionPlace y)
    {
        using var scope = NewDisposeScope();
        var (factor, shift) = norm.Constant()!.Value;
        return new ScaleStep(factor.to(ScalarType.Float32).Numbers().ToArray(), shift.to(ScalarType.Float32).Numbers().ToArray(), x, y);
    }

    /// <summary>Where a result goes that doesn't exist yet.</summary>
    /// <param name="value">The result.</param>
    /// <param name="node">The node that is being added.</param>
    private PositionPlace Place(int value, int node)
    {
        if (places[value] is { } known) return known;
        var place = uses[value] == 1 && consumer[value] is { } next && graph.Nodes[next].Operation is Concatenation
            ? Part(Place(graph.ValueOf(next), node), next, Array.IndexOf(graph.Nodes[next].Operands, value))
            : Between(Channels(value), node);
        places[value] = place;
        return place;
    }

    /// <summary>As <see cref="Place"/>, over an operand where nothing else there is needed any more.</summary>
    private PositionPlace PlaceOver(int node, PositionPlace[] x)
    {
        var value = graph.ValueOf(node);
        var isFree = places[value] is null && !(uses[value] == 1 && graph.Nodes[consumer[value]!.Value].Operation is Concatenation);
        if (isFree && Array.FindIndex(x, place => place.Memory is PositionMemory.Between && IsLast(place, node)) is >= 0 and var over) places[value] = x[over];
        return Place(value, node);
    }

    private bool IsLast(PositionPlace place, int node) =>
        !Enumerable.Range(0, graph.Values).Any(value => lastUse[value] > node && places[value] is { Memory: PositionMemory.Between } other && other.Number == place.Number
            && other.First < place.First + place.Channels && place.First < other.First + other.Channels);

    /// <summary>The place of an operand in maps joined.</summary>
    private PositionPlace Part(PositionPlace joined, int node, int index)
    {
        var operands = graph.Nodes[node].Operands;
        return joined with { First = joined.First + operands[..index].Sum(Channels), Channels = Channels(operands[index]) };
    }

    /// <summary>A place between the steps: one that nobody needs any more, or a new one.</summary>
    private PositionPlace Between(int channels, int node)
    {
        var free = buffers.FindIndex(buffer => buffer.Channels == channels && IsLast(buffer, node - 1));
        if (free >= 0) return buffers[free];
        buffers.Add(new PositionPlace(PositionMemory.Between, buffers.Sum(buffer => buffer.Channels), 0, channels, channels));
        return buffers[^1];
    }
}
