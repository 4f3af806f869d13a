using Google.Protobuf;
using Onnx;

namespace UNetFamily.Tests.Onnx;

/// <summary>ONNX files as networks: in sliding windows, from other projects, and from strangers.</summary>
public sealed class OnnxNetworkTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    private string Net => Path.Combine(folder.FullName, "net.onnx");

    public void Dispose() => folder.Delete(recursive: true);

    public static TheoryData<SpatialDims, BlendMode, PaddingModes, bool> Windows() => new()
    {
        { SpatialDims.Two, BlendMode.Constant, PaddingModes.Constant, false },
        { SpatialDims.Two, BlendMode.Gaussian, PaddingModes.Reflect, true },
        { SpatialDims.Three, BlendMode.Gaussian, PaddingModes.Replicate, true },
        { SpatialDims.Three, BlendMode.Constant, PaddingModes.Circular, false },
        { SpatialDims.Three, BlendMode.Gaussian, PaddingModes.Constant, true },
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public void A_sliding_window_gives_the_same_by_file_by_network_and_on_plain_memory(SpatialDims dims, BlendMode blend, PaddingModes padding, bool mirror)
    {
        using var scope = NewDisposeScope();
        using var model = Exported.Filled(new UNet(new UNetOptions { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [4, 6, 8], Norm = Normalization.Instance }));
        model.ExportOnnx(Net, 16);
        using var network = OnnxNetwork.FromFile(Net, new() { Threads = 1 });
        // Smaller than a window on one axis.
        var image = randn(dims is SpatialDims.Two ? [2, 12, 37] : [2, 29, 12, 21]);
        var sliding = new SlidingWindow { RoiSize = 16, Overlap = [0.4], Mode = blend, PaddingMode = padding, Cval = 0.5, SwBatchSize = 3, MirrorAxes = mirror ? [0, (int)dims - 1] : [] };
        var expected = sliding.Logits(model, image);
        var tolerance = 1e-4 * expected.abs().max().ToDouble();
        TensorAssert.Close(sliding.Logits(network, image), expected, tolerance);

        var numbers = image.data<float>().ToArray();
        var reports = new List<WindowProgress>();
        var plain = sliding.Logits(network, numbers, image.shape, new Immediate(reports));
        TensorAssert.Close(tensor(plain, expected.shape), expected, tolerance, "the logits on plain memory");
        reports.Should().NotBeEmpty();
        reports[^1].Done.Should().Be(reports[^1].Total);

        // On the same file only ties can differ.
        var labels = sliding.Labels(network, image);
        sliding.Labels(network, numbers, image.shape).Select(label => (byte)label).Should().Equal(labels.data<byte>().ToArray());
        var streamed = new List<byte>();
        sliding.Labels(network, new TensorImage(image), (_, rows) => streamed.AddRange(rows.data<byte>().ToArray()));
        streamed.Should().Equal(labels.data<byte>().ToArray());
    }

    [Fact]
    public void An_unpadded_network_is_tiled()
    {
        using var scope = NewDisposeScope();
        using var model = Exported.Filled(new UNet(UNetOptions.Paper2015() with { Widths = [2, 3], Dropout = 0 }));
        model.ExportOnnx(Net, 48);
        using var network = OnnxNetwork.FromFile(Net);
        var (image, sliding) = (randn(1, 61, 80), new SlidingWindow { RoiSize = 48, PaddingMode = PaddingModes.Reflect });
        var expected = sliding.Logits(model, image);
        TensorAssert.Close(sliding.Logits(network, image), expected, 1e-4 * expected.abs().max().ToDouble());
        TensorAssert.Close(tensor(sliding.Logits(network, image.data<float>().ToArray(), image.shape), expected.shape), expected, 1e-4 * expected.abs().max().ToDouble());
    }

    [Fact]
    public void Misfits_are_refused_alike()
    {
        using var model = Exported.Filled(new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 6], Norm = Normalization.Instance }));
        model.ExportOnnx(Net, 16);
        using var network = OnnxNetwork.FromFile(Net);
        var sliding = new SlidingWindow { RoiSize = 16 };
        sliding.Invoking(s => s.Labels(network, new float[2 * 16 * 16], [2, 16, 16])).Should().Throw<ArgumentException>().WithMessage("*InChannels = 1; image has 2*");
        sliding.Invoking(s => s.Labels(network, new float[16 * 16], [1, 16, 17])).Should().Throw<ArgumentException>().WithMessage("*256 numbers*");
        sliding.Invoking(s => s.Labels(network, new float[512], [1, 2, 16, 16])).Should().Throw<ArgumentException>().WithMessage("*2 spatial axes; image has 3*");
        (sliding with { RoiSize = 15 }).Invoking(s => s.Labels(network, new float[256], [1, 16, 16])).Should().Throw<ArgumentException>().WithMessage("RoiSize (15, 15) doesn't fit UNet*Nearest*");
        (sliding with { Overlap = [1] }).Invoking(s => s.Labels(network, new float[256], [1, 16, 16])).Should().Throw<ArgumentException>().WithMessage("*Overlap*");
        var broken = new float[256];
        broken[35] = float.NaN;
        sliding.Invoking(s => s.Labels(network, broken, [1, 16, 16])).Should().Throw<ArgumentException>().WithMessage("*channel 0 at (2, 3) is NaN*");
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        sliding.Invoking(s => s.Labels(network, new float[256], [1, 16, 16], cancellation: stop.Token)).Should().Throw<OperationCanceledException>();
        using (no_grad()) model.parameters().First().fill_(1e30f);
        model.ExportOnnx(Net, 16, new() { FoldNorms = false });
        using var infinite = OnnxNetwork.FromFile(Net);
        sliding.Invoking(s => s.Labels(infinite, Enumerable.Range(0, 256).Select(i => 1e20f * i).ToArray(), [1, 16, 16])).Should().Throw<NotFiniteNumberException>().WithMessage("image is finite, but the logit of class 0*");
    }

    [Fact]
    public void Labels_can_not_be_averaged()
    {
        using var model = Exported.Filled(new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 6], Norm = Normalization.Instance }));
        model.ExportOnnx(Net, 16, new() { Output = OnnxOutput.Labels });
        using var network = OnnxNetwork.FromFile(Net);
        network.GivesLabels.Should().BeTrue();
        new SlidingWindow().Invoking(s => s.Labels(network, new float[256], [1, 16, 16])).Should().Throw<InvalidOperationException>().WithMessage("*gives labels*Export it with logits*");
    }

    [Fact]
    public void A_provider_that_is_not_there_is_named_with_its_package()
    {
        File.WriteAllBytes(Net, Doubling().ToByteArray());
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net, new() { ExecutionProviders = ["cuda", "cpu"] })).Should().Throw<ArgumentException>().WithMessage("There is no execution provider 'cuda'*it has *cpu*Microsoft.ML.OnnxRuntime.Gpu has it.*");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net, new() { ExecutionProviders = ["abacus"] })).Should().Throw<ArgumentException>().WithMessage("*'abacus'*");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net, new() { ExecutionProviders = [] })).Should().Throw<ArgumentException>().WithMessage("*Nearest: cpu*");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net, new() { Output = "other" })).Should().Throw<ArgumentException>().WithMessage("*no output 'other'; it has y*");
        using var network = OnnxNetwork.FromFile(Net, new() { ExecutionProviders = ["CPUExecutionProvider"] });
        network.Name.Should().Be("net.onnx");
    }

    [Fact]
    public void A_foreign_file_with_one_batch_and_half_numbers_runs()
    {
        using var scope = NewDisposeScope();
        File.WriteAllBytes(Net, Doubling(batch: 2, type: TensorProto.Types.DataType.Float16).ToByteArray());
        using var network = OnnxNetwork.FromFile(Net);
        network.OutChannels.Should().Be(3);
        var input = randint(0, 50, [3, 3, 4, 6]).to(ScalarType.Float32);
        TensorAssert.Equal(network.Predict(input), input * 2);
        network.OutputSize([4, 6]).Should().Equal(4, 6);
        network.Invoking(n => n.Predict(rand(1, 2, 4, 4))).Should().Throw<ArgumentException>().WithMessage("*takes 3 channels*");
        network.Dispose();
        network.Invoking(n => n.Predict(input)).Should().Throw<ObjectDisposedException>();
    }

    public static TheoryData<string> Hostile() => new(Attacks.Keys);

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_files_are_refused(string attack)
    {
        File.WriteAllBytes(Path.Combine(folder.FullName, "weights.bin"), new byte[12]);
        var model = Doubling();
        var (harm, message) = Attacks[attack];
        harm(model);
        File.WriteAllBytes(Net, model.ToByteArray());
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net)).Should().Throw<CheckpointException>().WithMessage(message);
    }

    private static readonly Dictionary<string, (Action<ModelProto> Harm, string Message)> Attacks = new()
    {
        ["absolute path"] = (model => Outside(model, "/etc/passwd"), "*'/etc/passwd'*no absolute path, and no '..'*"),
        ["path upwards"] = (model => Outside(model, "../weights.bin"), "*no '..'*"),
        ["path upwards from within"] = (model => Outside(model, "a/../../weights.bin"), "*no '..'*"),
        ["path upwards, other slash"] = (model => Outside(model, "..\\weights.bin"), "*no '..'*"),
        ["drive"] = (model => Outside(model, "C:weights.bin"), "*no absolute path*"),
        ["no location"] = (model => Outside(model, ""), "*doesn't say where*"),
        ["missing"] = (model => Outside(model, "other.bin"), "*'other.bin' beside the file, which isn't there*"),
        ["negative offset"] = (model => Outside(model, "weights.bin", offset: "-4"), "*offset of '-4'*"),
        ["far offset"] = (model => Outside(model, "weights.bin", offset: "9223372036854775807"), "*12 bytes*"),
        ["cut off"] = (model => Outside(model, "weights.bin", offset: "4"), "*12 bytes. It is cut off*"),
        ["other length"] = (model => Outside(model, "weights.bin", length: "8"), "*needs 12 bytes*8 lie outside*"),
        ["in a node"] = (model => Constant(model, "/etc/passwd"), "*no absolute path*"),
        ["in a branch"] = (model => model.Graph.Node.Add(new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = new GraphProto { Initializer = { External("/etc/passwd") } } } } }), "*no absolute path*"),
        ["in a function"] = (model => model.Functions.Add(new FunctionProto { Name = "f", Node = { new NodeProto { Attribute = { new AttributeProto { Name = "value", T = External("../x") } } } } }), "*no '..'*"),
        ["negative side"] = (model => Weight(model).Dims[0] = -3, "*sides (-3), which no tensor has*"),
        ["overflowing sides"] = (model => Weight(model).Dims.AddRange([long.MaxValue, 4]), "*which no tensor has*"),
        ["large sides"] = (model => Weight(model).Dims[0] = 1L << 40, "*needs 4398046511104 bytes for (1099511627776), and has 12*"),
        ["negative input"] = (model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = -1, "*'x' has a side of -1*"),
        ["negative sizes in a note"] = (model => model.MetadataProps.Add(new StringStringEntryProto { Key = "unetfamily.sizes", Value = """{"minimum":[-1,1],"step":[1,1],"cells":1}""" }), "*unetfamily.sizes*"),
        ["two notes of one name"] = (model => model.MetadataProps.AddRange([new() { Key = "a" }, new() { Key = "a" }]), "*two texts named 'a'*"),
        ["two inputs"] = (model => model.Graph.Input.Add(Value("more")), "*2 inputs*"),
        ["rank"] = (model => model.Graph.Input[0].Type.TensorType.Shape.Dim.RemoveAt(0), "*3 axes*"),
        ["whole numbers"] = (model => model.Graph.Input[0].Type.TensorType.ElemType = model.Graph.Output[0].Type.TensorType.ElemType = Weight(model).DataType = (int)TensorProto.Types.DataType.Int32, "*Its input is of Int32*"),
        ["unknown operator"] = (model => model.Graph.Node[0].OpType = "Conquer", "ONNX Runtime doesn't load it: *".Insert(0, "*")),
        ["no graph"] = (model => model.Graph = null, "*no graph*"),
        ["no version"] = (model => model.IrVersion = 0, "*no version*"),
    };

    [Fact]
    public void Weights_are_not_read_through_links()
    {
        if (OperatingSystem.IsWindows()) return;
        var elsewhere = Directory.CreateTempSubdirectory();
        File.WriteAllBytes(Path.Combine(elsewhere.FullName, "secret"), new byte[12]);
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "weights.bin"), Path.Combine(elsewhere.FullName, "secret"));
        var model = Doubling();
        Outside(model, "weights.bin");
        File.WriteAllBytes(Net, model.ToByteArray());
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net)).Should().Throw<CheckpointException>().WithMessage("*through the link*");
        elsewhere.Delete(recursive: true);
    }

    [Fact]
    public void Broken_files_are_read_or_refused()
    {
        using var model = Exported.Filled(new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3] }));
        model.ExportOnnx(Net, 16);
        var whole = File.ReadAllBytes(Net);
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var broken = (byte[])whole.Clone();
            if (round % 3 == 0) broken = broken[..random.Next(broken.Length)];
            else
                for (var change = 0; change <= round % 4; change++) broken[random.Next(broken.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(Net, broken);
            try
            {
                // The check alone: what it lets through, native code sees next.
                OnnxFileCheck.Read(Net);
                broken.Length.Should().Be(whole.Length, "a file that is cut off is never whole");
            }
            catch (CheckpointException refused)
            {
                refused.Message.Should().NotContain("\0");
            }
        }
        File.WriteAllText(Net, "<html>not found</html>");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net)).Should().Throw<CheckpointException>().WithMessage("*no ONNX model*");
        File.WriteAllBytes(Net, []);
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net)).Should().Throw<CheckpointException>().WithMessage("*no ONNX model*");
        FluentActions.Invoking(() => OnnxNetwork.FromFile(Net + ".no")).Should().Throw<FileNotFoundException>();
    }

    /// <summary>A file of another project: x * 2 by channel.</summary>
    private static ModelProto Doubling(long batch = 0, TensorProto.Types.DataType type = TensorProto.Types.DataType.Float)
    {
        var weight = new TensorProto { Name = "w", DataType = (int)type, RawData = ByteString.CopyFrom(type is TensorProto.Types.DataType.Float ? [.. Enumerable.Repeat(BitConverter.GetBytes(2f), 3).SelectMany(b => b)] : [.. Enumerable.Repeat(BitConverter.GetBytes((Half)2), 3).SelectMany(b => b)]) };
        weight.Dims.Add(3);
        var shape = new TensorProto { Name = "s", DataType = (int)TensorProto.Types.DataType.Int64, RawData = ByteString.CopyFrom([.. new[] { 3L, 1, 1 }.SelectMany(BitConverter.GetBytes)]) };
        shape.Dims.Add(3);
        var graph = new GraphProto { Name = "doubling", Input = { Value("x", batch, type) }, Output = { Value("y", batch, type) }, Initializer = { weight, shape } };
        graph.Node.Add(new NodeProto { OpType = "Reshape", Input = { "w", "s" }, Output = { "f" } });
        graph.Node.Add(new NodeProto { OpType = "Mul", Input = { "x", "f" }, Output = { "y" } });
        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = graph };
    }

    private static ValueInfoProto Value(string name, long batch = 0, TensorProto.Types.DataType type = TensorProto.Types.DataType.Float)
    {
        var first = batch > 0 ? new TensorShapeProto.Types.Dimension { DimValue = batch } : new TensorShapeProto.Types.Dimension { DimParam = "n" };
        var shape = new TensorShapeProto { Dim = { first, new TensorShapeProto.Types.Dimension { DimValue = 3 }, new TensorShapeProto.Types.Dimension(), new TensorShapeProto.Types.Dimension() } };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } } };
    }

    private static TensorProto Weight(ModelProto model) => model.Graph.Initializer[0];

    private static void Outside(ModelProto model, string location, string offset = "0", string length = "12")
    {
        var weight = Weight(model);
        weight.RawData = ByteString.Empty;
        weight.DataLocation = TensorProto.Types.DataLocation.External;
        weight.ExternalData.AddRange([new() { Key = "location", Value = location }, new() { Key = "offset", Value = offset }, new() { Key = "length", Value = length }]);
    }

    private static TensorProto External(string location) =>
        new() { Name = "e", DataType = 1, DataLocation = TensorProto.Types.DataLocation.External, ExternalData = { new StringStringEntryProto { Key = "location", Value = location } } };

    private static void Constant(ModelProto model, string location) =>
        model.Graph.Node.Insert(0, new NodeProto { OpType = "Constant", Output = { "c" }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = External(location) } } });

    private sealed class Immediate(List<WindowProgress> reports) : IProgress<WindowProgress>
    {
        public void Report(WindowProgress value) => reports.Add(value);
    }
}
