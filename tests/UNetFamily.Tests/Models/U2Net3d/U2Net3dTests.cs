namespace UNetFamily.Tests.Models.U2Net3d;

public class U2Net3dTests
{
    private static U2Net3dOptions Small(SpatialDims dims, AdapterKind adapter = AdapterKind.Separable) => new()
    {
        InChannels = 1,
        OutChannels = 2,
        SpatialDims = dims,
        Domains = ["liver", new("prostate", InChannels: 2, OutChannels: 3)],
        Adapter = adapter,
        Pools = dims is SpatialDims.Two ? (3, 2) : (1, 3, 2),
        BaseWidth = 3,
    };

    private static long[] Size(SpatialDims dims) => dims is SpatialDims.Two ? [16, 12] : [4, 16, 8];

    public static TheoryData<SpatialDims, AdapterKind> Forms()
    {
        var forms = new TheoryData<SpatialDims, AdapterKind>();
        foreach (var dims in Enum.GetValues<SpatialDims>())
            foreach (var adapter in Enum.GetValues<AdapterKind>()) forms.Add(dims, adapter);
        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Serves_each_domain_in_both_ranks_and_is_traced_truly(SpatialDims dims, AdapterKind adapter)
    {
        using var model = Small(dims, adapter).Build();
        foreach (var (domain, from, to) in new[] { ("liver", 1, 2), ("prostate", 2, 3) })
        {
            using var network = model.ForDomain(domain);
            using var input = randn([2, from, .. Size(dims)]);
            SegmentationOutput? output = null;

            NoLeaks.During(() => output = network.call(input)).Should().Be(1);
            using (output)
            {
                output!.Logits.shape.Should().Equal([2, to, .. Size(dims)]);
                output.Auxiliary.Should().BeEmpty();
            }
            var summary = network.Summary(Size(dims));
            summary.Layers[^1].Output.Axes.Should().Equal([to, .. Size(dims)]);
            summary.Layers[^1].Path.Should().Be($"head.{domain}");
            summary.Parameters.Should().Be(network.Options.Build().parameters().Sum(parameter => parameter.numel()));
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(SpatialDims dims, AdapterKind adapter)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = (Small(dims, adapter) with { Pools = 2 }).Build();
        model.to(ScalarType.Float64);
        using var network = model.ForDomain("prostate");
        var input = randn(dims is SpatialDims.Two ? [1, 2, 16, 16] : [1, 2, 8, 8, 8], ScalarType.Float64);
        var weight = randn_like(network.call(input).Logits).detach();

        GradientCheck.RelativeError(network, () => (network.call(input).Logits * weight).sum(), step: 1e-8).Should().BeLessThan(1e-5);
    }

    [Fact]
    public void Called_itself_it_is_its_first_domain()
    {
        using var scope = NewDisposeScope();
        using var model = Small(SpatialDims.Two).Build();
        var input = randn(1, 1, 16, 12);
        TensorAssert.Equal(model.call(input).Logits, model.ForDomain("liver").call(input).Logits);
        model.Invoking(m => m.ForDomain("heart")).Should().Throw<ArgumentException>().WithMessage("There is no domain 'heart'. There are: liver, prostate.*");
    }

    [Fact]
    public void A_domains_network_can_be_rebuilt_alone()
    {
        using var scope = NewDisposeScope();
        using var model = Small(SpatialDims.Three).Build();
        using var view = model.ForDomain("prostate");
        using var alone = view.Options.Build();
        var state = view.state_dict();
        alone.state_dict().Keys.Should().Equal(state.Keys);
        alone.load_state_dict(state);

        var input = randn([1, 2, .. Size(SpatialDims.Three)]);
        TensorAssert.Equal(alone.call(input).Logits, view.call(input).Logits);
    }

    [Fact]
    public void A_view_owns_nothing()
    {
        using var scope = NewDisposeScope();
        using var model = Small(SpatialDims.Two).Build();
        var input = randn(1, 1, 16, 12);
        var before = model.call(input).Logits;

        var view = model.ForDomain("liver");
        using (new Modules(view)) view.call(input).Logits.shape.Should().Equal(1, 2, 16, 12);
        view.Dispose();
        TensorAssert.Equal(model.call(input).Logits, before);

        using var other = model.ForDomain("prostate");
        other.to(ScalarType.Float64);
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64, "what moves a view moves the network");
    }

    [Fact]
    public void Domains_can_be_called_on_several_threads()
    {
        using var model = Small(SpatialDims.Two).Build();
        string[] domains = ["liver", "prostate"];
        var inputs = domains.Select((_, i) => randn(1, i + 1, 16, 12)).ToArray();
        var expected = domains.Select((domain, i) => Numbers(domain, inputs[i])).ToArray();

        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 4 }, round => Numbers(domains[round % 2], inputs[round % 2]).Should().Equal(expected[round % 2]));
        foreach (var input in inputs) input.Dispose();

