namespace UNetFamily.Tests.Checkpoints;

/// <summary>Files that PyTorch loads, and older or further forms of them, load here with the same outputs.</summary>
public sealed class TolerantLoadingTests : FileTests
{
    private static readonly UNetOptions Small = UNetOptions.Milesial(3, 2) with { Widths = [2, 4, 8] };

    /// <summary>A network with milesial's names of 2019, whose convolutions have biases in front of their norms; PyTorch 1.13 made the file and the outputs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_bias_in_front_of_a_batch_norm_is_folded_into_its_mean(bool partial)
    {
        using var model = Small.Build();
        using var file = Checkpoint.Open(TestFiles.Path("milesial-biases.pth"), "state_dict");
        using var made = Checkpoint.Open(TestFiles.Path("milesial-biases.pth"), "");

        var report = partial ? model.LoadPartial(file) : model.Load(file);

        report.IsComplete.Should().BeTrue();
        report.Folded.Should().BeEquivalentTo(file.Tensors.Where(entry => entry.Name.Contains("double_conv", StringComparison.Ordinal) && entry.Shape.Count == 1 && file.Find(entry.Name.Replace(".bias", ".running_mean", StringComparison.Ordinal)) is null
            && entry.Name.EndsWith(".bias", StringComparison.Ordinal)).Select(entry => entry.Name)).And.HaveCount(10);
        model.eval();
        TensorAssert.Close(model.call(made.Read("input")).Logits, made.Read("evaluated"), 2e-5);
        model.train();
        TensorAssert.Close(model.call(made.Read("input")).Logits, made.Read("trained"), 2e-5);
        var transferred = Small.Build();
        UpKern.Initialize(transferred, file);
        transferred.eval();
        TensorAssert.Close(transferred.call(made.Read("input")).Logits, made.Read("evaluated"), 2e-5);
    }

    [Fact]
    public void A_bias_that_has_no_mean_to_go_to_is_said()
    {
        using var model = Small.Build();
        var entries = CheckpointSaving.Official(model, UNetKeyMaps.Milesial).Append(SafetensorsItem.Of("inc.double_conv.0.bias", zeros(3))).ToArray();
        using var file = Open(entries);
        model.Invoking(it => it.Load(file)).Should().Throw<CheckpointMismatchException>().WithMessage("*unexpected: inc.double_conv.0.bias (3)*");
    }

    public static TheoryData<string> WithCounters() => new(ModelCatalog.Variants.Select(variant => (variant.Name, Options: SmallVariants.Of(variant.Name))).DistinctBy(variant => variant.Options.GetType())
        .Where(variant => variant.Options.GetType().GetProperty("Norm") is not null).Select(variant => variant.Name).Append("unet-milesial"));

    [Theory]
    [MemberData(nameof(WithCounters))]
    public void The_count_of_batches_may_be_missing_or_of_another_shape_or_type(string name)
    {
        var options = SmallVariants.Of(name);
        options = options.With(options.GetType().GetProperty("Norm")!, Normalization.Batch);
        using var source = options.Build();
        using var target = options.Build();
        source.state_dict().Keys.Should().Contain(entry => IsCounter(entry));
        foreach (var counter in source.state_dict().Where(entry => IsCounter(entry.Key))) counter.Value.fill_(41);
        Func<Tensor, Tensor?>[] forms =
        [
            _ => null, x => x, x => x.reshape(1), x => x.reshape(1, 1), x => x.to(ScalarType.Int32), x => x.to(ScalarType.Float32), x => x.to(ScalarType.Float64).reshape(1), x => x.to(ScalarType.Byte),
            x => x.expand(3).contiguous(), x => x.to(ScalarType.Float16),
        ];
        foreach (var (index, form) in forms.Index())
        {
            foreach (var counter in target.state_dict().Where(entry => IsCounter(entry.Key))) counter.Value.fill_(7);
            using var file = Open(source.state_dict().Select(entry => (entry.Key, Value: IsCounter(entry.Key) ? form(entry.Value) : entry.Value)).Where(entry => entry.Value is not null).Select(entry => SafetensorsItem.Of(entry.Key, entry.Value!)));

            target.Load(file).IsComplete.Should().BeTrue();

            foreach (var (entry, tensor) in target.state_dict())
            {
                if (IsCounter(entry)) tensor.item<long>().Should().Be(index == 0 ? 7 : 41);
                else TensorAssert.Equal(tensor, source.state_dict()[entry], entry);
            }
        }
    }

