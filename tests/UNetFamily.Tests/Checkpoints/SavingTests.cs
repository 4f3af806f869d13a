namespace UNetFamily.Tests.Checkpoints;

/// <summary>Our own files: they rebuild their network, and never are half there.</summary>
public sealed class SavingTests : FileTests
{
    [Fact]
    public void A_file_rebuilds_its_network()
    {
        var options = UNetOptions.Paper2015(2, 3) with { Widths = [2, 4, 8], Norm = Normalization.Group(2), LastUpWidth = 6 };
        using var saved = options.Build();
        saved.Save(folder.File("unet.safetensors"));

        using var loaded = SegmentationModel.FromFile(folder.File("unet.safetensors"));

        loaded.Options.Should().Be(options);
        foreach (var (name, tensor) in saved.state_dict()) TensorAssert.Equal(loaded.state_dict()[name], tensor, name);
        using var input = rand(1, 2, 44, 44);
        loaded.eval();
        saved.eval();
        using var expected = saved.call(input);
        using var actual = loaded.call(input);
        TensorAssert.Equal(actual.Logits, expected.Logits);
    }

    [Fact]
    public void The_header_names_network_options_and_version()
    {
        using var model = UNetOptions.Milesial(1, 2).Build();
        model.Save(folder.File("a.safetensors"));
        using var file = Checkpoint.Open(folder.File("a.safetensors"));
        file.Metadata["unetfamily.network"].Should().Be("UNet");
        file.Metadata["unetfamily.options"].Should().Contain("\"Norm\":\"Batch\"").And.Contain("\"Widths\":[64,128,256,512,1024]");
        file.Metadata["unetfamily.version"].Should().StartWith(typeof(SegmentationModel).Assembly.GetName().Version!.ToString(3));
        file.Metadata["format"].Should().Be("pt");
    }

    [Fact]
    public void Notes_come_back_beside_the_network()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 4] });
        model.Save(folder.File("a.safetensors"), new Dictionary<string, string> { ["spacing"] = "1.5 mm", ["classes"] = "Hirn, Läsion" });

        using var file = Checkpoint.Open(folder.File("a.safetensors"));
        file.Metadata.Should().Contain("spacing", "1.5 mm").And.Contain("classes", "Hirn, Läsion");
        using var again = SegmentationModel.FromFile(folder.File("a.safetensors"));
        again.Options.Should().Be(model.Options);
    }

    [Theory]
    [InlineData("format")]
    [InlineData("unetfamily.options")]
    [InlineData("unetfamily.mine")]
    public void A_note_with_the_librarys_name_is_refused_and_nothing_is_written(string name)
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 4] });

        var saving = () => model.Save(folder.File("a.safetensors"), new Dictionary<string, string> { [name] = "x" });

        saving.Should().Throw<ArgumentException>().WithMessage($"A note must not be named '{name}': format and names that begin with unetfamily. are the library's.*");
        File.Exists(folder.File("a.safetensors")).Should().BeFalse();
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public void The_type_comes_back(ScalarType type)
    {
        using var saved = (UNetOptions.Milesial(1, 2) with { Widths = [2, 4] }).Build().to(type);
        saved.Save(folder.File("a.safetensors"));
        using var loaded = SegmentationModel.FromFile(folder.File("a.safetensors"));
        foreach (var (name, tensor) in saved.state_dict()) TensorAssert.Equal(loaded.state_dict()[name], tensor, name);
        loaded.state_dict()["head.weight"].dtype.Should().Be(type);
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file_and_nothing_else()
    {
        File.WriteAllText(folder.File("a.safetensors"), "old");
        var broken = new SafetensorsItem("x", ElementType.UInt8, [1], _ => throw new IOException("The disk is full."));
        FluentActions.Invoking(() => SafetensorsWriter.Write(folder.File("a.safetensors"), [broken], new Dictionary<string, string>())).Should().Throw<IOException>();
        File.ReadAllText(folder.File("a.safetensors")).Should().Be("old");
        folder.Files.Should().ContainSingle();
    }

    [Fact]
    public void Saving_replaces_a_longer_file()
    {
        File.WriteAllBytes(folder.File("a.safetensors"), new byte[1 << 20]);
        using var model = (UNetOptions.Milesial(1, 2) with { Widths = [2, 4] }).Build();
        model.Save(folder.File("a.safetensors"));
        using var loaded = SegmentationModel.FromFile(folder.File("a.safetensors"));
        folder.Files.Should().ContainSingle();
    }

    [Fact]
    public void An_export_holds_exactly_what_the_original_does()
    {
        foreach (var source in Reference.ReferenceCases.All().Where(source => source.Checkpoints.Any()))
        {
            using var inner = NewDisposeScope();
            var subject = Reference.ReferenceFamilies.Of(source.Net).Build(source);
            using var module = subject.Module;
            using var original = Checkpoint.Open(source.Checkpoints.First());
            module.Load(original, subject.Keys);
            using var stream = new MemoryStream();
            SafetensorsWriter.Write(stream, CheckpointSaving.Official(module, subject.Keys), new Dictionary<string, string>());

            using var exported = TestFiles.Open(stream.ToArray());
            exported.Tensors.Select(entry => entry.Name).Should().BeEquivalentTo(original.Tensors.Select(entry => entry.Name), "these are the keys of {0}", source);
            foreach (var entry in exported.Tensors) TensorAssert.Equal(exported.Read(entry.Name), original.Read(entry.Name), $"{source}, {entry.Name}");
        }
    }

    [Fact]
    public void Foreign_files_do_not_rebuild_anything()
    {
        FluentActions.Invoking(() => SegmentationModel.FromFile(TestFiles.Path("views.pth"))).Should().Throw<CheckpointException>().WithMessage("*doesn't say which network*");
    }
}
