using System.Text.Json;
using UNetFamily.Tests.Models.MedNeXt;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Transfer;

public class UpKernTests
{
    private static readonly string Folder = ReferenceCases.FolderOf("mednext");

    public static TheoryData<string> Cases() => new(Recorded().Select(source => source.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_the_original(string name)
    {
        var source = Recorded().Single(candidate => candidate.Name == name);
        using var scope = NewDisposeScope();
        var (from, to) = (Network(source, "pretrained_net", "pretrained"), Network(source, "network"));
        FillByName(from);
        var before = Copy(to);

        var report = UpKern.Initialize(to, from);

        if (source.Text("data") is not null)
        {
            using var expected = source.Data();
            foreach (var key in source.Strings("keys_saved") is { Count: > 0 } saved ? saved : expected.Tensors.Select(entry => entry.Name))
                TensorAssert.Close(to.state_dict()[Ours(key)], expected.Read(key), 1e-6, key);
        }
        ShouldBe(report.Resampled.Select(kernel => kernel.Name), "resampled");
        ShouldBe(report.Copied, "copied");
        ShouldBe(report.Skipped, "skipped");
        foreach (var skipped in report.Skipped) TensorAssert.Equal(to.state_dict()[skipped], before[skipped], skipped);

        void ShouldBe(IEnumerable<string> names, string field)
        {
            if (source[field] is not null) names.Should().BeEquivalentTo(source.Strings(field).Select(Ours), "these were {0}", field);
        }
    }

    /// <summary>The authors' file of the network with kernels of 3, into ours with kernels of 5: as from the network itself.</summary>
    [Fact]
    public void Takes_the_originals_checkpoint_file()
    {
        var source = Recorded().Single(candidate => candidate.Name == "upkern-3d-k3-to-k5");
        using var scope = NewDisposeScope();
        using var to = Network(source, "network");

        var report = UpKern.Initialize(to, Path.Combine(Folder, source.Text("source_checkpoint")!));

        using var expected = source.Data();
        foreach (var key in expected.Tensors.Select(entry => entry.Name)) TensorAssert.Close(to.state_dict()[Ours(key)], expected.Read(key), 1e-6, key);
        report.Resampled.Select(kernel => kernel.Name).Should().BeEquivalentTo(source.Strings("resampled").Select(Ours));
        report.Copied.Should().BeEquivalentTo(source.Strings("copied").Select(Ours));
        report.Skipped.Should().BeEmpty();
        report.Unused.Should().BeEmpty();
    }

    [Theory]
    [InlineData("checkpoint-3d-k3.pth")]
    [InlineData("checkpoint-3d-k3.model")]
    public void Takes_a_trainers_envelope_and_says_what_a_smaller_network_leaves(string file)
    {
        using var scope = NewDisposeScope();
        using var to = new MedNeXtOptions { InChannels = 1, OutChannels = 2, Channels = 2, Depths = [1, 1, 1, 1, 1, 1, 1, 1, 1], Kernel = 5 }.Build();
        var report = UpKern.Initialize(to, Path.Combine(Folder, file));
        report.Resampled.Should().HaveCount(17);
        report.Skipped.Should().BeEmpty();
        report.Unused.Should().OnlyContain(name => name.StartsWith("out_", StringComparison.Ordinal), "the file's network has deep supervision").And.HaveCount(8);
        using var expected = DeterministicFill.Values("stem.weight", [2, 1, 1, 1, 1]);
        TensorAssert.Close(to.state_dict()["stem.weight"], expected, 0);
    }

    [Fact]
    public void Refuses_the_file_of_another_network()
    {
        using var scope = NewDisposeScope();
        using var to = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 4] }.Build();
        FluentActions.Invoking(() => UpKern.Initialize(to, Path.Combine(Folder, "checkpoint-3d-k3.pth"))).Should().Throw<ArgumentException>()
            .WithMessage("No entry of *checkpoint-3d-k3.pth has a name of UNet, neither ours nor one of milesial/Pytorch-UNet, u-net-release-2015-10-02.*");
    }

