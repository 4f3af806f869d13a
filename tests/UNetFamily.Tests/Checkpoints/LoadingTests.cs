namespace UNetFamily.Tests.Checkpoints;

/// <summary>Files into networks: all of it or nothing, and the message says what differs.</summary>
public sealed class LoadingTests : FileTests
{
    private static readonly UNetOptions Small = UNetOptions.Milesial(1, 2) with { Widths = [2, 4, 8] };

    [Fact]
    public void Recognizes_our_files_and_those_of_the_original()
    {
        using var source = Small.Build();
        source.Save(folder.File("ours.safetensors"));
        source.Export(folder.File("official.safetensors"), UNetKeyMaps.Milesial);
        foreach (var (file, origin) in new[] { ("ours.safetensors", "UNetFamily"), ("official.safetensors", "milesial/Pytorch-UNet") })
        {
            using var target = Small.Build();
            var report = target.Load(folder.File(file));
            report.Origin.Should().Be(origin);
            report.IsComplete.Should().BeTrue();
            report.Loaded.Should().HaveCount(target.state_dict().Count);
            HasTheWeightsOf(target, source);
        }
    }

    [Fact]
    public void A_mismatch_lists_every_difference_and_changes_nothing()
    {
        using var source = (Small with { OutChannels = 5 }).Build();
        Write("other.safetensors", source.state_dict().Where(entry => entry.Key != "stem.first.conv.weight")
            .Select(entry => (entry.Key == "stem.first.norm.weight" ? "stem.first.bn.weight" : entry.Key, entry.Key == "stem.first.norm.bias" ? entry.Value.to(ScalarType.Int64) : entry.Value)));
        using var target = Small.Build();
        var before = Copy(target);

        var error = target.Invoking(model => model.Load(folder.File("other.safetensors"))).Should().Throw<CheckpointMismatchException>().Which;

        error.Report.Differences.Select(difference => (difference.Problem, difference.Name)).Should().BeEquivalentTo(
        [
            (KeyProblem.Missing, "stem.first.conv.weight"),
            (KeyProblem.Missing, "stem.first.norm.weight"),
            (KeyProblem.Unexpected, "stem.first.bn.weight"),
            (KeyProblem.Shape, "head.weight"),
            (KeyProblem.Shape, "head.bias"),
            (KeyProblem.Type, "stem.first.norm.bias"),
        ]);
        error.Message.Should().Contain("missing: stem.first.norm.weight (2); the file has stem.first.bn.weight (2).")
            .And.Contain("unexpected: stem.first.bn.weight (2); missing is stem.first.norm.weight (2).")
            .And.Contain("wrong shape: head.weight is (5, 2, 1, 1) in the file and (2, 2, 1, 1) in the network.")
            .And.Contain("wrong type: stem.first.norm.bias is of Int64 in the file and Float32 in the network.")
            .And.EndWith("Nothing was loaded. LoadPartial takes what fits, for instance for another number of classes.");
        IsUnchanged(target, before);
    }

    [Fact]
    public void Partial_loading_takes_what_fits_and_says_what_did_not()
    {
        using var source = (Small with { OutChannels = 5 }).Build();
        source.Export(folder.File("pretrained.safetensors"), UNetKeyMaps.Milesial);
        using var target = Small.Build();
        using var head = target.state_dict()["head.weight"].detach().clone();

        var report = target.LoadPartial(folder.File("pretrained.safetensors"));

        report.Differences.Select(difference => difference.Name).Should().Equal("outc.conv.weight", "outc.conv.bias");
        TensorAssert.Equal(target.state_dict()["head.weight"], head);
        TensorAssert.Equal(target.state_dict()["stem.first.conv.weight"], source.state_dict()["stem.first.conv.weight"]);

        Write("strange.safetensors", [("x", zeros(3))]);
        target.Invoking(model => model.LoadPartial(folder.File("strange.safetensors"))).Should().Throw<CheckpointMismatchException>().WithMessage("*no entry fits*");
    }

    [Theory]
    [InlineData(ScalarType.Float16, ScalarType.Float32)]
    [InlineData(ScalarType.Float32, ScalarType.Float64)]
    [InlineData(ScalarType.Float64, ScalarType.BFloat16)]
    public void The_network_keeps_its_type(ScalarType inFile, ScalarType inNetwork)
    {
        using var source = Small.Build().to(inFile);
        source.Save(folder.File("a.safetensors"));
        using var target = Small.Build().to(inNetwork);
        target.Load(folder.File("a.safetensors"));
        foreach (var (name, tensor) in source.state_dict())
            TensorAssert.Equal(target.state_dict()[name], tensor.to(tensor.is_floating_point() ? inNetwork : tensor.dtype), name);
    }

    [Fact]
    public void Loads_into_weights_that_do_not_lie_side_by_side()
    {
        using var source = Conv2d(3, 4, 3);
        using var target = Conv2d(3, 4, 3);
        using (no_grad())
        {
            var strided = empty_strided([4, 3, 3, 3], [27, 1, 9, 3]);
            target.weight = new Parameter(strided);
        }
        Write("conv.safetensors", source.state_dict().Select(entry => (entry.Key, entry.Value)));
        using var checkpoint = Checkpoint.Open(folder.File("conv.safetensors"));
        target.Load(checkpoint, keys: null);
        target.weight.is_contiguous().Should().BeFalse();
        TensorAssert.Equal(target.weight, source.weight);
    }

    [Fact]
    public void Takes_off_the_word_that_a_training_framework_puts_in_front()
    {
        using var source = Small.Build();
        Write("wrapped.safetensors", source.state_dict().Select(entry => ("net." + entry.Key, entry.Value)));
        using var target = Small.Build();
        target.Load(folder.File("wrapped.safetensors")).IsComplete.Should().BeTrue();
        HasTheWeightsOf(target, source);
    }

