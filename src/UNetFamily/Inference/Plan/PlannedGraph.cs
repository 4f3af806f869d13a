namespace UNetFamily;

/// <summary>
/// A graph in which each operation works in the layout, and in the form, that make all of it fastest: what operations take is measured, what changes of layout take as well, and the sum is least.
/// </summary>
internal sealed class PlannedGraph : IDisposable
{
    private const long NumbersToReturn = 2 << 20;
    private const double NearBest = 2;

    private readonly FlowGraph folded;
    private readonly bool takesKernels;
    private readonly Func<Way, long[][], MemoryLayout, double> cost;
    private readonly int[] uses;
    private readonly List<IDisposable> made = [];
    private readonly Dictionary<(int Value, MemoryLayout Layout), int> renumbered = [];
    private readonly List<PlannedOperation> operations = [];

    private PlannedGraph(FlowGraph folded, bool takesKernels, Func<Way, long[][], MemoryLayout, double> cost)
    {
        (this.folded, this.takesKernels, this.cost) = (folded, takesKernels, cost);
        Graph = new FlowGraph(folded.Inputs);
        uses = folded.Uses(folded.Outputs);
        using var noGradient = no_grad();
        var forms = new Dictionary<MemoryLayout, Form>[folded.Nodes.Count];
        // The largest maps first: what they were measured in has room for all others, and the process grows no further.
        foreach (var (index, node) in folded.Nodes.Index().OrderByDescending(each => each.Item.Shape.Elements())) forms[index] = Forms(node);
        var layouts = Choose(forms);
        for (var value = 0; value < folded.Inputs.Length; value++) renumbered[(value, MemoryLayout.Contiguous)] = value;
        var laidOut = 0L;
        for (var node = 0; node < forms.Length; node++)
        {
            if (IsJoinedByKernel(node) || IsTakenOver(node)) continue;
            Take(node, layouts[node], forms[node]);
            laidOut += (folded.Nodes[node].Operation as ConvolutionOperation)?.Weights.Kernel.numel() ?? 0;
            if (laidOut < NumbersToReturn || !Allocator.KeepsFreedBlocks) continue;
            // The next weights would seldom fit where the last were folded.
            Allocator.ReturnFreedBlocks();
            laidOut = 0;
        }
        Graph.Outputs = [.. folded.Outputs.Select(output => In(output, MemoryLayout.Contiguous))];

        // Maps that only a convolution takes, which can take their channels from where they are.
        bool IsJoinedByKernel(int node) =>
            folded.Nodes[node].Operation is Concatenation && uses[folded.ValueOf(node)] == 1 && folded.OperandShapes(folded.Nodes[node]).All(shape => shape[1] % PanelProduct.Lanes == 0)
            && Enumerable.Range(node + 1, forms.Length - node - 1).FirstOrDefault(next => folded.Nodes[next].Operands.Contains(folded.ValueOf(node))) is > 0 and var taker
            && layouts[node] == layouts[taker] && forms[taker][layouts[taker]].Kernel == nameof(WinogradConvolve);

        // An activation that what comes before it can apply as well.
        bool IsTakenOver(int node)
        {
            var (operands, layout) = (folded.Nodes[node].Operands, layouts[node]);
            if (operands.Length != 1 || uses[operands[0]] != 1 || !renumbered.TryGetValue((operands[0], layout), out var before) || before < Graph.Inputs.Length) return false;
            if (Graph.Nodes[before - Graph.Inputs.Length].Operation is not KernelOperation kernel || !kernel.TakesOver(folded.Nodes[node].Operation)) return false;
            renumbered[(folded.ValueOf(node), layout)] = before;
            return true;
        }
    }

    /// <summary>The graph, with the changes of layout in it.</summary>
    public FlowGraph Graph { get; }

    /// <summary>How each node of the graph is computed.</summary>
    public IReadOnlyList<PlannedOperation> Operations => operations;

    /// <summary>Plans a graph.</summary>
    /// <param name="folded">A graph without anything that isn't needed.</param>
    /// <param name="takesKernels">Whether it computes in float32 on a CPU, as the kernels of this library do.</param>
    /// <param name="cost">The milliseconds that a way takes for operands of these shapes, all in a layout.</param>
    public static PlannedGraph Of(FlowGraph folded, bool takesKernels, Func<Way, long[][], MemoryLayout, double> cost) => new(takesKernels ? FusedGraph.Of(folded) : folded, takesKernels, cost);

