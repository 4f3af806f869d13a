namespace UNetFamily;

/// <summary>
/// A network made ready to predict batches of one shape, on the device and in the type that it has now. It gives the logits of the network in evaluation mode, to rounding, and leaves the network as it is:
/// norms of constant statistics are folded into the convolutions before them, dropout and the maps of deep supervision are left out, maps that aren't needed at the same time lie in the same memory, and every operation
/// runs in the memory layout that makes the whole fastest, which was measured when the plan was made.
/// </summary>
/// <remarks>
/// The plan has the weights that the network had when it was made: after a training step, or another checkpoint, make a new one. It can be used by several threads at once. Hooks of layers don't fire.
/// It keeps the memory of its maps, once for as many threads as have used it at once, until it is disposed.
/// Measurements differ from process to process, and so may the last bits of the logits; within one process, plans of equal shapes are equal.
/// </remarks>
public sealed class InferencePlan : IDisposable
{
    private readonly PlannedGraph planned;
    private readonly Liveness liveness;
    private readonly PlannedMemory memory;
    private readonly ScalarType type;
    private readonly Device device;
    private bool isDisposed;

    private InferencePlan(SegmentationModel model, long[] shape, Func<Way, long[][], MemoryLayout, double>? cost)
    {
        using var mode = NetworkMode.Evaluate(model.Whole);
        var weight = model.parameters().First();
        (type, device) = (weight.dtype, weight.device);
        var graph = model.Record(shape);
        using (var timer = new OperationTimer(type, device))
        {
            var folded = FoldedGraph.Of(graph, graph.Outputs.AsSpan(0, 1), isDeferred: true);
            planned = PlannedGraph.Of(folded.Graph, type is ScalarType.Float32 && device.type is DeviceType.CPU, cost ?? timer.Milliseconds);
        }
        // What was measured needed memory that a run doesn't.
        if (Allocator.KeepsFreedBlocks) Allocator.ReturnFreedBlocks();
        liveness = new Liveness(planned.Graph);
        memory = new PlannedMemory(planned.Graph, planned.Operations, liveness, type, device);
        InputShape = [.. shape];
        var paths = ModulePaths.Of(model.Whole);
        Steps = [.. planned.Graph.Nodes.Zip(planned.Operations, (node, how) =>
            new PlanStep(node.Operation.Name, paths.GetValueOrDefault(node.Operation.Layer ?? node.Scope, ""), [.. node.Shape], how.Layout, how.Milliseconds))];
    }

    /// <summary>The shape of the batches that it takes: (N, C, …spatial).</summary>
    public ValueList<long> InputShape { get; }

    /// <summary>What it does, in order.</summary>
    public IReadOnlyList<PlanStep> Steps { get; }

    /// <summary>Makes a plan.</summary>
    /// <param name="model">The network.</param>
    /// <param name="shape">The shape of the batches: (N, C, …spatial).</param>
    /// <param name="cost">What decides about layouts instead of measurements.</param>
    internal static InferencePlan Of(SegmentationModel model, long[] shape, Func<Way, long[][], MemoryLayout, double>? cost = null)
    {
        model.ThrowIfDisposed();
        ModelInspection.RequireSize(model, shape.AsSpan(2));
        return new InferencePlan(model, shape, cost);
    }

    /// <summary>The logits of a batch.</summary>
    /// <param name="input">(N, C, …spatial) as <see cref="InputShape"/> says, on the device and in the type that the network had.</param>
    /// <returns>(N, classes, …spatial); the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The batch has another shape, type or device.</exception>
    /// <exception cref="ObjectDisposedException">The plan was disposed.</exception>
    public Tensor Run(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (!input.shape.AsSpan().SequenceEqual(planned.Graph.Inputs[0]))
            throw new ArgumentException($"The plan is for batches of {planned.Graph.Inputs[0].Print()}; input is {input.shape.Print()}. Make a plan for that size, or call the network.", nameof(input));
        if (input.dtype != type || input.device_type != device.type || input.device_index != device.index)
            throw new ArgumentException($"The plan is for {type} on {device}; input is {input.dtype} on {input.device}. Convert it with input.to(ScalarType.{type}, new Device(\"{device}\")).", nameof(input));

        using var noGradient = no_grad();
        var block = memory.Take();
        try
        {
            return Run(input, block);
        }
        finally
        {
            memory.Return(block);
        }
    }

    /// <summary>Frees the weights that were made for the plan; those of the network stay.</summary>
    public void Dispose()
    {
        isDisposed = true;
        memory.Dispose();
        planned.Dispose();
    }

    /// <summary>The steps as lines of text.</summary>
    public override string ToString() => string.Join('\n', Steps);

    private Tensor Run(Tensor input, Tensor? block)
    {
        using var scope = NewDisposeScope();
        var (graph, values) = (planned.Graph, new Tensor?[planned.Graph.Values]);
        values[0] = input.is_contiguous() ? input : input.contiguous();
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            values[graph.ValueOf(node)] = Compute(node, Array.ConvertAll(graph.Nodes[node].Operands, operand => values[operand]!), block);
            Free(node, values);
        }
        var logits = values[graph.Outputs[0]]!;
        return scope.Contains(logits) ? logits.MoveToOuterDisposeScope() : logits.alias().MoveToOuterDisposeScope();
    }

    private Tensor Compute(int node, Tensor[] operands, Tensor? block)
    {
        var (operation, layout) = (planned.Graph.Nodes[node].Operation, planned.Operations[node].Layout);
        using var copy = liveness.NeedsCopy(node) ? operands[0] = operands[0].clone() : null;
        if (memory.Of(node, block) is { } place)
        {
            ((PlacedOperation)operation).Run(operands, place);
            return place;
        }
        var over = liveness.Overwritten(node, recording: false);
        var result = over >= 0 ? operation.Overwrite(operands, over) : operation.Run(operands);
        if (!operation.TakesChannelsLast || operation is Narrow || result.IsIn(layout)) return result;
        using (result) return result.CopyIn(layout);
    }

    private void Free(int node, Tensor?[] values)
    {
        for (var value = liveness.FirstFreed(node); value >= 0; value = liveness.NextFreed(value))
        {
            // What was written in place goes on under another number.
            if (values[value] is { } tensor && !ReferenceEquals(tensor, values[planned.Graph.ValueOf(node)])) tensor.Dispose();
            values[value] = null;
        }
    }
}

/// <summary>A step of an <see cref="InferencePlan"/>.</summary>
/// <param name="Name">What is computed, such as <c>Convolve</c> or <c>Sum</c>.</param>
/// <param name="Path">The layer's name in the network, or that of the block in whose flow it stands.</param>
/// <param name="Shape">The shape that comes out, batch first.</param>
/// <param name="Layout">How the result lies in memory.</param>
/// <param name="Milliseconds">How long it took when it was measured; 0 where there was nothing to choose.</param>
public sealed record PlanStep(string Name, string Path, ValueList<long> Shape, MemoryLayout Layout, double Milliseconds)
{
    /// <summary><c>Convolve down.0.conv.first.conv (1, 64, 128, 128) ChannelsLast 3.1 ms</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name} {(Path.Length > 0 ? $"{Path} " : "")}({string.Join(", ", Shape)}) {Layout}{(Milliseconds > 0 ? $" {Milliseconds:0.###} ms" : "")}");
}