    /// <summary>One step of the interpolation along an axis, as rows of weights: a kernel of 3 to one of 5.</summary>
    [Fact]
    public void Resamples_with_half_pixel_centres_and_held_edges()
    {
        using var scope = NewDisposeScope();
        using var from = SpatialDims.Two.Conv(1, 1, 3);
        using var to = SpatialDims.Two.Conv(1, 1, 5);
        using (no_grad()) from.weight.copy_(tensor(new float[] { 1, 10, 100, 1, 10, 100, 1, 10, 100 }, [1, 1, 3, 3]));

        UpKern.Initialize(to, from).Resampled.Should().Equal(new ResampledKernel("weight", [3, 3], [5, 5]));

        var row = new[] { 1, 0.6f * 1 + 0.4f * 10, 10, 0.4f * 10 + 0.6f * 100, 100 };
        TensorAssert.Close(to.weight, tensor(row).expand(1, 1, 5, 5), 1e-4);
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Works_on_any_network_with_odd_kernels(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        using var from = Network(3);
        using var to = Network(7);
        from.call(randn([2, 2, .. Enumerable.Repeat(8L, (int)dims)]));      // running statistics and their counter
        var input = randn([1, 2, .. Enumerable.Repeat(9L, (int)dims)]);

        var report = UpKern.Initialize(to, from);

        report.ToString().Should().Be("10 copied, 2 resampled, 0 skipped, 0 unused");
        report.Resampled.Select(kernel => kernel.Name).Should().Equal("first.conv.weight", "second.conv.weight");
        to.state_dict()["first.norm.num_batches_tracked"].ToInt64().Should().Be(1);
        to.eval();
        to.call(input).shape.Should().Equal([1, 3, .. input.shape[2..]]);

        // Back again: shrinking is the same resampling.
        UpKern.Initialize(from, to).Resampled.Should().HaveCount(2);

        Sequential Network(long kernel) => Sequential(
            ("first", new ConvNormAct(dims, 2, 4, kernel, norm: Normalization.Batch)),
            ("second", new ConvNormAct(dims, 4, 3, kernel, norm: Normalization.Batch)));
    }

    [Fact]
    public void Leaves_the_source_alone_and_shares_nothing_with_it()
    {
        using var scope = NewDisposeScope();
        using var from = Small(3).Build();
        using var to = Small(5).Build();
        var before = Copy(from);
        UpKern.Initialize(to, from);
        using (no_grad()) foreach (var parameter in to.parameters()) parameter.fill_(7);
        foreach (var (name, tensor) in from.state_dict()) TensorAssert.Equal(tensor, before[name], name);
    }

    [Fact]
    public void Refuses_other_channels_by_name_before_anything_changes()
    {
        using var scope = NewDisposeScope();
        using var from = (Small(3) with { OutChannels = 5, InChannels = 2 }).Build();
        using var to = Small(5).Build();
        var before = Copy(to);

        FluentActions.Invoking(() => UpKern.Initialize(to, from)).Should().Throw<ArgumentException>().WithParameterName("source").WithMessage(
            "3 of * entries don't fit, and nothing was changed. " +
            "stem.weight: the source has (2, 2, 1, 1), the target (2, 1, 1, 1); the first two sizes, the channels, must be equal. " +
            "head.weight: the source has (2, 5, 1, 1), the target (2, 2, 1, 1); the first two sizes, the channels, must be equal. " +
            "head.bias: the source has (5), the target (2); only kernels of convolutions are resampled.*");
        foreach (var (name, tensor) in to.state_dict()) TensorAssert.Equal(tensor, before[name], name);

        // A head of other classes is left out on purpose.
        var rest = from.state_dict().Where(entry => entry.Key is not ("stem.weight" or "head.weight" or "head.bias")).ToDictionary();
        UpKern.Initialize(to, rest).Skipped.Should().Equal("stem.weight", "head.weight", "head.bias");
    }

    [Fact]
    public void Refuses_even_kernels_and_other_ranks()
    {
        using var scope = NewDisposeScope();
        using var odd = SpatialDims.Two.Conv(1, 1, 3);
        using var even = SpatialDims.Two.Conv(1, 1, 4);
        using var volume = SpatialDims.Three.Conv(1, 1, 3);
        FluentActions.Invoking(() => UpKern.Initialize(even, odd)).Should().Throw<ArgumentException>().WithMessage("*weight: the source has (1, 1, 3, 3), the target (1, 1, 4, 4); only odd kernels keep their centre.*");
        FluentActions.Invoking(() => UpKern.Initialize(volume, odd)).Should().Throw<ArgumentException>().WithMessage("*(1, 1, 3, 3)*(1, 1, 3, 3, 3); only kernels of convolutions are resampled.*");
    }

    [Fact]
    public void Refuses_names_of_another_project()
    {
        using var scope = NewDisposeScope();
        using var to = Small(5).Build();
        var official = new Dictionary<string, Tensor> { ["enc_block_0.0.conv1.bias"] = zeros(2) };
        FluentActions.Invoking(() => UpKern.Initialize(to, official)).Should().Throw<ArgumentException>()
            .WithMessage("No entry of the source has a name of the target. The source starts with 'enc_block_0.0.conv1.bias'*key map.*");
    }

    [Fact]
    public void Keeps_the_number_type_of_the_target()
    {
        using var scope = NewDisposeScope();
        using var from = Small(3).Build();
        using var to = Small(5).Build();
        from.to(ScalarType.Float16);
        to.to(ScalarType.Float64);
        UpKern.Initialize(to, from);
        to.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);
        TensorAssert.Close(to.state_dict()["stem.weight"], from.state_dict()["stem.weight"], 0);
    }

    private static MedNeXtOptions Small(long kernel) => new() { InChannels = 1, OutChannels = 2, SpatialDims = SpatialDims.Two, Channels = 2, Depths = [1, 1, 1], Expansions = [2, 2, 2], Kernel = kernel };

    private static IEnumerable<ReferenceCase> Recorded() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "cases.json"))).RootElement.GetProperty("upkern").EnumerateArray().Select(json => new ReferenceCase("mednext", Folder, json));

    private static UNetFamily.MedNeXt Network(ReferenceCase source, params string[] names) =>
        MedNeXtReference.Options(names.Select(name => source.Arguments.TryGetProperty(name, out var arguments) ? arguments : (JsonElement?)null).First(found => found is not null)!.Value).Build();

    private static void FillByName(UNetFamily.MedNeXt network)
    {
        using var noGradient = no_grad();
        foreach (var (name, tensor) in network.state_dict())
        {
            using var values = DeterministicFill.Values(MedNeXtKeyMaps.Official.ToOfficial(name), tensor.shape);
            tensor.copy_(values);
        }
    }

    private static Dictionary<string, Tensor> Copy(nn.Module network) => network.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    private static string Ours(string official) => MedNeXtKeyMaps.Official.ToOurs(official)!;
}
