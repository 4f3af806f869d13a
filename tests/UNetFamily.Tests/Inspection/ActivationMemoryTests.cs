namespace UNetFamily.Tests;

/// <summary>
/// Predicted activation memory against what native code has allocated: what a forward pass with gradients leaves behind, and what one without holds after each layer.
/// </summary>
public sealed class ActivationMemoryTests
{
    // For the allocator's grain and the objects of the graph.
    private const double Tolerance = 0.03;

    // Sizes at which the activations are 50 MB or more, far above the allocator's grain.
    private static readonly Dictionary<string, (SegmentationModelOptions Options, long[] Size)> Networks = new()
    {
        ["unet"] = (UNetOptions.Milesial(3, 2) with { Widths = [16, 32, 64] }, [256, 256]),
        ["unet bilinear"] = (UNetOptions.Milesial(3, 2, bilinear: true) with { Widths = [16, 32, 64] }, [256, 256]),
        ["unet odd"] = (UNetOptions.Milesial(3, 2) with { Widths = [16, 32, 64] }, [251, 269]),
        ["unet paper"] = (UNetOptions.Paper2015() with { Widths = [16, 32, 64] }, [316, 316]),
        ["unetplusplus"] = (UNetPlusPlusOptions.Nested(deepSupervision: true) with { Widths = [8, 16, 32, 64] }, [224, 224]),
        ["unetplusplus keras"] = (UNetPlusPlusOptions.Keras() with { Widths = [8, 16, 32, 64] }, [224, 224]),
        ["nnunet 3d"] = (PlainConvUNetOptions.Planner3d(1, 2, stages: 4) with { FeaturesPerStage = [8, 16, 32, 64] }, [48, 64, 64]),
        ["nnunet residual"] = (new ResidualEncoderUNetOptions { InChannels = 1, OutChannels = 2, Stages = 4, FeaturesPerStage = [16, 32, 64, 64], BlocksPerStage = [1, 2, 2, 2] }, [256, 256]),
        ["convunext"] = (new ConvUNeXtOptions { InChannels = 3, OutChannels = 2, Widths = [8, 16, 32], Depths = [1, 1, 2] }, [256, 256]),
        ["mednext"] = (MedNeXt(SpatialDims.Two) with { DeepSupervision = true }, [256, 256]),
        ["mednext checkpointed"] = (MedNeXt(SpatialDims.Two) with { ActivationCheckpointing = true }, [320, 320]),
        ["mednext 3d"] = (MedNeXt(SpatialDims.Three), [48, 48, 48]),
        ["mednext 3d channels last"] = (MedNeXt(SpatialDims.Three) with { Channels = 16 }, [48, 48, 48]),
        ["mednext checkpointed channels last"] = (MedNeXt(SpatialDims.Two) with { Channels = 16, ActivationCheckpointing = true }, [320, 320]),
        ["u2net3d"] = (U2Net3dOptions.Independent(1, 3, pools: 3) with { BaseWidth = 8 }, [64, 64, 64]),
        ["u2net3d separable"] = (U2Net3dOptions.Universal([new("a") { InChannels = 1, OutChannels = 2 }]) with { InChannels = 1, OutChannels = 2, BaseWidth = 8 }, [64, 64, 64]),
        ["unetrplusplus"] = (new UnetrPlusPlusOptions { InChannels = 1, OutChannels = 3, ImageSize = (16, 96, 96), PatchSize = (2, 4, 4) }, [16, 96, 96]),
    };

    public static TheoryData<string> Names() => new(Networks.Keys);

    [PeakMemoryTheory]
    [MemberData(nameof(Names))]
    public void A_training_step_keeps_what_is_predicted(string name)
    {
        var (options, size) = Networks[name];
        using var model = options.Build();
        using var input = rand([1, options.InChannels, .. size]);
        var summary = model.Summary(size);
        model.call(input).Dispose();

        var kept = KeptBy(model, input);

        // What a checkpointed segment keeps is there only when the backward pass computes it again.
        var later = options is MedNeXtOptions { ActivationCheckpointing: true } ? Segments(summary.Root).Max(block => block.KeptBytes) : 0;
        ((double)(summary.TrainingActivationBytes - later) / kept).Should().BeApproximately(1, Tolerance, $"{kept / 1e6:f1} MB are kept");

        static IEnumerable<ModuleCost> Segments(ModuleCost part) => part.Module.EndsWith("Block", StringComparison.Ordinal) ? [part] : part.Parts.SelectMany(Segments);
    }

