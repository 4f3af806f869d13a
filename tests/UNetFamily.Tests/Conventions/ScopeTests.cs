namespace UNetFamily.Tests.Conventions;

/// <summary>A network or block that is built within a dispose scope has all its weights when the scope has ended, as TorchSharp's own layers do.</summary>
public class ScopeTests
{
    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void A_network_outlives_the_scope_that_it_was_built_in(string name) => Outlives(() => SmallVariants.Of(name).Build());

    [Theory]
    [MemberData(nameof(PublicBlocks.Names), MemberType = typeof(PublicBlocks))]
    public void A_block_outlives_the_scope_that_it_was_built_in(string name, SpatialDims dims) => Outlives(() => PublicBlocks.Makers[name](dims).Module);

    private static void Outlives(Func<nn.Module> build)
    {
        using var usual = build();
        nn.Module module;
        using (NewDisposeScope()) module = build();
        module.state_dict().Should().HaveSameCount(usual.state_dict());
        module.state_dict().Where(entry => entry.Value.IsInvalid).Select(entry => entry.Key).Should().BeEmpty("no scope owns a weight");
        module.Dispose();
    }
}