    [Fact]
    public void A_count_of_no_numbers_is_wrong()
    {
        using var model = Small.Build();
        using var file = Open(model.state_dict().Select(entry => SafetensorsItem.Of(entry.Key, entry.Key == "stem.first.norm.num_batches_tracked" ? zeros([0], ScalarType.Int64) : entry.Value)));
        model.Invoking(it => it.Load(file)).Should().Throw<CheckpointMismatchException>().WithMessage("*wrong shape: stem.first.norm.num_batches_tracked is (0)*");
    }

    [Fact]
    public void An_expanded_tensor_loads_where_the_network_bounds_its_size()
    {
        using var source = Small.Build();
        using (no_grad()) source.state_dict()["head.weight"].fill_(3).select(0, 1).fill_(3);
        using var target = Small.Build();
        var writer = new TorchWriter();
        var shape = source.state_dict()["head.weight"].shape;
        var entries = source.state_dict().Select(entry => (entry.Key, entry.Key == "head.weight" ? writer.Tensor(full(1, 3f), shape, [0, 0, 0, 0]) : writer.Tensor(entry.Value))).ToArray();
        using var file = TestFiles.Open(writer.File(Step.Dictionary(entries)));

        target.Load(file).IsComplete.Should().BeTrue();

        foreach (var (name, tensor) in source.state_dict()) TensorAssert.Equal(target.state_dict()[name], tensor, name);
        file.Invoking(it => it.Read("head.weight")).Should().Throw<CheckpointException>().WithMessage("*repeats numbers*", "nobody else than the file bounds its size");
    }