    /// <summary>Measured after each layer, when the convolutions' own workspace is free again, and compared with the prediction for that moment; what exists only between layers, as in attention, isn't seen.</summary>
    [PeakMemoryTheory]
    [MemberData(nameof(Names))]
    public void Inference_peaks_where_it_is_predicted(string name)
    {
        var (options, size) = Networks[name];
        using var model = options.Build();
        model.eval();
        using var input = rand([1, options.InChannels, .. size]);
        var graph = model.Record([1, options.InChannels, .. size]);
        var memory = new FlowMemory(graph, new MemoryMode(Training: false));
        var predicted = graph.Nodes.Index().Where(node => node.Item.Operation is LayerOperation).Max(node => memory.AliveAt[node.Index]);
        memory.PeakBytes.Should().Be(model.Summary(size).InferencePeakBytes).And.BeGreaterThanOrEqualTo(predicted);
        using var noGradient = no_grad();
        model.call(input).Dispose();

        var peak = 0L;
        foreach (var layer in model.modules().OfType<Module<Tensor, Tensor>>().Where(module => !module.children().Any()))
            layer.register_forward_hook((_, _, output) =>
            {
                peak = Math.Max(peak, PeakMemory.Held());
                return output;
            });
        // What the process does besides, such as compiling, takes and frees memory as well, before a run or in it.
        var peaks = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            var before = PeakMemory.Settled();
            peak = 0;
            model.call(input).Dispose();
            peaks.Add(peak - before);
        }
        var median = peaks.Order().ElementAt(peaks.Count / 2);
        ((double)predicted / median).Should().BeApproximately(1, Tolerance, $"{median / 1e6:f1} MB are alive at the peak, of {string.Join(", ", peaks)} bytes");
    }

    /// <summary>Mixed precision keeps what <c>Fits</c> plans with. Transposed convolutions compute in float32 on a CPU, hence networks with few or none.</summary>
    [PeakMemoryTheory]
    [InlineData("unet bilinear")]
    [InlineData("nnunet residual")]
    [InlineData("mednext")]
    public void Mixed_precision_keeps_what_is_predicted(string name)
    {
        var (options, size) = Networks[name];
        using var model = options.Build();
        using var input = rand([1, options.InChannels, .. size]);
        var predicted = model.EstimateMemory(size, new FitRequest { Precision = ScalarType.BFloat16 }).ActivationBytes;
        using var mixed = new MixedPrecision(model, Precision.BFloat16);
        model.call(input).Dispose();
        var kept = KeptBy(model, input);
        ((double)predicted / kept).Should().BeApproximately(1, Tolerance, $"{kept / 1e6:f1} MB are kept");
    }

    [Fact]
    public void Checkpointing_keeps_less()
    {
        using var plain = MedNeXt(SpatialDims.Two).Build();
        using var checkpointed = (MedNeXt(SpatialDims.Two) with { ActivationCheckpointing = true }).Build();
        checkpointed.Summary(64, 64).TrainingActivationBytes.Should().BeLessThan(plain.Summary(64, 64).TrainingActivationBytes / 2);
        checkpointed.Summary(64, 64).InferencePeakBytes.Should().Be(plain.Summary(64, 64).InferencePeakBytes);
        checkpointed.Summary(64, 64).Macs.Should().Be(plain.Summary(64, 64).Macs);
    }

    [Fact]
    public void Bytes_follow_the_type_of_the_weights()
    {
        using var model = new PlainConvUNetOptions { InChannels = 1, OutChannels = 2, Stages = 3, FeaturesPerStage = [3, 4, 5] }.Build();
        var single = model.Summary(32, 32);
        model.to(ScalarType.BFloat16);
        var half = model.Summary(32, 32);
        half.TrainingActivationBytes.Should().Be(single.TrainingActivationBytes / 2);
        half.InferencePeakBytes.Should().Be(single.InferencePeakBytes / 2);
    }

    /// <summary>One unit by hand: the convolution keeps its input, which is the caller's, the norm the convolution's output, ReLU its own output, written over the norm's.</summary>
    [Fact]
    public void Counts_each_tensor_once()
    {
        using var unit = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch);
        var graph = Recorder.Record(unit, maps => [maps[0].Through(unit)], [[1, 2, 8, 8]]);
        new FlowMemory(graph, new MemoryMode(Training: true)).KeptBy.Should().Equal(0, (4 * 3 * 64) + (4 * 2 * 3), 4 * 3 * 64);
    }

    // The least of some runs: what libraries keep for later calls only adds.
    private static long KeptBy(SegmentationModel model, Tensor input) => Enumerable.Range(0, 3).Min(_ =>
    {
        SegmentationOutput? output = null;
        var held = PeakMemory.HeldAfter(() => output = model.call(input));
        output!.Dispose();
        return held;
    });

    private static MedNeXtOptions MedNeXt(SpatialDims dims) => new() { InChannels = 1, OutChannels = 3, SpatialDims = dims, Channels = 10, Depths = [1, 1, 1, 1, 1], Expansions = [2, 3, 4, 3, 2] };
}
