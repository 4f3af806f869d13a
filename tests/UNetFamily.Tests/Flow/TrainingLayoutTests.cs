using System.Runtime.Intrinsics;

namespace UNetFamily.Tests.Flow;

/// <summary>Networks whose maps lie with the channels last in training: nobody sees it.</summary>
public sealed class TrainingLayoutTests
{
    private static readonly Dictionary<string, (SegmentationModelOptions Options, long[] Size)> Networks = new()
    {
        ["mednext"] = (MedNeXt(SpatialDims.Three), [32, 32, 32]),
        ["mednext 2d"] = (MedNeXt(SpatialDims.Two) with { ResponseNorm = true, DeepSupervision = true }, [64, 96]),
        ["mednext layer norm"] = (MedNeXt(SpatialDims.Two) with { Norm = Normalization.ChannelLayer }, [64, 64]),
        ["mednext checkpointed"] = (MedNeXt(SpatialDims.Two) with { ActivationCheckpointing = true }, [64, 64]),
    };

    public static TheoryData<string> Names() => new(Networks.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_and_gradients_are_contiguous_and_right(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = Networks[name].Options.Build();
        model.Options.LayoutInTraining.Should().Be(MemoryLayout.ChannelsLast);
        var input = randn([2, model.Options.InChannels, .. Networks[name].Size]);
        var found = Step(input);
        found.Should().OnlyContain(tensor => tensor.is_contiguous());

        model.to(ScalarType.Float64);
        foreach (var (tensor, wanted) in found.Zip(Step(input.to(ScalarType.Float64))))
        {
            // Of biases before norms nothing is left but rounding.
            var scale = wanted.abs().max().clamp(min: 1);
            TensorAssert.Close(tensor / scale, wanted / scale, 5e-3);
        }

        List<Tensor> Step(Tensor batch)
        {
            model.zero_grad();
            var x = batch.detach().requires_grad_();
            var outputs = model.call(x).FinestFirst.ToArray();
            outputs.Select(map => map.cos().sum()).Aggregate((sum, next) => sum + next).backward();
            return [.. outputs.Select(map => map.detach()), x.grad!.clone(), .. model.parameters().Where(parameter => parameter.grad is not null).Select(parameter => parameter.grad!.alias())];
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_operation_passes_the_layout_on(string name)
    {
        if (!Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        using var model = Networks[name].Options.Build();
        foreach (var batch in (long[])[1, 2])
        {
            var input = randn([batch, model.Options.InChannels, .. Networks[name].Size]).CopyIn(MemoryLayout.ChannelsLast);
            var graph = model.Record(input.shape);
            var values = new Tensor[graph.Values];
            values[0] = input;
            foreach (var (i, node) in graph.Nodes.Index())
            {
                var value = values[graph.ValueOf(i)] = node.Operation.Run([.. node.Operands.Select(operand => values[operand])]);
                value.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue("{0} of {1} is operation {2}", node.Operation.Name, string.Join(", ", value.shape), i);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_graph_is_the_network_bit_for_bit(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Networks[name].Options.Build();
        var input = randn([2, model.Options.InChannels, .. Networks[name].Size]);
        var graph = new NetworkGraph(model, model.Record(input.shape));
        foreach (var (map, expected) in graph.Run(input).Zip(model.call(input).FinestFirst)) TensorAssert.Equal(map, expected);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_stays(string name)
    {
        using var model = Networks[name].Options.Build();
        using var input = randn([1, model.Options.InChannels, .. Networks[name].Size]);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Fact]
    public void Other_networks_types_and_predictions_are_as_they_come()
    {
        using var scope = NewDisposeScope();
        ModelCatalog.Find("unet-paper").Options.LayoutInTraining.Should().Be(MemoryLayout.Contiguous);
        (MedNeXt(SpatialDims.Two) with { Channels = 12 }).LayoutInTraining.Should().Be(MemoryLayout.Contiguous);
        var options = MedNeXt(SpatialDims.Two);
        var input = randn([1, 1, 8, 8]);
        Came(input.to(ScalarType.BFloat16)).Should().BeTrue();
        Came(input).Should().Be(!Vector512.IsHardwareAccelerated);
        using (no_grad()) Came(input).Should().BeTrue();

        bool Came(Tensor batch)
        {
            var same = false;
            TrainingLayout.Run(options, batch, x =>
            {
                same = ReferenceEquals(x, batch);
                return [x];
            });
            return same;
        }
    }

    private static MedNeXtOptions MedNeXt(SpatialDims dims) => new() { InChannels = 1, OutChannels = 3, SpatialDims = dims, Channels = 16, Depths = [1, 1, 1, 1, 1], Expansions = [2, 3, 4, 3, 2] };
}
