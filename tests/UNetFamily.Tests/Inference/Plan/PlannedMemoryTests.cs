namespace UNetFamily.Tests.Inference;

/// <summary>Maps that are needed at the same time have places of their own.</summary>
public sealed class PlannedMemoryTests
{
    [Theory]
    [InlineData("unetplusplus-nested")]
    [InlineData("unetrplusplus-synapse")]
    [InlineData("mednext-s-k3")]
    public void No_map_lies_where_another_is_needed(string name)
    {
        using var scope = NewDisposeScope();
        using var model = SmallVariants.Of(name).Build();
        long[] shape = [1, model.Options.InChannels, .. SmallVariants.Size(model)];
        var folded = FoldedGraph.Of(model.Record(shape), model.Record(shape).Outputs.AsSpan(0, 1));
        using var planned = PlannedGraph.Of(folded.Graph, takesKernels: true, (way, _, layout) => (layout is MemoryLayout.ChannelsLast ? 0 : 100) + (way.Kernel.Length > 0 ? 1 : 2));
        var liveness = new Liveness(planned.Graph);
        using var memory = new PlannedMemory(planned.Graph, planned.Operations, liveness, ScalarType.Float32, CPU);
        var block = memory.Take()!;

        var places = new List<(int Node, int Last, long Start, long End)>();
        for (var node = 0; node < planned.Graph.Nodes.Count; node++)
        {
            if (memory.Of(node, block) is not { } place) continue;
            place.shape.Should().Equal(planned.Graph.Nodes[node].Shape);
            place.IsIn(planned.Operations[node].Layout).Should().BeTrue();
            var start = place.Start() - block.Start();
            places.Add((node, liveness.LastUseOfMemory(planned.Graph.ValueOf(node)), start, start + (place.numel() * sizeof(float))));
        }
        places.Should().HaveCountGreaterThan(10);
        foreach (var (one, other) in places.SelectMany(one => places.Where(other => other.Node > one.Node && other.Node <= one.Last).Select(other => (one, other))))
            (one.End <= other.Start || other.End <= one.Start).Should().BeTrue($"node {other.Node} writes while node {one.Node}'s result is needed");
        places.Max(place => place.End).Should().BeLessThanOrEqualTo(block.numel() * sizeof(float)).And.BeLessThan(places.Sum(place => place.End - place.Start), "places are shared");
        places.Should().NotContain(place => place.Last >= planned.Graph.Nodes.Count, "what is handed out has memory of its own");
        memory.Return(block);
    }
}