    /// <summary>Frees the weights that were made for it.</summary>
    public void Dispose() => made.ForEach(weights => weights.Dispose());

    /// <summary>The fastest way to compute a node in each layout.</summary>
    private Dictionary<MemoryLayout, Form> Forms(FlowNode node)
    {
        if (!IsMap(node)) return new() { [MemoryLayout.Contiguous] = new Form("", 0) };
        var shapes = folded.OperandShapes(node);
        var measured = Enum.GetValues<MemoryLayout>().SelectMany(layout => Way.Of(node.Operation, shapes, layout, takesKernels).Select(way => (Layout: layout, Way: way, Milliseconds: cost(way, shapes, layout)))).ToArray();
        var near = NearBest * measured.Min(each => each.Milliseconds);
        return Enum.GetValues<MemoryLayout>().ToDictionary(layout => layout, layout => measured.Where(each => each.Layout == layout)
            // A machine that is busy for a while would decide otherwise.
            .Select(each => new Form(each.Way.Kernel, each.Milliseconds > near ? each.Milliseconds : Math.Min(each.Milliseconds, cost(each.Way with { Sitting = 2 }, shapes, layout))))
            .DefaultIfEmpty(Form.None).MinBy(form => form.Milliseconds)!);
    }

    /// <summary>The layout of each node, so that the whole takes least.</summary>
    private MemoryLayout[] Choose(Dictionary<MemoryLayout, Form>[] forms)
    {
        var inputs = folded.Inputs.Length;
        var cut = new MinimumCut(folded.Values);
        for (var value = 0; value < inputs; value++) cut.Cost(value, 0, double.PositiveInfinity);
        for (var node = 0; node < forms.Length; node++)
        {
            cut.Cost(inputs + node, Milliseconds(forms[node], MemoryLayout.Contiguous), Milliseconds(forms[node], MemoryLayout.ChannelsLast));
            foreach (var operand in folded.Nodes[node].Operands.Where(HasLayout).Distinct()) Changed(operand, inputs + node, folded.ShapeOf(operand));
        }
        foreach (var output in folded.Outputs) Changed(output, 0, folded.ShapeOf(output));
        return [.. cut.Solve()[inputs..].Select(second => second ? MemoryLayout.ChannelsLast : MemoryLayout.Contiguous)];

        void Changed(int from, int to, long[] shape)
        {
            if (forms.Length > from - inputs && from >= inputs && forms[from - inputs].Count == 1 && to >= inputs && forms[to - inputs].Count == 1) return;
            cut.Difference(from, to, Change(shape, MemoryLayout.ChannelsLast), Change(shape, MemoryLayout.Contiguous));
        }
    }

    private static double Milliseconds(Dictionary<MemoryLayout, Form> forms, MemoryLayout layout) => forms.TryGetValue(layout, out var form) ? form.Milliseconds : double.PositiveInfinity;

    private double Change(long[] shape, MemoryLayout to) =>
        cost(new Way(new ChangeLayout(to), "", () => new ChangeLayout(to)), [shape], to.Other());

    private void Take(int node, MemoryLayout layout, Dictionary<MemoryLayout, Form> forms)
    {
        using var scope = NewDisposeScope();
        var original = folded.Nodes[node];
        int[] operands = [.. Joined(original.Operands).Select(operand => HasLayout(operand) ? In(operand, layout) : renumbered[(operand, MemoryLayout.Contiguous)])];
        var operation = Made(original, layout, forms[layout].Kernel);
        if (operation is KernelOperation) operands = Array.ConvertAll(operands, operand => WithoutGaps(operand, layout));
        if (operation is IDisposable disposable) made.Add(disposable);
        if (operation is ConvolutionOperation { Weights: var (kernel, bias) })
            foreach (var weight in (Tensor?[])[kernel, bias]) if (weight is not null && scope.Contains(weight)) made.Add(weight.DetachFromDisposeScope());
        renumbered[(folded.ValueOf(node), layout)] = Add(original with { Operation = operation, Operands = operands }, layout, forms[layout].Milliseconds);
    }

    /// <summary>The operands of a node, with those of maps that it joins itself in their place.</summary>
    private IEnumerable<int> Joined(int[] operands) => operands.SelectMany(operand =>
        operand >= folded.Inputs.Length && !renumbered.ContainsKey((operand, MemoryLayout.Contiguous)) && !renumbered.ContainsKey((operand, MemoryLayout.ChannelsLast)) ? folded.Nodes[operand - folded.Inputs.Length].Operands : [operand]);

