namespace UNetFamily.Tests.Flow;

/// <summary>What is recorded is what runs: for every variant of the catalogue and every public block, in training and in evaluation.</summary>
public sealed class GraphTests
{
    private static readonly bool[] Modes = [true, false];

    public static TheoryData<string, bool> Variants() => Data(ModelCatalog.Variants.Select(variant => variant.Name));

    public static TheoryData<string, SpatialDims, bool> Blocks()
    {
        var data = new TheoryData<string, SpatialDims, bool>();
        foreach (var (name, dims) in PublicBlocks.Makers.Keys.SelectMany(name => Enum.GetValues<SpatialDims>().Select(dims => (name, dims))))
            foreach (var training in Modes) data.Add(name, dims, training);
        return data;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_network_is_its_graph_bit_for_bit(string name, bool training)
    {
        using var scope = NewDisposeScope();
        using var model = SmallVariants.Of(name).Build();
        var input = rand([2, model.Options.InChannels, .. SmallVariants.Size(model)]);
        Compare(model, input, x => [.. model.call(x).FinestFirst], model.Record(input.shape), training);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void A_block_is_its_graph_bit_for_bit(string name, SpatialDims dims, bool training)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (block, call, flow, shape) = PublicBlocks.Makers[name](dims);
        using (block) Compare(block, rand(shape), x => [call(x)], Recorder.Record(block, maps => [flow(maps[0])], [shape]), training);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_network_without_gradients_is_the_same(string name, bool training)
    {
        // Without gradients more is overwritten and freed.
        using var scope = NewDisposeScope();
        using var model = SmallVariants.Of(name).Build();
        model.train(training);
        var input = rand([2, model.Options.InChannels, .. SmallVariants.Size(model)]);
        var before = input.clone();
        var graph = new NetworkGraph(model, model.Record(input.shape));
        using var noGradient = no_grad();
        foreach (var (map, expected) in model.call(input).FinestFirst.Zip(graph.Run(input))) TensorAssert.Equal(map, expected);
        TensorAssert.Equal(input, before);
    }

    [Fact]
    public void Every_operation_has_all_rules_and_is_proved_here()
    {
        var operations = typeof(Operation).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Operation)) && !type.IsAbstract).ToArray();
        operations.Should().NotBeEmpty().And.OnlyContain(type => type.IsSealed);
        foreach (var (operation, rule) in operations.SelectMany(operation => Rules.Select(rule => (operation, rule))))
            operation.GetMethods().Where(method => method.Name == rule).Should().NotContain(method => method.DeclaringType == typeof(Operation), $"{operation.Name} needs a rule of its own for {rule}");

        var proved = new HashSet<Type>();
        foreach (var variant in ModelCatalog.Variants)
        {
            using var model = SmallVariants.Of(variant.Name).Build();
            Add(model.Record([1, model.Options.InChannels, .. SmallVariants.Size(model)]));
        }
        foreach (var make in PublicBlocks.Makers.Values)
        {
            var (block, _, flow, shape) = make(SpatialDims.Two);
            using (block) Add(Recorder.Record(block, maps => [flow(maps[0])], [shape]));
        }
        using (var model = UNetOptions.Paper2015().Build()) Add(model.Record(1, 1, 188, 188));
        using (var model = (UNetOptions.Paper2015() with { Widths = [2, 3], Dropout = 0.5 }).Build()) Add(model.Record(1, 1, 48, 48));
        operations.Except(proved).Where(type => !type.IsSubclassOf(typeof(PlacedOperation))).Should()
            .BeEquivalentTo([typeof(NormalizeLast)], "only TorchSharp's layer norm is in no network or block; it is compared in KnownLayerTests. Plans have operations of their own, in InferencePlanTests and KernelTests");

        void Add(FlowGraph graph) => proved.UnionWith(graph.Nodes.Select(node => node.Operation.GetType()));
    }

    private static readonly string[] Rules = [nameof(Operation.Run), nameof(Operation.Shape), nameof(Operation.Memory), nameof(Operation.Fields)];

    private static TheoryData<string, bool> Data(IEnumerable<string> names)
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in names)
            foreach (var training in Modes) data.Add(name, training);
        return data;
    }

    private static void Compare(nn.Module module, Tensor input, Func<Tensor, IReadOnlyList<Tensor>> call, FlowGraph recorded, bool training)
    {
        // Checkpointing adds up the gradients of what comes in from several sides in another order, which float64 tells from an error.
        var checkpoints = recorded.Regions.Any(region => region.IsCheckpointed);
        if (checkpoints) (module, input) = (module.to(ScalarType.Float64), input.to(ScalarType.Float64));
        module.train(training);
        var graph = new NetworkGraph(module, recorded);
        var buffers = module.named_buffers().ToDictionary(entry => entry.name, entry => entry.buffer.clone());
        var live = Step(call);
        using (no_grad())
            foreach (var (name, buffer) in module.named_buffers()) buffer.copy_(buffers[name]);
        var described = Step(graph.Run);

        described.Should().HaveSameCount(live);
        foreach (var (i, (tensor, expected)) in described.Zip(live).Index())
        {
            if (checkpoints && i >= recorded.Outputs.Length) TensorAssert.Close(tensor, expected, 1e-9);
            else TensorAssert.Equal(tensor, expected);
        }

        // Outputs, then gradients, then statistics.
        List<Tensor> Step(Func<Tensor, IReadOnlyList<Tensor>> run)
        {
            module.zero_grad();
            manual_seed(3);
            var x = input.detach().requires_grad_(true);
            var outputs = run(x);
            outputs.Select((map, i) => (map * (i + 1)).cos().sum()).Aggregate((sum, next) => sum + next).backward();
            return [.. outputs.Select(map => map.detach()), x.grad!.clone(),
                .. module.named_parameters().Where(entry => entry.parameter.grad is not null).Select(entry => entry.parameter.grad!.clone()), .. module.buffers().Select(buffer => buffer.clone())];
        }
    }
}
