using System.Runtime.Intrinsics;

namespace UNetFamily.Tests.Inference;

/// <summary>What a plan leaves to the kernel before or behind is left to it, and computed.</summary>
public sealed class JoinedKernelsTests
{
    [Fact]
    public void Maps_are_joined_rectified_and_laid_out_on_the_way()
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        manual_seed(1);
        using var block = new Merging();
        block.eval();
        var x = randn([2, 16, 19, 23]);
        using var folded = Folded(block, x);
        using var planned = Planned(folded);

        var operations = planned.Graph.Nodes.Select(node => node.Operation).ToArray();
        operations.Should().NotContain(operation => operation is Concatenation || operation is Activate);
        operations.OfType<KernelOperation>().Count(operation => operation.Name.Contains("+ Activate")).Should().Be(3);
        operations.OfType<ChangeLayout>().Should().ContainSingle("the head makes its map as it is wanted");
        planned.Operations[^1].Layout.Should().Be(MemoryLayout.Contiguous);
        var expected = block.call(x);
        TensorAssert.Close(Computed(planned.Graph, x), expected, 1e-4 * expected.abs().max().ToDouble());
    }

    /// <summary>Something else takes them as they are.</summary>
    [Fact]
    public void What_is_used_twice_is_left_alone()
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        manual_seed(1);
        using var block = new Merging(twice: true);
        block.eval();
        var x = randn([1, 16, 19, 23]);
        using var folded = Folded(block, x);
        using var planned = Planned(folded);

        planned.Graph.Nodes.Should().ContainSingle(node => node.Operation is Concatenation).And.Contain(node => node.Operation is Activate);
        var expected = block.call(x);
        TensorAssert.Close(Computed(planned.Graph, x), expected, 1e-4 * expected.abs().max().ToDouble());
    }

    [Theory]
    [InlineData(50)]
    [InlineData(3000)]
    public void Attention_in_parts_is_attention(long tokens)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (queries, keys, values) = (randn(2, 4, tokens, 8), randn(2, 4, 8, 64), randn(2, 4, 8, 64));
        var result = new AttendInParts().Run([queries, keys, values]);
        TensorAssert.Close(result, values.matmul(queries.matmul(keys).softmax(-1).transpose(-2, -1)), 1e-5);
        new AttendInParts().Shape([queries.shape, keys.shape, values.shape]).Should().Equal(result.shape);
    }

    [Fact]
    public void Functions_of_rectifiers_are_those_of_libtorch()
    {
        using var scope = NewDisposeScope();
        float[] numbers = [float.NegativeInfinity, -3, -float.Epsilon, -0f, 0, float.Epsilon, 2.5f, float.PositiveInfinity, float.NaN];
        foreach (var layer in (Module<Tensor, Tensor>[])[ReLU(), LeakyReLU(0.01)])
        {
            var rectifier = Rectifier.Find(Activate.Find(layer)!)!.Value;
            var expected = layer.call(tensor(numbers)).data<float>().ToArray();
            for (var i = 0; i < numbers.Length; i++)
            {
                rectifier.Of(numbers[i]).Should().Be(expected[i], $"{layer.GetName()} of {numbers[i]}");
                rectifier.Of(Vector512.Create(numbers[i]))[3].Should().Be(expected[i], $"{layer.GetName()} of {numbers[i]}");
            }
        }
        Rectifier.Find(Activate.Find(GELU())!).Should().BeNull();
        default(Rectifier).Of(-2).Should().Be(-2);
    }

    private static FoldedGraph Folded(Block block, Tensor x)
    {
        var graph = Recorder.Record(block, maps => [maps[0].Through(block)], [x.shape]);
        return FoldedGraph.Of(graph, graph.Outputs, isDeferred: true);
    }

    private static PlannedGraph Planned(FoldedGraph folded) =>
        PlannedGraph.Of(folded.Graph, takesKernels: true, (way, _, layout) => (layout is MemoryLayout.ChannelsLast ? 0 : 100) + (way.Kernel.Length > 0 ? 1 : 2));

    private static Tensor Computed(FlowGraph graph, Tensor x)
    {
        List<Tensor> values = [x];
        foreach (var node in graph.Nodes) values.Add(node.Operation.Run(Array.ConvertAll(node.Operands, operand => values[operand])));
        return values[graph.Outputs[0]];
    }

    private sealed class Merging : Block
    {
        private readonly bool twice;
        private readonly Convolution first = SpatialDims.Two.Conv(16, 32, kernel: 3), second = SpatialDims.Two.Conv(48, 16, kernel: 3), third = SpatialDims.Two.Conv(16, 16, kernel: 3), head = SpatialDims.Two.Conv(16, 3, kernel: 1);
        private readonly TorchSharp.Modules.InstanceNorm2d norm = InstanceNorm2d(16, affine: true);
        private readonly TorchSharp.Modules.BatchNorm2d scaled = BatchNorm2d(3);
        private readonly TorchSharp.Modules.ReLU relu = ReLU();
        private readonly TorchSharp.Modules.LeakyReLU leaky = LeakyReLU(0.1);

        public Merging(bool twice = false) : base(nameof(Merging))
        {
            this.twice = twice;
            RegisterComponents();
            scaled.running_mean!.copy_(rand(3));
            scaled.running_var!.copy_(rand(3) + 0.5);
        }

        protected override FeatureMap Flow(FeatureMap x)
        {
            var raised = x.Through(first);
            var joined = FeatureMap.Concat(raised.Through(leaky), x);
            var y = joined.Through(second).Through(norm).Through(relu).Through(third).Through(relu);
            if (twice) y += joined.Narrow(0, 16) + raised.Narrow(0, 16);
            return y.Through(head).Through(scaled);
        }
    }
}