    /// <summary>What computes a node, with what is to be folded in its weights.</summary>
    private Operation Made(FlowNode node, MemoryLayout layout, string kernel)
    {
        var operation = Exact(node.Operation);
        return IsMap(node) ? Way.Of(operation, folded.OperandShapes(node), layout, takesKernels).First(way => way.Kernel == kernel).Make() : (takesKernels ? MultiplyMatrices.Of(operation) : null) ?? operation;
    }

    private static Operation Exact(Operation operation) => operation switch
    {
        ConvolutionOperation convolution => convolution.Exact(),
        PositionGroup group => group.With(Exact),
        _ => operation,
    };

    /// <summary>The number of a value in a layout; where it isn't there yet, it is made.</summary>
    private int In(int value, MemoryLayout layout)
    {
        if (renumbered.TryGetValue((value, layout), out var there)) return there;
        if (layout is MemoryLayout.Contiguous && InPlanes(value) is { } planes) return renumbered[(value, layout)] = planes;
        var shape = folded.ShapeOf(value);
        var other = renumbered[(value, layout.Other())];
        var scope = value < folded.Inputs.Length ? folded.Nodes[0].Scope : folded.Nodes[value - folded.Inputs.Length].Scope;
        return renumbered[(value, layout)] = Add(new FlowNode(new ChangeLayout(layout), [other], shape, scope), layout, Change(shape, layout));
    }

    /// <summary>The number of a map of few channels that a convolution makes channel by channel at once, because nothing else wants it otherwise; null for another one.</summary>
    private int? InPlanes(int value)
    {
        if (!takesKernels || uses[value] != 1 || folded.ShapeOf(value)[1] >= PanelProduct.Lanes || renumbered[(value, MemoryLayout.ChannelsLast)] - Graph.Inputs.Length is not (>= 0 and var index)) return null;
        var node = Graph.Nodes[index];
        if (node.Operands.Any(HasGaps) || (node.Operation as ConvolveByRow ?? ConvolveByRow.Of(node.Operation)?.Invoke()) is not ConvolveByRow convolve) return null;
        if (!made.Contains(convolve)) made.Add(convolve);
        convolve.IsInPlanes = true;
        Graph.Replace(index, node with { Operation = convolve });
        operations[index] = operations[index] with { Layout = MemoryLayout.Contiguous };
        return Graph.ValueOf(index);
    }

    /// <summary>The number of a value as kernels of this library take it; a part of the channels has gaps between its numbers, and is copied.</summary>
    private int WithoutGaps(int value, MemoryLayout layout) =>
        HasGaps(value) && Graph.Nodes[value - Graph.Inputs.Length] is var part ? Add(new FlowNode(new ChangeLayout(layout), [value], part.Shape, part.Scope), layout, 0) : value;

    private bool HasGaps(int value) => value >= Graph.Inputs.Length && !Graph.Nodes[value - Graph.Inputs.Length].Operation.IsDense;

    private int Add(FlowNode node, MemoryLayout layout, double milliseconds)
    {
        operations.Add(new PlannedOperation(layout, milliseconds));
        return Graph.Add(node);
    }

    /// <summary>Whether a node makes a map of maps, and so has a choice.</summary>
    private bool IsMap(FlowNode node) =>
        (node.Operation.TakesChannelsLast || (takesKernels && GatherDepthwise.Takes(node.Operation))) && node.Shape.Length == folded.Inputs[0].Length && node.Operands.Where(HasLayout).All(operand => folded.ShapeOf(operand).Length == node.Shape.Length);

    /// <summary>Whether a value is a map, and no learned tensor.</summary>
    private bool HasLayout(int value) => value < folded.Inputs.Length || folded.Nodes[value - folded.Inputs.Length].Operation is not WeightOperand;

    /// <summary>A way to compute a node, by its kernel, and what it takes.</summary>
    private sealed record Form(string Kernel, double Milliseconds)
    {
        public static Form None { get; } = new("", double.PositiveInfinity);
    }
}

/// <summary>How a node is computed.</summary>
/// <param name="Layout">How its result lies in memory.</param>
/// <param name="Milliseconds">How long it took when it was measured; 0 where there was nothing to choose.</param>
internal sealed record PlannedOperation(MemoryLayout Layout, double Milliseconds);
