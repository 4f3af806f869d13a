namespace UNetFamily.Tests.Domains;

/// <summary>
/// A U-Net for several domains: the library's own stages, each made multi-domain by an adapter. Any network becomes one in this way, with the domain as
/// the second argument of its forward.
/// </summary>
internal sealed class AdaptedUNet : Module<Tensor, string, Tensor>
{
    private readonly PerDomain stem;
    private readonly ModuleList<DomainAdapter> down;
    private readonly ModuleList<Convolution> raise;
    private readonly ModuleList<DomainAdapter> up;
    private readonly PerDomain head;
    private readonly Module<Tensor, Tensor> pool;

    public AdaptedUNet(SpatialDims dims, AdapterKind kind, params (string Name, long InChannels, long OutChannels)[] domains) : base(nameof(AdaptedUNet))
    {
        var names = domains.Select(domain => domain.Name).ToArray();
        long[] widths = [4, 8, 12];

        stem = new PerDomain(names, name => dims.Conv(domains.First(domain => domain.Name == name).InChannels, widths[0], kernel: 3));
        down = ModuleList([.. widths.Select((width, level) => Stage(level == 0 ? width : widths[level - 1], width))]);
        raise = ModuleList([.. Enumerable.Range(0, 2).Reverse().Select(level => dims.ConvTranspose(widths[level + 1], widths[level], kernel: 2))]);
        up = ModuleList([.. Enumerable.Range(0, 2).Reverse().Select(level => Stage(2 * widths[level], widths[level]))]);
        head = new PerDomain(names, name => dims.Conv(widths[0], domains.First(domain => domain.Name == name).OutChannels, kernel: 1));
        pool = dims.MaxPool(2);
        RegisterComponents();

        DomainAdapter Stage(long from, long to) => new(dims, new DoubleConv(dims, from, to, Normalization.Instance), from, to, names, kind);
    }

    public override Tensor forward(Tensor input, string domain)
    {
        using var scope = NewDisposeScope();
        var skips = new Stack<Tensor>();
        var x = down[0].call(stem.call(input, domain), domain);
        foreach (var stage in down.Skip(1))
        {
            skips.Push(x);
            x = stage.call(pool.call(x), domain);
        }
        foreach (var (grow, stage) in raise.Zip(up)) x = stage.call(cat([skips.Pop(), grow.call(x)], dim: 1), domain);
        return head.call(x, domain).MoveToOuterDisposeScope();
    }
}

public class AdaptedUNetTests
{
    [Theory]
    [MemberData(nameof(DomainAdapterTests.Forms), MemberType = typeof(DomainAdapterTests))]
    public void Its_domains_learn_apart(SpatialDims dims, AdapterKind kind)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new AdaptedUNet(dims, kind, ("ct", 1, 2), ("mri", 3, 5));
        long[] size = dims is SpatialDims.Two ? [8, 12] : [8, 4, 8];
        Tensor ct = randn([2, 1, .. size]), mri = randn([2, 3, .. size]);
        using var optimizer = optim.Adam(model.parameters(), lr: 1e-2, weight_decay: 1e-2);

        Step(ct, "ct");     // Adam has moments of the first domain now, which must not move it later
        var (before, shared) = (Bytes(model.ParametersOf("ct")), Bytes(model.SharedParameters()));
        var was = Bytes(model.ParametersOf("mri"));
        Step(mri, "mri");

        Bytes(model.ParametersOf("ct")).Should().Equal(before);
        Bytes(model.ParametersOf("mri")).Should().NotEqual(was);
        Bytes(model.SharedParameters()).Should().NotEqual(shared);
        model.call(mri, "mri").shape.Should().Equal([2, 5, .. size]);
        NoLeaks.During(() => model.call(ct, "ct")).Should().Be(1);

        void Step(Tensor input, string domain)
        {
            model.zero_grad();
            model.call(input, domain).square().mean().backward();
            optimizer.step();
        }
    }

    private static byte[] Bytes(IEnumerable<(string Name, Parameter Parameter)> parameters) => [.. parameters.SelectMany(entry => entry.Parameter.bytes.ToArray())];
}
