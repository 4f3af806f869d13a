namespace UNetFamily.Tests.Conventions;

/// <summary>Every network and block can be moved and converted, and has all its weights afterwards: where it keeps them, and where it computes with them.</summary>
public class ConversionTests
{
    [Fact]
    public void No_public_block_is_left_out() => PublicBlocks.Makers.Keys.Should().BeEquivalentTo(PublicBlocks.Types.Select(type => type.Name));

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void A_network_keeps_its_weights(string name)
    {
        using var scope = NewDisposeScope();
        using var model = SmallVariants.Of(name).Build();
        KeepsItsWeights(model, x => model.call(x).Logits, [1, model.Options.InChannels, .. SmallVariants.Size(model)]);
    }

    [Theory]
    [MemberData(nameof(PublicBlocks.Names), MemberType = typeof(PublicBlocks))]
    public void A_block_keeps_its_weights(string name, SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        var block = PublicBlocks.Makers[name](dims);
        using var module = block.Module;
        KeepsItsWeights(module, block.Call, block.Shape);
    }

    private static void KeepsItsWeights(nn.Module module, Func<Tensor, Tensor> call, long[] shape)
    {
        using var noGradient = no_grad();
        using var random = manual_seed(3);
        module.eval();
        var x = randn(shape);
        var (before, output) = (Copies(module), call(x));

        module.to(ScalarType.Float64);
        All(module, ScalarType.Float64);
        TensorAssert.Close(call(x.to(ScalarType.Float64)).to(ScalarType.Float32), output, 1e-3);

        module.to(ScalarType.Float32).to(CPU);
        All(module, ScalarType.Float32);
        Copies(module).Should().Equal(before, (now, then) => now.Key == then.Key && now.Value.equal(then.Value).all().ToBoolean());
        TensorAssert.Equal(call(x), output);

        module.to(ScalarType.BFloat16);
        All(module, ScalarType.BFloat16);
        module.to(CPU, ScalarType.Float32);
        foreach (var (key, value) in Copies(module))
            value.to(ScalarType.BFloat16).equal(before[key].to(ScalarType.BFloat16)).all().ToBoolean().Should().BeTrue("{0} was rounded, and nothing else", key);
    }

    private static void All(nn.Module module, ScalarType type) =>
        module.state_dict().Where(entry => entry.Value.is_floating_point() && entry.Value.dtype != type).Select(entry => entry.Key).Should().BeEmpty("all is {0} now", type);

    private static Dictionary<string, Tensor> Copies(nn.Module module) => module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
}