    [Fact]
    public void A_name_that_only_the_metadata_lists_is_found()
    {
        using var source = Small.Build();
        var state = source.state_dict();
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, state.Where(entry => entry.Key != "head.bias").Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)).Append(SafetensorsItem.Of("tied.bias", state["head.bias"])),
            new Dictionary<string, string> { ["format"] = "pt", ["head.bias"] = "tied.bias" });
        using var file = TestFiles.Open(stream.ToArray());
        using var target = Small.Build();

        target.Load(file).IsComplete.Should().BeTrue();

        foreach (var (name, tensor) in state) TensorAssert.Equal(target.state_dict()[name], tensor, name);
        TensorAssert.Equal(file.Read("head.bias"), state["head.bias"]);
    }

    /// <summary>As <c>safetensors.torch.save_model</c> writes those networks whose original registers layers twice: the first name in order of the alphabet stays.</summary>
    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void Names_that_were_tied_by_Python_are_found(string name)
    {
        using var source = SmallVariants.Of(name).Build();
        using var target = SmallVariants.Of(name).Build();
        foreach (var keys in source.Options.KeyMaps)
        {
            var (kept, ties) = (new List<SafetensorsItem>(), new Dictionary<string, string>());
            foreach (var (ours, tensor) in source.state_dict())
            {
                var first = keys.ToOfficial(ours);
                string[] all = [.. keys.SecondNames(first).Prepend(first).Order(StringComparer.Ordinal)];
                kept.Add(SafetensorsItem.Of(all[0], tensor, keys.IsLinearAsConv(first) ? tensor.shape[..2] : tensor.shape));
                foreach (var other in all[1..]) ties.Add(other, all[0]);
            }
            using var stream = new MemoryStream();
            SafetensorsWriter.Write(stream, kept, ties);
            using var file = TestFiles.Open(stream.ToArray());
            target.Load(file).IsComplete.Should().BeTrue();
            foreach (var (entry, tensor) in source.state_dict()) TensorAssert.Equal(target.state_dict()[entry], tensor, entry);
        }
    }

    public static TheoryData<string> Supervised() => new(Choices.Networks.Where(options => options.GetType().GetProperty("DeepSupervision") is not null).Select(options => options.GetType().Name));

    [Theory]
    [MemberData(nameof(Supervised))]
    public void Heads_for_deep_supervision_in_the_file_alone_are_not_used(string network)
    {
        var options = Choices.Networks.Where(options => options.GetType().Name == network).Select(Deep).First();
        var property = options.GetType().GetProperty("DeepSupervision")!;
        using var source = options.With(property, true).Build();
        using var target = options.With(property, false).Build();
        source.Save(folder.File("own.safetensors"));
        foreach (var (index, keys) in source.Options.KeyMaps.Index()) source.Export(folder.File($"{index}.safetensors"), keys);
        source.eval();
        target.eval();
        using var input = rand([1, source.Options.InChannels, .. SmallVariants.Size(source)]);
        var expected = source.call(input).Logits;
        foreach (var file in folder.Files)
        {
            foreach (var parameter in target.parameters()) init.zeros_(parameter);
            var report = target.Load(file);
            report.IsComplete.Should().BeTrue();
            if (source is not U2Net3d) TensorAssert.Equal(target.call(input).Logits, expected);          // whose heads add to the logits
            report.Unused.Should().HaveCount(source.state_dict().Count - target.state_dict().Count, "these are the heads in {0}", file);
        }
        target.Save(folder.File("without.safetensors"));
        if (target.state_dict().Count < source.state_dict().Count)
            source.Invoking(model => model.Load(folder.File("without.safetensors"))).Should().Throw<CheckpointMismatchException>().WithMessage("*missing: *");
    }

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void An_export_rebuilds_its_network(string name)
    {
        using var source = SmallVariants.Of(name).Build();
        foreach (var keys in source.Options.KeyMaps)
        {
            source.Export(folder.File("export.safetensors"), keys);
            using var loaded = SegmentationModel.FromFile(folder.File("export.safetensors"));
            loaded.Options.Should().Be(source.Options);
            foreach (var (entry, tensor) in source.state_dict()) TensorAssert.Equal(loaded.state_dict()[entry], tensor, entry);
        }
    }

    [Fact]
    public void An_export_with_a_map_of_ones_own_says_how_it_is_loaded()
    {
        using var source = Small.Build();
        var mine = new KeyMap("mine", new KeyRule.Rename("^front", "^stem"));
        source.Export(folder.File("mine.safetensors"), mine);
        FluentActions.Invoking(() => SegmentationModel.FromFile(folder.File("mine.safetensors"))).Should().Throw<CheckpointException>()
            .WithMessage("*exported under the names of mine, which UNet's options don't know. Build the network and load it with Load(checkpoint, keys) and that map.");
        using var file = Checkpoint.Open(folder.File("mine.safetensors"));
        using var target = Small.Build();
        target.Load(file, mine).IsComplete.Should().BeTrue();
    }

    [Fact]
    public void Another_networks_map_is_refused()
    {
        KeyMap[] all = [.. ModelCatalog.Variants.SelectMany(variant => variant.Options.KeyMaps).DistinctBy(map => map.Origin)];
        foreach (var options in Choices.Networks)
        {
            using var model = options.Build();
            foreach (var map in all.Where(map => options.KeyMaps.All(own => own.Origin != map.Origin)))
                model.Invoking(it => it.Export(folder.File("x.safetensors"), map)).Should().Throw<ArgumentException>()
                    .WithMessage($"{model.GetName()} can't be exported with the names of {map.Origin}: they are those of another network. For this one there are: *").Which.ParamName.Should().Be("keys");
        }
        var plain = (PlainConvUNetOptions)SmallVariants.Of("nnunet-2d");
        using var network = plain.Build();
        network.Invoking(it => it.Export(folder.File("x.safetensors"), NnUNetKeyMaps.Plain(plain with { Dropout = Regularization.Dropout(0.1) }))).Should().Throw<ArgumentException>()
            .WithMessage("PlainConvUNet can't be exported with the names of MIC-DKFZ/dynamic-network-architectures: the map was made for other options. Take it from PlainConvUNet.Options.KeyMaps.*");
        using var unet = Small.Build();
        foreach (var (first, second, message) in new[] { ("^all", "^all", "*head.weight would be all.weight, which is read as stem.weight.*"), ("^first", "^first.first", "*") })
            unet.Invoking(it => it.Export(folder.File("y.safetensors"), new KeyMap("mine", new KeyRule.Rename(first, "^stem"), new KeyRule.Rename(second, "^head")))).Should().Throw<ArgumentException>().WithMessage(message);
        unet.Export(folder.File("z.safetensors"), new KeyMap("mine", new KeyRule.Rename("^front", "^stem"), new KeyRule.Rename("^last", "^head")));
        folder.Files.Should().ContainSingle();
    }

    // A variant deep enough that there are heads beside the finest.
    private static SegmentationModelOptions Deep(SegmentationModelOptions options) => options is U2Net3dOptions o ? o with { Pools = 3, BaseWidth = 4 } : options;

    private static bool IsCounter(string name) => name.EndsWith("num_batches_tracked", StringComparison.Ordinal);

    private static Checkpoint Open(IEnumerable<SafetensorsItem> items)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, items, new Dictionary<string, string>());
        return TestFiles.Open(stream.ToArray());
    }
}
