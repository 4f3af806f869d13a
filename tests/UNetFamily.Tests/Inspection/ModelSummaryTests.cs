using System.Globalization;

namespace UNetFamily.Tests;

public sealed class ModelSummaryTests
{
    public static TheoryData<string> Names() => SmallNetworks.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void The_tree_adds_up(string name)
    {
        var (options, size) = SmallNetworks.Find(name);
        using var model = options.Build();
        foreach (var parameter in model.parameters().Take(2)) parameter.requires_grad = false;
        var summary = model.Summary(size);

        summary.Root.Parameters.Should().Be(summary.Parameters).And.Be(model.parameters().Sum(parameter => parameter.numel()));
        summary.Root.TrainableParameters.Should().Be(summary.TrainableParameters).And.BeLessThan(summary.Parameters);
        summary.Root.Macs.Should().Be(summary.Macs);
        summary.Root.KeptBytes.Should().Be(summary.Layers.Sum(layer => layer.KeptBytes)).And.BePositive();
        summary.Root.Output.Should().Be(Output(model, size));
        Check(summary.Root);

        static void Check(ModuleCost module)
        {
            if (module.Parts.Count == 0) return;
            module.Macs.Should().BeGreaterThanOrEqualTo(module.Parts.Sum(part => part.Macs), module.Path);
            module.Parameters.Should().BeGreaterThanOrEqualTo(module.Parts.Sum(part => part.Parameters), module.Path);
            foreach (var part in module.Parts) Check(part);
        }
    }

