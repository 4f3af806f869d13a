namespace UNetFamily;

/// <summary>
/// A graph as it is needed to predict: what doesn't lead to the wanted outputs is gone, dropout in evaluation as well, and norms of constant statistics are in the weights of the convolution before them, or of a
/// pointwise one behind them.
/// Equal to rounding; the weights of the network stay as they are.
/// </summary>
internal sealed class FoldedGraph : IDisposable
{
    private const long NumbersAtOnce = 1 << 20;

    private readonly FlowGraph original;
    private readonly int[] uses;
    private readonly int[] renumbered;
    private readonly bool isDeferred;
    private readonly List<Tensor> made = [];
    private readonly Dictionary<int, NormalizeMap> waiting = [];

    private FoldedGraph(FlowGraph original, ReadOnlySpan<int> outputs, bool foldNorms, bool isDeferred)
    {
        (this.original, this.isDeferred) = (original, isDeferred);
        uses = original.Uses(outputs);
        renumbered = new int[original.Values];
        Graph = new FlowGraph(original.Inputs) { UsesSizes = original.UsesSizes };
        for (var value = 0; value < original.Inputs.Length; value++) renumbered[value] = value;

        using var noGradient = no_grad();
        for (var node = 0; node < original.Nodes.Count; node++)
            if (uses[original.ValueOf(node)] > 0) renumbered[original.ValueOf(node)] = Take(node, foldNorms);
        Graph.Outputs = [.. outputs.ToArray().Select(output => renumbered[output])];
    }

    /// <summary>The graph that is left.</summary>
    public FlowGraph Graph { get; }

    /// <summary>Folds what can be folded.</summary>
    /// <param name="graph">A graph, recorded of a network in evaluation mode.</param>
    /// <param name="outputs">The values that are wanted.</param>
    /// <param name="foldNorms">Whether norms go into weights.</param>
    /// <param name="isDeferred">Whether weights stay as they are until <see cref="ConvolutionOperation.Exact"/> folds them.</param>
    public static FoldedGraph Of(FlowGraph graph, ReadOnlySpan<int> outputs, bool foldNorms = true, bool isDeferred = false) => new(graph, outputs, foldNorms, isDeferred);

    /// <summary>Frees the weights that were made for it.</summary>
    public void Dispose() => made.ForEach(weight => weight.Dispose());

    private int Take(int index, bool foldNorms)
    {
        var node = original.Nodes[index];
        var (operation, operands) = (node.Operation, Array.ConvertAll(node.Operands, operand => renumbered[operand]));
        if (operation.MayPassThrough && operation.Memory(original.OperandShapes(node), node.Shape, new MemoryMode(Training: false)).PassesThrough) return operands[0];
        if (foldNorms && operation is NormalizeMap norm && uses[node.Operands[0]] == 1 && operands[0] >= Graph.Inputs.Length)
        {
            var before = operands[0] - Graph.Inputs.Length;
            if (Graph.Nodes[before].Operation is ConvolutionOperation { TakesWeights: true } convolution && norm.IsConstant)
            {
                Graph.Replace(before, Graph.Nodes[before] with { Operation = Folding(convolution, () => Folded(convolution, norm)) });
                return operands[0];
            }
        }
        if (foldNorms && operation is NormalizeMap { IsConstant: true } ahead && IsBeforePointwise(index))
        {
            waiting[original.ValueOf(index)] = ahead;
            return operands[0];
        }
        if (operation is Convolve pointwise && waiting.TryGetValue(node.Operands[0], out var behind)) return Graph.Add(node with { Operation = Folding(pointwise, () => Folded(behind, pointwise)), Operands = operands });
        return Graph.Add(node with { Operands = operands });
    }

    // Nothing but a pointwise convolution, which has no zeros around the map that the norm would shift.
    private bool IsBeforePointwise(int index) =>
        uses[original.ValueOf(index)] == 1 && original.Nodes.Skip(index + 1).FirstOrDefault(node => node.Operands.Contains(original.ValueOf(index))) is { Operation: Convolve { IsPointwise: true } };

    private ConvolutionOperation Folding(ConvolutionOperation convolution, Func<ConvolutionWeights> fold)
    {
        var folding = convolution.With(null, fold);
        if (isDeferred) return folding;
        var folded = folding.Exact();
        foreach (var weight in (Tensor?[])[folded.Weights.Kernel, folded.Weights.Bias]) if (weight is not null) made.Add(weight.DetachFromDisposeScope());
        return folded;
    }

    /// <summary>The weights of a pointwise convolution with the norm before it in them.</summary>
    private static ConvolutionWeights Folded(NormalizeMap norm, Convolve convolution)
    {
        using var scope = NewDisposeScope();
        var (factor, shift) = norm.Constant()!.Value;
        var (kernel, bias) = convolution.Weights;
        var matrix = kernel.to(ScalarType.Float64).flatten(1);
        var total = matrix.mv(shift);
        if (bias is not null) total += bias.to(ScalarType.Float64);
        return Moved((matrix * factor).reshape(kernel.shape).to(kernel.dtype), total.to(kernel.dtype));
    }

    /// <summary>The weights of a convolution with the norm after it in them.</summary>
    private static ConvolutionWeights Folded(ConvolutionOperation convolution, NormalizeMap norm)
    {
        using var scope = NewDisposeScope();
        var (factor, shift) = norm.Constant()!.Value;
        var (kernel, bias) = convolution.Exact().Weights;
        var axes = Enumerable.Repeat(1L, (int)kernel.dim() - 2).ToArray();
        var groups = convolution.OutputAxis == 0 ? 1 : convolution.Convolution.groups;
        // A transposed convolution has the outputs of each group beside the inputs of that group.
        var perGroup = kernel.reshape([groups, -1, .. kernel.shape[1..]]);
        var scaled = Scaled(perGroup, convolution.OutputAxis == 0 ? factor.reshape([1, -1, 1, .. axes]) : factor.reshape([groups, 1, -1, .. axes]));
        if (bias is not null) shift = bias.to(ScalarType.Float64) * factor + shift;
        return Moved(scaled.reshape(kernel.shape), shift.to(kernel.dtype));
    }

    private static ConvolutionWeights Moved(Tensor kernel, Tensor bias) => new(kernel.MoveToOuterDisposeScope(), bias.MoveToOuterDisposeScope());

    /// <summary>Weights times factors, computed in float64 a few at a time: of all, that would be four times what the network has.</summary>
    /// <param name="weights">(groups, n, …).</param>
    /// <param name="factor">(groups, n or 1, …).</param>
    private static Tensor Scaled(Tensor weights, Tensor factor)
    {
        var (result, count) = (empty_like(weights), weights.shape[1]);
        var atOnce = Math.Max(1, NumbersAtOnce / (weights.numel() / count));
        for (var first = 0L; first < count; first += atOnce)
        {
            using var scope = NewDisposeScope();
            var next = Math.Min(atOnce, count - first);
            result.narrow(1, first, next).copy_(weights.narrow(1, first, next).to(ScalarType.Float64) * (factor.shape[1] == 1 ? factor : factor.narrow(1, first, next)));
        }
        return result;
    }
}
