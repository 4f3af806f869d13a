using System.Runtime.Intrinsics;

namespace UNetFamily.Tests.Inference.Plan;

/// <summary>What takes each position by itself is computed together, and is what libtorch computes step by step.</summary>
public sealed class PositionGroupTests
{
    private static readonly string[] Flows = ["bottleneck", "residual bottleneck", "gate", "gate behind", "joined parts", "scaled", "function alone", "twice"];

    public static TheoryData<string, long, long> Cases()
    {
        var cases = new TheoryData<string, long, long>();
        foreach (var flow in Flows)
            foreach (var (width, height) in ((long, long)[])[(1, 1), (7, 3), (37, 11)]) cases.Add(flow, width, height);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_group_is_its_operations(string flow, long width, long height)
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var block = new Positions(flow);
        block.eval();
        using var mode = no_grad();
        var x = randn([2, 32, height, width]);
        foreach (var norm in block.modules().OfType<TorchSharp.Modules.BatchNorm2d>()) norm.running_mean!.normal_();
        var graph = FusedGraph.Of(FoldedGraph.Of(Recorded(block, x.shape), Recorded(block, x.shape).Outputs, foldNorms: false).Graph);

        var node = graph.Nodes.Should().ContainSingle().Subject;
        var group = node.Operation.Should().BeOfType<PositionGroup>().Subject;
        var last = x.CopyIn(MemoryLayout.ChannelsLast);
        var operation = RunByPosition.Of(group, [x.shape])!();
        using var weights = (IDisposable)operation;
        var result = operation.Run([last]);

        result.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        TensorAssert.Equal(last, x, "the operand stays as it is");
        TensorAssert.Close(result, block.call(x), 1e-5);
        TensorAssert.Close(result, group.Run([x]), 1e-5);
        group.Shape([x.shape]).Should().Equal(result.shape);
        NoLeaks.During(() => operation.Run([last])).Should().Be(1);
        if (!operation.CanOverwrite(0)) return;
        result.shape.Should().Equal(x.shape);
        var over = last.clone();
        operation.Overwrite([over], 0).Should().BeSameAs(over);
        TensorAssert.Equal(over, result, "over its operand");
    }

    [Fact]
    public void Operations_that_look_around_or_whose_results_are_needed_elsewhere_stay_alone()
    {
        using var scope = NewDisposeScope();
        using var block = new Positions("needed elsewhere");
        var graph = FusedGraph.Of(Recorded(block, [1, 32, 8, 8]));
        graph.Nodes.Select(node => node.Operation).Should().NotContain(operation => operation is PositionGroup);
        graph.Nodes.Should().HaveCount(Recorded(block, [1, 32, 8, 8]).Nodes.Count);
    }

    [Theory]
    [InlineData(16, 64, 16, 1)]
    [InlineData(32, 48, 16, 300)]
    [InlineData(16, 2064, 32, 133)]
    public void A_bottleneck_of_volumes_is_exact_and_counted(long from, long wide, long to, long positions)
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        manual_seed(1);
        var layers = (Module<Tensor, Tensor>[])[Conv3d(from, wide, 1), GELU(), Conv3d(wide, to, 1, bias: false)];
        var x = randn([2, from, positions, 1, 1]).CopyIn(MemoryLayout.ChannelsLast);
        var graph = new FlowGraph([x.shape]);
        foreach (var layer in layers)
        {
            var step = KnownLayers.Find(layer)!;
            graph.Outputs = [graph.Add(new FlowNode(step, [graph.Values - 1], step.Shape([graph.ShapeOf(graph.Values - 1)]), layer))];
        }
        var group = FusedGraph.Of(graph).Nodes.Should().ContainSingle().Subject.Operation.Should().BeOfType<PositionGroup>().Subject;
        var operation = RunByPosition.Of(group, [x.shape])!();
        using var weights = (IDisposable)operation;

        var result = operation.Run([x]);

