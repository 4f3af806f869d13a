using System.Text.Json;
using UNetFamily.Samples.ComposeYourOwn;

namespace UNetFamily.Tests.Onnx;

/// <summary>What can be chosen of an export, and what is refused.</summary>
public sealed class OptionsExportTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    private string Net => Path.Combine(folder.FullName, "net.onnx");

    public void Dispose() => folder.Delete(recursive: true);

    private static UNet Small(long classes = 3) => Exported.Filled(new UNet(UNetOptions.Milesial(1, classes) with { Widths = [4, 6, 8] }));

    [Fact]
    public void A_composed_network_is_exported_with_no_further_code()
    {
        using var model = Exported.Filled(new GatedNest(new GatedNestOptions { InChannels = 3, OutChannels = 4, Widths = [4, 6, 8] }));
        var size = model.InputSizes.Cover([20, 30]);
        model.ExportOnnx(Net, Extent.Of(size));
        Exported.Compare(model, Net, [1, 3, .. size]);
        Exported.Compare(model, Net, [2, 3, size[0] + 8, size[1]]);
    }

    [Fact]
    public void Ends_in_probabilities_or_labels()
    {
        using var model = Centred(Small());
        using var one = Centred(Small(classes: 1));
        model.ExportOnnx(Net, 32, new() { Output = OnnxOutput.Softmax });
        Exported.Compare(model, Net, [2, 1, 32, 48], end: logits => logits.softmax(1), output: "probabilities");
        one.ExportOnnx(Net, 32, new() { Output = OnnxOutput.Sigmoid });
        Exported.Compare(one, Net, [2, 1, 32, 48], end: logits => logits.sigmoid());
        model.ExportOnnx(Net, 32, new() { Output = OnnxOutput.Labels });
        Exported.Compare(model, Net, [2, 1, 32, 48], tolerance: 0, end: logits => logits.argmax(1), output: "labels");
        one.ExportOnnx(Net, 32, new() { Output = OnnxOutput.Labels });
        Exported.Compare(one, Net, [1, 1, 32, 48], tolerance: 0, end: logits => logits.squeeze(1).gt(0));
        one.Invoking(m => m.ExportOnnx(Net, 32, new() { Output = OnnxOutput.Softmax })).Should().Throw<ArgumentException>().WithMessage("*whatever it is. Nearest: Sigmoid.*");
    }

    /// <summary>Every class somewhere.</summary>
    private static UNet Centred(UNet model)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        model.eval();
        model.named_parameters().Single(entry => entry.name == "head.bias").parameter.sub_(model.call(randn(1, 1, 32, 48)).Logits.mean([0, 2, 3]));
        return model;
    }

    [Fact]
    public void Deep_supervision_is_left_out_or_further_outputs()
    {
        using var model = Exported.Filled(new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 2, deepSupervision: true) with { Widths = [4, 4, 6, 6, 8] }));
        model.ExportOnnx(Net, 32);
        Outputs().Should().Equal("logits");
        model.ExportOnnx(Net, 32, new() { Auxiliary = true });
        Outputs().Should().Equal("logits", "auxiliary_1", "auxiliary_2", "auxiliary_3");

        IEnumerable<string> Outputs() => global::Onnx.ModelProto.Parser.ParseFrom(File.ReadAllBytes(Net)).Graph.Output.Select(output => output.Name);
    }

    [Fact]
    public void A_branch_and_a_domain_are_networks_of_their_own()
    {
        using var nested = Exported.Filled(new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 2, deepSupervision: true) with { Widths = [4, 4, 6, 6, 8] }));
        nested.ExportOnnx(Net, 32, new() { Level = 2 });
        Exported.Compare(nested, Net, [1, 1, 48, 32], map: 2);
        nested.Invoking(m => m.ExportOnnx(Net, 32, new() { Level = 7 })).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*heads on the branches 1, 2, 3, 4*");
        nested.Invoking(m => m.ExportOnnx(Net, 32, new() { Domain = "liver" })).Should().Throw<ArgumentException>().WithMessage("*isn't made for several*");

        using var several = Exported.Filled((U2Net3d)(U2Net3dOptions.Universal(["heart", "liver"]) with { BaseWidth = 4, Pools = 2 }).Build());
        several.ExportOnnx(Net, 16, new() { Domain = "liver" });
        Exported.Compare(several.ForDomain("liver"), Net, [1, 1, 16, 16, 24]);
        several.Invoking(m => m.ExportOnnx(Net, 16, new() { Domain = "lung" })).Should().Throw<ArgumentException>().WithMessage("*heart*liver*");
        several.Invoking(m => m.ExportOnnx(Net, 16, new() { Level = 1 })).Should().Throw<ArgumentException>().WithMessage("*no branches*");
    }

    [Fact]
    public void Half_weights_take_half_the_space()
    {
        using var model = Small();
        model.ExportOnnx(Net, 32);
        var whole = new FileInfo(Net).Length;
        model.ExportOnnx(Net, 32, new() { HalfWeights = true });
        Exported.Compare(model, Net, [1, 1, 32, 32], tolerance: 5e-3);
        var weights = global::Onnx.ModelProto.Parser.ParseFrom(File.ReadAllBytes(Net)).Graph.Initializer;
        weights.Where(weight => weight.Dims.Count == 4).Should().OnlyContain(weight => weight.DataType == (int)global::Onnx.TensorProto.Types.DataType.Float16);
        (whole - new FileInfo(Net).Length).Should().BeGreaterThan(model.parameters().Where(weight => weight.dim() == 4).Sum(weight => weight.numel()) * 2 - 4000);

        using (no_grad()) model.parameters().First(weight => weight.dim() == 4).mul_(1e7);
        var before = File.ReadAllBytes(Net);
        model.Invoking(m => m.ExportOnnx(Net, 32, new() { HalfWeights = true, FoldNorms = false })).Should().Throw<NotSupportedException>().WithMessage("*.weight' has a number of*65504*");
        File.ReadAllBytes(Net).Should().Equal(before);
        folder.GetFiles().Should().ContainSingle();
    }

    [Fact]
    public void Many_weights_go_beside_the_file()
    {
        using var model = Small();
        model.ExportOnnx(Net, 32, new() { MostInside = 10_000 });
        folder.GetFiles().Select(file => file.Name).Should().BeEquivalentTo("net.onnx", "net.onnx.data");
        new FileInfo(Net).Length.Should().BeLessThan(40_000);
        Exported.Compare(model, Net, [2, 1, 32, 32]);

        File.Delete(Net + ".data");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net)).Should().Throw<CheckpointException>().WithMessage("*lies in 'net.onnx.data' beside the file, which isn't there*");
    }

    [Fact]
    public void A_file_says_what_it_is_and_has_the_notes()
    {
        using var model = Small();
        model.train();
        model.ExportOnnx(Net, (32, 48), new() { Notes = new Dictionary<string, string> { ["classes"] = "Hintergrund, Leber\nMilz ü" } });
        model.training.Should().BeTrue("an export leaves modes alone");
        using var network = OnnxNetwork.FromFile(Net);
        network.Metadata["classes"].Should().Be("Hintergrund, Leber\nMilz ü");
        network.Metadata["unetfamily.network"].Should().Be("UNet");
        network.Metadata["unetfamily.version"].Should().StartWith("0.");
        network.Metadata["unetfamily.output"].Should().Be("Logits");
        JsonDocument.Parse(network.Metadata["unetfamily.options"]).RootElement.GetProperty("OutChannels").GetInt64().Should().Be(3);
        (network.Name, network.InChannels, network.OutChannels, network.GivesLabels).Should().Be(("UNet", 1, 3, false));
        // It pads to its skips, so it takes any size; the file takes those at which there is nothing to pad.
        network.InputSizes.ToString().Should().Be("height: multiples of 4; width: multiples of 4");
        network.OutputSize([40, 20]).Should().Equal(40, 20);
        model.Invoking(m => m.ExportOnnx(Net, 32, new() { Notes = new Dictionary<string, string> { ["unetfamily.mine"] = "" } })).Should().Throw<ArgumentException>().WithMessage("*'unetfamily.mine'*");
    }

    [Fact]
    public void A_size_that_needs_padding_is_the_only_one()
    {
        using var model = Small();
        model.ExportOnnx(Net, (33, 46));
        Exported.Compare(model, Net, [2, 1, 33, 46]);
        using var network = OnnxNetwork.FromFile(Net);
        network.Invoking(n => n.Predict(rand(1, 1, 36, 46))).Should().Throw<ArgumentException>().WithMessage("*height of input (axis 2) is 36; it takes 33 only.*");
    }

    [Fact]
    public void An_unpadded_network_gives_what_is_left()
    {
        using var model = Exported.Filled(new UNet(UNetOptions.Paper2015() with { Widths = [2, 3], Dropout = 0.5 }));
        model.ExportOnnx(Net, 48);
        Exported.Compare(model, Net, [2, 1, 48, 48]);
        using var network = OnnxNetwork.FromFile(Net);
        network.OutputSize([48, 48]).Should().Equal(model.Describe(48, 48).Shape[2..]);
    }

    [Fact]
    public void What_can_not_be_described_is_named_and_nothing_is_written()
    {
        using var model = new WithForeignLayer();
        model.Invoking(m => m.ExportOnnx(Net, 32)).Should().Throw<NotSupportedException>().WithMessage("*Odd (inner.1 of *");
        using var small = Small();
        small.Invoking(m => m.ExportOnnx(Path.Combine(folder.FullName, "no", "net.onnx"), 32)).Should().Throw<DirectoryNotFoundException>();
        small.Invoking(m => m.ExportOnnx(folder.FullName, 32)).Should().Throw<IOException>().WithMessage("*it is a folder*");
        small.Invoking(m => m.ExportOnnx(Net, (32, 32, 32))).Should().Throw<ArgumentException>().WithMessage("*2 spatial axes*");
        small.Invoking(m => m.ExportOnnx(Net, 0)).Should().Throw<ArgumentException>().WithMessage("*height of input*");
        small.Dispose();
        small.Invoking(m => m.ExportOnnx(Net, 32)).Should().Throw<ObjectDisposedException>();
        folder.GetFiles().Should().BeEmpty();
    }

    [Fact]
    public void A_network_in_half_or_double_is_exported_in_single()
    {
        using var model = Small();
        model.to(ScalarType.Float64);
        model.ExportOnnx(Net, 32);
        model.to(ScalarType.Float32);
        Exported.Compare(model, Net, [1, 1, 32, 32]);
    }

    [Fact]
    public void Leaves_nothing_alive()
    {
        using var model = Small();
        NoLeaks.During(() =>
        {
            model.ExportOnnx(Net, 32);
            using var network = OnnxNetwork.FromFile(Net);
            using var input = rand(1, 1, 32, 32);
            network.Predict(input).Dispose();
        }).Should().Be(0);
    }

    private sealed record ForeignOptions : SegmentationModelOptions
    {
        public override SegmentationModel Build() => new WithForeignLayer();
    }

    private sealed class WithForeignLayer : SegmentationModel
    {
        private readonly Sequential inner = Sequential(Conv2d(1, 2, 3), new Odd());

        public WithForeignLayer() : base(new ForeignOptions { InChannels = 1, OutChannels = 2 }) => RegisterComponents();

        public override InputSizes InputSizes => InputSizes.AtLeast(SpatialDims.Two, 3);

        protected override SegmentationMaps Flow(FeatureMap x) => x.Through(inner);
    }

    private sealed class Odd() : Module<Tensor, Tensor>(nameof(Odd))
    {
        public override Tensor forward(Tensor input) => input.alias();
    }
}
