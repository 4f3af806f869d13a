namespace UNetFamily.Tests.Domains;

public class DomainAdapterTests
{
    private static readonly string[] Two = ["a", "b"];

    public static TheoryData<SpatialDims, AdapterKind> Forms()
    {
        var forms = new TheoryData<SpatialDims, AdapterKind>();
        foreach (var dims in Enum.GetValues<SpatialDims>())
            foreach (var kind in Enum.GetValues<AdapterKind>()) forms.Add(dims, kind);
        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Serves_each_domain_around_any_stage(SpatialDims dims, AdapterKind kind)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var stage = new DoubleConv(dims, 3, 4, Normalization.Instance);
        using var block = new DomainAdapter(dims, stage, 3, 4, Two, kind, activation: Activation.Tanh);
        block.to(ScalarType.Float64);
        long[] size = dims is SpatialDims.Two ? [6, 7] : [4, 6, 5];
        var input = randn([2, 3, .. size], ScalarType.Float64);

        foreach (var domain in Two)
        {
            BlockCheck.Holds(block, () => block.call(input, domain), [2, 4, .. size]);
            Recorder.Record(block, maps => [maps[0].Through(block, domain)], [[2, 3, .. size]]).Nodes[^1].Shape.Should().Equal([2, 4, .. size]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Follows_the_stride_of_its_stage(SpatialDims dims, AdapterKind kind)
    {
        using var block = new DomainAdapter(dims, dims.Conv(2, 4, kernel: 3, stride: 2), 2, 4, Two, kind, stride: 2, norm: Normalization.None);
        long[] size = dims is SpatialDims.Two ? [8, 7] : [4, 8, 7], half = dims is SpatialDims.Two ? [4, 4] : [2, 4, 4];
        using var input = randn([1, 2, .. size]);
        using var output = block.call(input, "b");
        output.shape.Should().Equal([1, 4, .. half]);
        Recorder.Record(block, maps => [maps[0].Through(block, "b")], [[1, 2, .. size]]).Nodes[^1].Shape.Should().Equal([1, 4, .. half]);
    }

    [Fact]
    public void A_domain_alone_is_a_separable_convolution()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var block = new DomainAdapter(SpatialDims.Two, SpatialDims.Two.Conv(3, 4, kernel: 1), 3, 4, ["a"], norm: Normalization.InstanceWithoutAffine);
        using var plain = new SeparableConv(SpatialDims.Two, 3, 4, norm: Normalization.InstanceWithoutAffine, activation: Activation.LeakyReLU(), bias: true);
        foreach (var (ours, theirs) in new[] { ("own.a.conv", "depthwise"), ("shared", "pointwise") })
            foreach (var part in new[] { "weight", "bias" }) Copy(block.state_dict()[$"{ours}.{part}"], plain.state_dict()[$"{theirs}.{part}"]);

        var input = randn(2, 3, 5, 6);
        using var norm = Normalization.InstanceWithoutAffine.Build(SpatialDims.Two, 4);
        TensorAssert.Close(block.call(input, "a"), norm.call(plain.call(input)), 1e-6);

        static void Copy(Tensor from, Tensor to)
        {
            using var noGradient = no_grad();
            to.copy_(from);
        }
    }

    [Theory]
    [InlineData(AdapterKind.Series)]
    [InlineData(AdapterKind.Parallel)]
    public void An_adapter_of_zeros_leaves_the_stage_as_it_is(AdapterKind kind)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var stage = SpatialDims.Three.Conv(2, 3, kernel: 3);
        using var block = new DomainAdapter(SpatialDims.Three, stage, 2, 3, Two, kind, norm: Normalization.None);
        foreach (var (_, parameter) in block.ParametersOf("b")) init.zeros_(parameter);
        var input = randn([1, 2, 4, 4, 4]);

        TensorAssert.Equal(block.call(input, "b"), stage.call(input));
        (block.call(input, "a") - stage.call(input)).abs().max().ToSingle().Should().BePositive("domain a has an adapter that was not zeroed");
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_new_domain_leaves_the_others_as_they_are(SpatialDims dims, AdapterKind kind)
    {
        using var scope = NewDisposeScope();
        using var block = new DomainAdapter(dims, dims.Conv(2, 3, kernel: 3), 2, 3, Two, kind).to(ScalarType.Float64);
        var input = randn(dims is SpatialDims.Two ? [2, 2, 5, 5] : [2, 2, 4, 5, 5], ScalarType.Float64);
        var before = block.call(input, "a");

        block.AddDomain("c");
        TensorAssert.Equal(block.call(input, "a"), before);
        block.call(input, "c").dtype.Should().Be(ScalarType.Float64);
        block.ParametersOf("c").Select(entry => entry.Parameter.numel()).Should().Equal(block.ParametersOf("a").Select(entry => entry.Parameter.numel()));
        block.ParametersOf("c").Should().OnlyContain(entry => block.state_dict().ContainsKey(entry.Name));
    }

    [Fact]
    public void Knows_what_is_shared_and_what_is_whose()
    {
        using var block = new DomainAdapter(SpatialDims.Two, SpatialDims.Two.Conv(3, 4, kernel: 1), 3, 4, Two);
        block.SharedParameters().Select(entry => entry.Name).Should().Equal("shared.weight", "shared.bias");
        block.ParametersOf("b").Select(entry => entry.Name).Should().Equal(
            "own.b.conv.weight", "own.b.conv.bias", "own.b.norm.weight", "own.b.norm.bias", "norm.b.weight", "norm.b.bias");

        block.TrainOnly("b");
        block.named_parameters().Where(entry => entry.parameter.requires_grad).Select(entry => entry.name).Should().Equal(block.ParametersOf("b").Select(entry => entry.Name));
    }

    [Fact]
    public void Says_which_domains_there_are()
    {
        using var block = new DomainAdapter(SpatialDims.Two, SpatialDims.Two.Conv(1, 1, kernel: 1), 1, 1, Two);
        using var input = randn(1, 1, 4, 4);
        block.Invoking(b => b.call(input, "c")).Should().Throw<ArgumentException>().WithMessage("There is no domain 'c'. There are: a, b.*").WithParameterName("domain");
        block.Invoking(b => b.AddDomain("a")).Should().Throw<ArgumentException>().WithMessage("There is a domain 'a' already.*");
        block.Invoking(b => b.AddDomain("a.b")).Should().Throw<ArgumentException>().WithMessage("A domain's name has letters, digits, '-' and '_', not 'a.b'.*");
        block.Invoking(b => b.AddDomain("norm")).Should().Throw<ArgumentException>().WithMessage("A domain can't be named 'norm', as a layer is.*");
        FluentActions.Invoking(() => new PerDomain([], _ => Identity())).Should().Throw<ArgumentException>().WithMessage("There must be one domain or more.*");

        using var plain = new DoubleConv(SpatialDims.Two, 1, 1, Normalization.None);
        plain.Invoking(p => p.ParametersOf("a")).Should().Throw<ArgumentException>().WithMessage("DoubleConv has no layers per domain.*");
    }
}