        float[] Numbers(string domain, Tensor input)
        {
            using var network = model.ForDomain(domain);
            using var noGradient = no_grad();
            using var output = network.call(input);
            return output.Logits.data<float>().ToArray();
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_domains_training_step_changes_no_byte_of_anothers_own_weights(SpatialDims dims, AdapterKind adapter)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        using var model = Small(dims, adapter).Build();
        using var optimizer = optim.Adam(model.parameters(), lr: 1e-2, weight_decay: 5e-4);

        Step("liver", channels: 1);     // Adam has moments of the first domain now, and weight decay would move it: neither may, later
        var (own, shared) = (Bytes(model.ParametersOf("liver")), Bytes(model.SharedParameters()));
        var was = Bytes(model.ParametersOf("prostate"));
        Step("prostate", channels: 2);
        Step("prostate", channels: 2);

        Bytes(model.ParametersOf("liver")).Should().Equal(own);
        Bytes(model.ParametersOf("prostate")).Should().NotEqual(was);
        Bytes(model.SharedParameters()).Should().NotEqual(shared);

        void Step(string domain, long channels)
        {
            using var network = model.ForDomain(domain);
            model.zero_grad();      // sets gradients to none; an optimizer's own zero_grad may leave zeros, on which Adam still moves
            network.call(randn([2, channels, .. Size(dims)])).Logits.square().mean().backward();
            optimizer.step();
        }
    }

    [Fact]
    public void Grows_by_the_published_numbers()
    {
        using var model = U2Net3dOptions.Universal(U2Net3dOptions.Decathlon[..1]).Build();
        var counts = new List<long> { Count() };
        foreach (var domain in U2Net3dOptions.Decathlon.Skip(1))
        {
            using var network = model.AddDomain(domain);
            counts.Add(Count());
            model.parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel()).Should().Be(counts[^1] - counts[^2]);
        }
        counts.Should().Equal(5_998_430, 6_143_020, 6_287_729, 6_432_870, 6_577_460, 6_722_050);
        model.SharedParameters().Sum(entry => entry.Parameter.numel()).Should().Be(5_853_840);

        long Count() => model.parameters().Sum(parameter => parameter.numel());
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_domain_is_added_and_trained_without_touching_the_others(SpatialDims dims, AdapterKind adapter)
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        using var model = Small(dims, adapter).Build();
        model.to(ScalarType.Float64);
        var input = randn([2, 1, .. Size(dims)], ScalarType.Float64);
        var before = model.call(input).Logits.detach();
        var others = Bytes(model.named_parameters());

        using var spleen = model.AddDomain(new Domain("spleen", OutChannels: 4));
        Bytes(model.named_parameters().Where(entry => !entry.name.Contains("spleen", StringComparison.Ordinal))).Should().Equal(others);
        model.state_dict().Keys.Should().BeEquivalentTo(model.Options.Build().state_dict().Keys, "its options have the domain now");

