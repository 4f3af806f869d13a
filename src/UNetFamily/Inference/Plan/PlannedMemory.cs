using System.Collections.Concurrent;

namespace UNetFamily;

/// <summary>
/// Where the maps lie that a plan's own operations make: in one block, in which maps that are needed at the same time have places of their own and others share them. Nothing is asked for during a run, and nothing is left in pieces.
/// </summary>
internal sealed class PlannedMemory : IDisposable
{
    // Numbers that fill whole cache lines in every type.
    private const int Line = 64;

    private readonly long[] starts;
    private readonly long size;
    private readonly FlowGraph graph;
    private readonly IReadOnlyList<PlannedOperation> operations;
    private readonly ScalarType type;
    private readonly Device device;
    private readonly ConcurrentBag<Tensor> idle = [];
    private volatile bool isDisposed;

    /// <summary>Finds a place for each map.</summary>
    /// <param name="graph">The graph of a plan.</param>
    /// <param name="operations">How each of its nodes is computed.</param>
    /// <param name="liveness">When its values are used last.</param>
    /// <param name="type">The type of the maps.</param>
    /// <param name="device">Where they are.</param>
    public PlannedMemory(FlowGraph graph, IReadOnlyList<PlannedOperation> operations, Liveness liveness, ScalarType type, Device device)
    {
        (this.graph, this.operations, this.type, this.device) = (graph, operations, type, device);
        starts = new long[graph.Nodes.Count];
        Array.Fill(starts, -1);
        var placed = new List<Place>();
        // The largest first: small ones fit between them.
        foreach (var wanted in Wanted(liveness).OrderByDescending(place => place.Numbers).ThenBy(place => place.Node))
        {
            var start = 0L;
            foreach (var other in placed.Where(wanted.Meets).OrderBy(other => starts[other.Node]))
            {
                if (starts[other.Node] >= start + wanted.Numbers) break;
                start = Math.Max(start, starts[other.Node] + other.Numbers);
            }
            starts[wanted.Node] = start;
            size = Math.Max(size, start + wanted.Numbers);
            placed.Add(wanted);
        }
        if (size > 0) Return(Make());
    }

    /// <summary>The block of a run, which nobody else has meanwhile; null where none is needed.</summary>
    public Tensor? Take() => size == 0 ? null : idle.TryTake(out var block) ? block : Make();

    /// <summary>Hands a block back for the next run.</summary>
    public void Return(Tensor? block)
    {
        if (block is not null) idle.Add(block);
        if (isDisposed) Dispose();
    }

    /// <summary>Where a node's result goes; null where the operation makes it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="block">The run's block.</param>
    public Tensor? Of(int node, Tensor? block) => starts[node] < 0 ? null : operations[node].Layout.View(block!, starts[node], graph.Nodes[node].Shape);

    /// <summary>Frees the blocks.</summary>
    public void Dispose()
    {
        isDisposed = true;
        while (idle.TryTake(out var block)) block.Dispose();
    }

    private Tensor Make() => empty([size], type, device).DetachFromDisposeScope();

    /// <summary>The maps that get a place: those that operations of plans make, and that aren't handed out.</summary>
    private IEnumerable<Place> Wanted(Liveness liveness)
    {
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            var last = liveness.LastUseOfMemory(graph.ValueOf(node));
            if (graph.Nodes[node].Operation is PlacedOperation && liveness.Overwritten(node, recording: false) < 0 && last < graph.Nodes.Count)
                yield return new Place(node, last, Lines(graph.Nodes[node].Shape.Elements()));
        }
    }

    // An odd number, so that equal positions of equal maps aren't at equal places of the cache.
    private static long Lines(long numbers) => ((numbers + Line - 1) / Line | 1) * Line;

    private sealed record Place(int Node, int Last, long Numbers)
    {
        public bool Meets(Place other) => Node <= other.Last && other.Node <= Last;
    }
}