        result.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        using (no_grad()) TensorAssert.Close(group.Run([x.contiguous()]), result, 1e-5);
        foreach (var layer in layers) layer.to(ScalarType.Float64);
        TensorAssert.Close(result, layers.Aggregate(x.to(ScalarType.Float64), (map, layer) => layer.call(map)), 1e-5);
        group.Shape([x.shape]).Should().Equal(result.shape);
        group.Macs([x.shape], result.shape).Should().Be(2 * positions * wide * (from + to));
    }

    /// <summary>A part of the channels has gaps between its numbers, with which kernels can't work.</summary>
    [Theory]
    [InlineData(MemoryLayout.Contiguous)]
    [InlineData(MemoryLayout.ChannelsLast)]
    public void Kernels_get_parts_of_channels_as_copies(MemoryLayout preferred)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var block = new Positions("part");
        var x = randn([2, 32, 5, 6]);
        using var planned = PlannedGraph.Of(Recorded(block, x.shape), takesKernels: true, (way, _, layout) => (layout == preferred ? 0 : 100) + (way.Kernel.Length > 0 ? 1 : 2));
        planned.Graph.Nodes.Should().ContainSingle(node => node.Operation is ActivateGaussian);

        List<Tensor> values = [x];
        foreach (var node in planned.Graph.Nodes) values.Add(node.Operation.Run(Array.ConvertAll(node.Operands, operand => values[operand])));
        TensorAssert.Close(values[planned.Graph.Outputs[0]], block.call(x), 1e-6);
    }

    /// <summary>Against float64, from denormal numbers to those where the functions have ended.</summary>
    [Fact]
    public void Functions_are_within_rounding()
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        var x = cat([linspace(-100, 100, 1600, ScalarType.Float32), linspace(-9, 9, 1600, ScalarType.Float32), linspace(-1e-3, 1e-3, 1600, ScalarType.Float32), full([16], float.PositiveInfinity), full([16], float.NegativeInfinity), full([16], float.NaN)]);
        var exact = x.to(ScalarType.Float64);
        foreach (var (function, expected) in ((NumberFunction, Tensor)[])[(NumberFunction.Same, exact), (NumberFunction.Rectified, exact.relu()), (NumberFunction.Sigmoid, exact.sigmoid()), (NumberFunction.Tanh, exact.tanh())])
        {
            var y = empty_like(x);
            using (var program = new PositionProgram([16], 16, 0, [new FunctionStep(function, new PositionPlace(PositionMemory.Operand, 0, 0, 16, 16), new PositionPlace(PositionMemory.Result, 0, 0, 16, 16))]))
            using (var crew = new Crew()) program.Run([x.Start()], y.Start(), x.numel() / 16, crew);
            y.isnan().Equals(expected.isnan()).Should().BeTrue();
            y.isinf().Equals(expected.isinf()).Should().BeTrue();
            var isFinite = expected.isfinite();
            TensorAssert.Close(y[isFinite], expected[isFinite].to(ScalarType.Float32), 5e-7, function.ToString());
        }
    }

    private static FlowGraph Recorded(Block block, long[] shape) => Recorder.Record(block, maps => [maps[0].Through(block)], [shape]);

    /// <summary>A flow of layers that take positions by themselves.</summary>
    private sealed class Positions : Block
    {
        private readonly string flow;
        private readonly Convolution wide = SpatialDims.Two.Conv(32, 96, kernel: 1), back = SpatialDims.Two.Conv(96, 32, kernel: 1, bias: false), same = SpatialDims.Two.Conv(32, 32, kernel: 1), joined = SpatialDims.Two.Conv(64, 32, kernel: 1), around = SpatialDims.Two.Conv(32, 32, kernel: 3);
        private readonly TorchSharp.Modules.BatchNorm2d norm = BatchNorm2d(32);
        private readonly TorchSharp.Modules.GELU gelu = GELU();
        private readonly TorchSharp.Modules.ReLU relu = ReLU();
        private readonly LstmAttentionGate gate = new(SpatialDims.Two, 32, 32);

        public Positions(string flow) : base("Positions")
        {
            this.flow = flow;
            RegisterComponents();
        }

        protected override FeatureMap Flow(FeatureMap x)
        {
            switch (flow)
            {
                case "bottleneck": return x.Through(wide).Through(gelu).Through(back);
                case "residual bottleneck": return x + x.Through(wide).Through(gelu).Through(back);
                case "gate": return x.Through(gate, x);
                case "gate behind": return FeatureMap.Concat(x.Through(gate, x), x).Through(joined).Through(relu);
                case "joined parts":
                    var (first, second, third) = x.Through(wide).Split3();
                    return FeatureMap.Concat(third, FeatureMap.Concat(first + second, first), x.Through(same).Tanh());
                case "scaled": return (x.Through(norm) * x).Through(same);
                case "function alone": return x.Sigmoid().Through(same).Tanh() + x;
                case "twice":
                    var one = x.Through(same);
                    return one.Through(gelu) + one;
                case "part": return x.Narrow(8, 12).Through(gelu);
                default: return x.Through(around).Through(relu) + x.Through(same).Through(around);
            }
        }
    }
}