        var was = Bytes(model.ParametersOf("spleen"));
        using var optimizer = optim.Adam(spleen.parameters().Where(parameter => parameter.requires_grad), lr: 1e-2, weight_decay: 1e-2);
        var output = spleen.call(input);
        output.Logits.shape.Should().Equal([2, 4, .. Size(dims)]);
        output.Logits.square().mean().backward();
        optimizer.step();

        Bytes(model.ParametersOf("spleen")).Should().NotEqual(was);
        model.SharedParameters().Should().OnlyContain(entry => !entry.Parameter.requires_grad);
        TensorAssert.Equal(model.call(input).Logits, before);
        model.Invoking(m => m.AddDomain("spleen")).Should().Throw<ArgumentException>().WithMessage("U2Net3d: There are 2 domains 'spleen'.");
        model.Invoking(m => m.AddDomain("le foie")).Should().Throw<ArgumentException>().WithMessage("U2Net3d: A domain's name has letters, digits, '-' and '_', not 'le foie'.");
    }

    [Fact]
    public void A_new_domain_starts_as_the_first_did()
    {
        using var model = U2Net3dOptions.Universal(["liver"]).Build();
        using var spleen = model.AddDomain("spleen");
        foreach (var ((name, first), (_, added)) in model.ParametersOf("liver").Zip(model.ParametersOf("spleen")))
        {
            if (first.dim() <= 1) TensorAssert.Equal(added, first, name);   // biases of 0, norms of 1 and 0
            else if (first.numel() > 2000) Deviation(added).Should().BeApproximately(Deviation(first), 0.1 * Deviation(first), "that is how {0} was drawn", name);
        }

        static double Deviation(Tensor values)
        {
            using var deviation = values.std();
            return deviation.ToDouble();
        }
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = new U2Net3dOptions { InChannels = 1, OutChannels = 2, Domains = [new("a", OutChannels: 3), "a", new("b.c", InChannels: 0)], Pools = (0, 0), BaseWidth = 0 };
        options.Invoking(o => (o with { SpatialDims = SpatialDims.Two }).Build()).Should().Throw<ArgumentException>().WithMessage(
            "U2Net3d: A domain's name has letters, digits, '-' and '_', not 'b.c'. There are 2 domains 'a'. InChannels of domain 'b.c' must be positive, is 0. " +
            "InChannels and OutChannels are those of the first domain, 'a', which states others. Pools must be 1 or more on one axis. BaseWidth must be positive, is 0.");
        options.Invoking(o => (o with { Domains = [], BaseWidth = 4, Pools = -1 }).Build()).Should().Throw<ArgumentException>()
            .WithMessage("U2Net3d: Domains needs one domain or more. Pools must be 0 to 16 on every axis, are -1.");
    }

    [Fact]
    public void Names_the_sizes_that_it_takes()
    {
        using var model = Small(SpatialDims.Three).Build();
        using var odd = zeros([1, 1, 4, 20, 8]);
        using var tiny = zeros([1, 1, 2, 8, 4]);
        model.Invoking(m => m.call(odd)).Should().Throw<ArgumentException>().WithMessage("U2Net3d: height of input (axis 3) is 20; it takes multiples of 8. Nearest: 16 or 24.*");
        model.Invoking(m => m.call(tiny)).Should().Throw<ArgumentException>().WithMessage("*2 or more cells*Nearest: 2 x 8 x 8.*");
        using var prostate = model.ForDomain("prostate");
        prostate.Invoking(m => m.call(odd)).Should().Throw<ArgumentException>().WithMessage("U2Net3d was built with InChannels = 2; axis 1 (C) of input is 1.*");
    }

    private static byte[] Bytes(IEnumerable<(string Name, Parameter Parameter)> parameters) => [.. parameters.SelectMany(entry => entry.Parameter.bytes.ToArray())];

    /// <summary>A module of a user's own, with the network of a domain inside.</summary>
    private sealed class Modules : Module<Tensor, Tensor>
    {
        private readonly SegmentationModel inner;

        public Modules(SegmentationModel inner) : base(nameof(Modules))
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => inner.call(input).Logits;
    }
}
