namespace UNetFamily.Tests.Domains;

public sealed class DomainFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("unetfamily-").FullName;

    private string PathOf(string name) => Path.Combine(folder, name);

    [Fact]
    public void A_domain_travels_apart_from_the_network()
    {
        using var scope = NewDisposeScope();
        using var trained = Network(seed: 1);
        using var there = trained.AddDomain(new Domain("spleen", OutChannels: 3));
        trained.SaveDomain("spleen", PathOf("spleen.safetensors"));

        using var other = Network(seed: 1);
        using var here = other.AddDomain(new Domain("spleen", OutChannels: 3));
        foreach (var parameter in here.parameters().Where(parameter => parameter.requires_grad)) init.zeros_(parameter);
        var report = other.LoadDomain("spleen", PathOf("spleen.safetensors"));

        report.Loaded.Should().BeEquivalentTo(trained.ParametersOf("spleen").Select(entry => entry.Name));
        var input = randn(1, 1, 16, 16);
        TensorAssert.Equal(here.call(input).Logits, there.call(input).Logits);

        var numbers = trained.ParametersOf("spleen").Sum(entry => entry.Parameter.numel());
        using var file = Checkpoint.Open(PathOf("spleen.safetensors"));
        file.Tensors.Sum(tensor => tensor.Count).Should().Be(numbers).And.BeLessThan(trained.SharedParameters().Sum(entry => entry.Parameter.numel()));
    }

    [Fact]
    public void Statistics_of_a_domains_own_norms_travel_with_it()
    {
        using var scope = NewDisposeScope();
        using var block = Adapter();
        block.call(randn(4, 2, 5, 5), "b");
        block.SaveDomain("b", PathOf("b"));
        using var other = Adapter();
        other.LoadDomain("b", PathOf("b"), anyShared: true);

        foreach (var (name, expected) in block.state_dict().Where(entry => entry.Key.Contains(".b.", StringComparison.Ordinal))) TensorAssert.Equal(other.state_dict()[name], expected, name);
        block.state_dict().Keys.Should().Contain("norm.b.running_mean");

        static DomainAdapter Adapter() => new(SpatialDims.Two, SpatialDims.Two.Conv(2, 3, kernel: 1), 2, 3, ["a", "b"], norm: Normalization.Batch);
    }

    [Fact]
    public void What_does_not_belong_together_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        using var trained = Network(seed: 1);
        using var spleen = trained.AddDomain("spleen");
        trained.SaveDomain("spleen", PathOf("spleen"));

        using var stranger = Network(seed: 2);
        using var wide = stranger.AddDomain(new Domain("spleen", OutChannels: 7));
        var before = stranger.ParametersOf("spleen").SelectMany(entry => entry.Parameter.bytes.ToArray()).ToArray();
        stranger.Invoking(s => s.LoadDomain("spleen", PathOf("spleen"))).Should().Throw<CheckpointException>().WithMessage("*'spleen' was trained with other shared weights*anyShared*");
        stranger.Invoking(s => s.LoadDomain("spleen", PathOf("spleen"), anyShared: true)).Should().Throw<CheckpointMismatchException>().WithMessage("*head.spleen.weight*(2, 4, 1, 1)*(7, 4, 1, 1)*");
        stranger.Invoking(s => s.LoadDomain("liver", PathOf("spleen"))).Should().Throw<CheckpointException>().WithMessage("*is of the domain 'spleen', not 'liver'.");
        stranger.Invoking(s => s.LoadDomain("heart", PathOf("spleen"))).Should().Throw<ArgumentException>().WithMessage("There is no domain 'heart'. There are: liver, spleen.*");

        trained.Save(PathOf("whole"));
        stranger.Invoking(s => s.LoadDomain("spleen", PathOf("whole"))).Should().Throw<CheckpointException>().WithMessage("*The file is none of a domain; SaveDomain writes those.");
        stranger.ParametersOf("spleen").SelectMany(entry => entry.Parameter.bytes.ToArray()).Should().Equal(before);
    }

    [Fact]
    public void A_domains_network_is_saved_and_rebuilt_as_any_other()
    {
        using var scope = NewDisposeScope();
        using var model = Network(seed: 3);
        using var spleen = model.AddDomain(new Domain("spleen", InChannels: 2, OutChannels: 3));
        spleen.Save(PathOf("spleen"));
        model.Save(PathOf("both"));

        using var alone = SegmentationModel.FromFile(PathOf("spleen"));
        using var both = (UNetFamily.U2Net3d)SegmentationModel.FromFile(PathOf("both"));
        var input = randn(1, 2, 16, 16);
        var expected = spleen.call(input).Logits;
        TensorAssert.Equal(alone.call(input).Logits, expected);
        TensorAssert.Equal(both.ForDomain("spleen").call(input).Logits, expected);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static UNetFamily.U2Net3d Network(int seed)
    {
        manual_seed(seed);
        return (U2Net3dOptions.Universal(["liver"]) with { SpatialDims = SpatialDims.Two, Pools = 2, BaseWidth = 4 }).Build();
    }
}