    [Fact]
    public void Second_names_must_hold_the_same_numbers()
    {
        var keys = new KeyMap("test", new KeyRule.Alias("^b", "^a"));
        using var target = Sequential(("a", Linear(2, 1)));
        var (weight, bias) = (rand(1, 2), rand(1));

        Write("tied.safetensors", [("a.weight", weight), ("a.bias", bias), ("b.weight", weight), ("b.bias", bias)]);
        using (var file = Checkpoint.Open(folder.File("tied.safetensors"))) target.Load(file, keys).Loaded.Should().HaveCount(2);
        TensorAssert.Equal(target.state_dict()["a.weight"], weight);

        Write("second.safetensors", [("b.weight", -weight), ("b.bias", bias)]);
        using (var file = Checkpoint.Open(folder.File("second.safetensors"))) target.Load(file, keys).IsComplete.Should().BeTrue();
        TensorAssert.Equal(target.state_dict()["a.weight"], -weight);

        Write("untied.safetensors", [("a.weight", weight), ("a.bias", bias), ("b.weight", -weight), ("b.bias", bias)]);
        using (var file = Checkpoint.Open(folder.File("untied.safetensors")))
            target.Invoking(module => module.Load(file, keys)).Should().Throw<CheckpointMismatchException>().WithMessage("*b.weight should be a second name of a.weight*");
    }

    [Fact]
    public void Weights_of_linear_layers_become_kernels_of_one()
    {
        var keys = new KeyMap("test", new KeyRule.LinearAsConv("weight"));
        using var source = Linear(3, 2);
        using var target = Conv3d(3, 2, 1);
        Write("linear.safetensors", source.state_dict().Select(entry => (entry.Key, entry.Value)));
        using (var file = Checkpoint.Open(folder.File("linear.safetensors"))) target.Load(file, keys).IsComplete.Should().BeTrue();
        TensorAssert.Equal(target.weight.reshape(2, 3), source.weight);

        CheckpointSaving.Official(target, keys).Select(item => (item.Name, Shapes.Text(item.Shape))).Should().BeEquivalentTo([("weight", "(2, 3)"), ("bias", "(2)")]);
    }

    [Fact]
    public void A_view_with_steps_loads_like_any_other()
    {
        using var file = Checkpoint.Open(TestFiles.Path("views.pth"));
        using var target = new Holder(("transposed", zeros(6, 4)), ("channels_last", zeros(2, 3, 4, 5)));
        var keys = new KeyMap("test", [.. file.Tensors.Where(entry => entry.Name is not ("transposed" or "channels_last")).Select(entry => new KeyRule.Drop($"^{entry.Name}$"))]);
        target.Load(file, keys).Unused.Should().HaveCount(8);
        TensorAssert.Equal(target.state_dict()["transposed"], arange(24, dtype: ScalarType.Float32).reshape(4, 6).t());
    }

    [Fact]
    public void Loading_leaves_no_tensors_behind()
    {
        using var model = Small.Build();
        model.Save(folder.File("a.safetensors"));
        NoLeaks.During(() => model.Load(folder.File("a.safetensors"))).Should().Be(0);
    }

    [PeakMemoryTheory]
    [InlineData("large.safetensors")]
    [InlineData("large.pth")]
    public void Loading_needs_no_memory_beyond_the_network(string name)
    {
        const int Numbers = 16 << 20;
        if (name.EndsWith(".pth", StringComparison.Ordinal))
            File.WriteAllBytes(folder.File(name), TorchFile.Of(Step.Pickle(Step.Dictionary(("w", Step.Tensor(Step.Storage("0", Numbers), 0, [Numbers], [1])))), new byte[4 * Numbers]));
        else
            Write(name, [("w", zeros(Numbers))]);
        using var target = new Holder(("w", ones(Numbers)));

        PeakMemory.During(() =>
        {
            using var file = Checkpoint.Open(folder.File(name));
            target.Load(file, keys: null);
        }).Should().BeLessThan(8 << 20, "the file has {0} MiB", 4 * Numbers >> 20);
        target.state_dict()["w"].any().item<bool>().Should().BeFalse();
    }

    [CudaFact]
    public void The_network_keeps_its_device()
    {
        using var source = Small.Build();
        source.Save(folder.File("cpu.safetensors"));
        using var target = Small.Build().to(CUDA);
        target.Load(folder.File("cpu.safetensors"));
        target.Save(folder.File("cuda.safetensors"));
        using var back = SegmentationModel.FromFile(folder.File("cuda.safetensors"));
        target.state_dict().Values.Should().OnlyContain(tensor => tensor.device_type == DeviceType.CUDA);
        HasTheWeightsOf(back, source);
    }

    private void Write(string name, IEnumerable<(string Name, Tensor Value)> entries) =>
        SafetensorsWriter.Write(folder.File(name), entries.Select(entry => SafetensorsItem.Of(entry.Name, entry.Value)), new Dictionary<string, string>());

    private static Dictionary<string, Tensor> Copy(nn.Module module) => module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    private static void IsUnchanged(nn.Module module, Dictionary<string, Tensor> before)
    {
        foreach (var (name, tensor) in module.state_dict()) TensorAssert.Equal(tensor, before[name], name);
    }

    private static void HasTheWeightsOf(nn.Module module, nn.Module source)
    {
        foreach (var (name, tensor) in source.state_dict()) TensorAssert.Equal(module.state_dict()[name], tensor, name);
    }

    private sealed class Holder : nn.Module
    {
        public Holder(params (string Name, Tensor Value)[] buffers) : base(nameof(Holder))
        {
            foreach (var (name, value) in buffers) register_buffer(name, value);
        }
    }
}