    [Fact]
    public void Frozen_layers_are_told_apart()
    {
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3] }.Build();
        foreach (var parameter in model.parameters()) parameter.requires_grad = false;
        model.parameters().Last().requires_grad = true;
        var summary = model.Summary(16, 16);
        summary.TrainableParameters.Should().Be(2);
        summary.Layers[^1].TrainableParameters.Should().Be(2);
        summary.Layers[^1].Parameters.Should().Be(6);
        summary.Layers.SkipLast(1).Sum(layer => layer.TrainableParameters).Should().Be(0);
        summary.Root.Find("stem").TrainableParameters.Should().Be(0);
        summary.Root.Find("head").TrainableParameters.Should().Be(2);
    }

    /// <summary>The published split of ConvUNeXt, as the sums of its parts.</summary>
    [Fact]
    public void Parts_have_the_numbers_that_were_counted()
    {
        using var model = new ConvUNeXt(ConvUNeXtOptions.Official(3, 2));
        var root = model.Summary(64, 64).Root;
        root.Find("stem").Parameters.Should().Be(14_880);
        root.Find("down").Parts.Select(part => part.Parameters).Should().Equal(44_864, 171_648, 1_749_760, 802_304);
        root.Find("up").Parts.Select(part => part.Parameters).Should().Equal(533_760, 135_808, 35_136, 17_504);
        root.Find("head").Parameters.Should().Be(66);
        root.Find("up").Parts.Sum(stage => root.Find($"{stage.Path}.gate").Parameters).Should().Be(437_600);
    }

    public static TheoryData<SegmentationModelOptions, long> Counts() => new()
    {
        { UNetOptions.Milesial(1, 2), 31_036_546 },
        { UNetOptions.Milesial(1, 1), 31_036_481 },
        { UNetOptions.Milesial(3, 1), 31_037_633 },
        { UNetOptions.Milesial(1, 2, bilinear: true), 17_261_890 },
        { UNetOptions.Milesial(1, 1, bilinear: true), 17_261_825 },
        { UNetOptions.Milesial(3, 1, bilinear: true), 17_262_977 },
        { UNetOptions.Paper2015(3, 2), 31_031_810 },
        { UNetOptions.Paper2015(1, 1), 31_030_593 },
        { ConvUNeXtOptions.Official(1, 2), 3_502_594 },
        { ConvUNeXtOptions.Official(1, 2, baseWidth: 64), 13_818_882 },
        { UNetPlusPlusOptions.Nested(3, 1, deepSupervision: true), 9_163_428 },
        { UNetPlusPlusOptions.Nested(1, 1), 9_162_753 },
        { UNetPlusPlusOptions.Nested(1, 1, deepSupervision: true), 9_162_852 },
        { UNetPlusPlusOptions.Keras(1, 1, deepSupervision: true), 9_041_700 },
        { UNetPlusPlusOptions.Keras(3, 1), 9_042_177 },
        { UNetPlusPlusOptions.Keras(3, 1, deepSupervision: true), 9_042_276 },
        { UNetPlusPlusOptions.NnUNet(SpatialDims.Three, 1, 2, baseWidth: 30), 42_716_150 },
        { PlainConvUNetOptions.Planner3d(4, 4), 31_199_796 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..1]), 5_998_430 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..3]), 6_287_729 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..4]), 6_432_870 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..5]) with { BaseWidth = 8 }, 1_826_436 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..5]) with { BaseWidth = 32 }, 24_853_524 },
        { U2Net3dOptions.Shared(U2Net3dOptions.Decathlon), 33_162_434 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon) with { Adapter = AdapterKind.Series }, 38_990_114 },
        { U2Net3dOptions.Universal(U2Net3dOptions.Decathlon) with { Adapter = AdapterKind.Parallel }, 39_995_618 },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public void Networks_have_the_parameters_that_were_counted(SegmentationModelOptions options, long parameters)
    {
        using var model = options.Build();
        var side = options is UNetOptions { Padded: false } ? 188L : 64;
        var summary = model.Summary([.. Enumerable.Repeat(side, (int)options.SpatialDims)]);
        summary.Parameters.Should().Be(parameters);
        summary.Root.Parameters.Should().Be(parameters);
        summary.TrainableParameters.Should().Be(parameters);
    }

    [Fact]
    public void Prints_a_tree_to_a_depth()
    {
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [8, 16] }.Build();
        var summary = model.Summary(64, 96);
        summary.ToString(depth: 1).ReplaceLineEndings("\n").Should().Be("""
            module   type        output       parameters  trainable  multiply-accumulates      kept
            network  UNet        (2, 64, 96)       6,498      6,498            20,791,296    2.5 MB
              stem   DoubleConv  (8, 64, 96)         680        680             3,981,312  786.6 kB
              down   ModuleList                    3,520      3,520             5,308,416  540.9 kB
              up     ModuleList                    2,280      2,280            11,403,264    1.2 MB
              head   Conv2d      (2, 64, 96)          18         18                98,304
            UNet for (1, 64, 96): 6,498 parameters, all trainable; 20,791,296 multiply-accumulates
            Activations of one sample: 2.6 MB kept in a training step, 786.4 kB at the peak of inference
            Receptive field: 18 x 18 pixels
            """);
        summary.ToString().Split('\n').Length.Should().BeGreaterThan(summary.Layers.Count);
        summary.ToString().Should().Contain("\n        first  ").And.Contain("\n          conv  ").And.NotContain("Identity", "what does nothing is left out");
        summary.ToString(depth: 0).Split('\n').Should().HaveCount(5);
        summary.ToString().Should().Be(summary.ToString(depth: 10));
    }

    [Fact]
    public void A_view_of_one_domain_has_its_own_tree()
    {
        using var model = U2Net3dOptions.Universal(["heart", "liver"]).Build();
        using var liver = model.ForDomain("liver");
        var summary = liver.Summary(32, 32, 64);
        summary.Root.Parameters.Should().Be(summary.Parameters).And.BeLessThan(model.Summary(32, 32, 64).Parameters);
        FluentActions.Invoking(() => summary.Root.Find("stem.heart")).Should().Throw<ArgumentException>().WithMessage("'stem' has no module 'stem.heart' that learns or computes. It has: stem.liver.*");
    }

    [Fact]
    public void Options_print_without_what_follows_from_them()
    {
        foreach (var (_, options, _) in SmallNetworks.All)
        {
            var text = options.ToString();
            text.Should().StartWith($"{options.GetType().Name} {{ InChannels = 1, OutChannels = ").And.NotContain("KeyMap").And.NotContain("System.");
        }
        new UNetOptions { InChannels = 1, OutChannels = 2 }.ToString().Should().StartWith("UNetOptions { InChannels = 1, OutChannels = 2, SpatialDims = Two, Widths = [64, 128, 256, 512, 1024], ");
    }

    private static TensorShape Output(SegmentationModel model, long[] size)
    {
        using var noGradient = no_grad();
        using var input = rand([1, model.Options.InChannels, .. size]);
        using var output = model.call(input);
        return new TensorShape(output.Logits.shape.AsSpan(1));
    }
}
