namespace UNetFamily.Tests.Flow;

/// <summary>A user's own blocks: what a flow may do, what it leaves alive, and what is said where something is wrong.</summary>
public sealed class BlockTests
{
    /// <summary>Maps that are used again after a sum, a product or an activation are not written over, with and without gradients, nor is the input; not even by layers that overwrite what they get.</summary>
    [Fact]
    public void Nothing_is_overwritten_that_is_used_later()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var block = new Reusing();
        BlockCheck.Holds(block, [2, 3, 5, 5], [2, 3, 5, 5]);
        var x = randn([2, 3, 5, 5], ScalarType.Float64);
        TensorAssert.Close(block.call(x), block.Spelled(x), 1e-12);
        using var noGradient = no_grad();
        TensorAssert.Close(block.call(x), block.Spelled(x), 1e-12);
        NoLeaks.During(() => block.call(x)).Should().Be(1);
    }

    [Fact]
    public void An_input_that_comes_out_is_another_handle()
    {
        using var block = new Passing();
        using var x = randn(1, 2, 3, 3);
        var y = block.call(x);
        y.Should().NotBeSameAs(x);
        y.Dispose();
        x.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void A_module_that_is_not_known_runs_and_is_named_when_described()
    {
        using var scope = NewDisposeScope();
        using var network = new Foreign();
        var x = randn(2, 3, 8, 8);
        TensorAssert.Close(network.call(x), network.Spelled(x), 1e-5);
        NoLeaks.During(() => network.call(x)).Should().Be(1);
        network.Invoking(n => n.Describe(2, 3, 8, 8)).Should().Throw<NotSupportedException>()
            .WithMessage("Odd (inner.1 of Foreign) runs but can't be described: derive it from Block (or Block2, with two inputs), and write its forward as a flow of FeatureMaps.");
    }

    [Theory]
    [InlineData("unet-milesial-bilinear")]
    [InlineData("convunext")]
    [InlineData("unetplusplus-nested")]
    [InlineData("mednext-s-k3")]
    [InlineData("nnunet-resenc-2d")]
    [InlineData("u2net3d")]
    [InlineData("unetrplusplus-synapse")]
    public void Hooks_fire_on_every_module_of_the_flow(string variant)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = SmallVariants.Of(variant).Build();
        model.eval();
        var input = rand([1, model.Options.InChannels, .. SmallVariants.Size(model)]);
        var expected = model.call(input).Logits;
        var inFlow = model.Record(input.shape).Regions.Select(region => region.Module).ToHashSet<nn.Module>(ReferenceEqualityComparer.Instance);
        var (hooked, fired) = (new List<string>(), new List<string>());
        foreach (var (name, module) in model.named_modules())
        {
            if (module is Module<Tensor, Tensor> one) one.register_forward_hook((_, _, output) => Note(name, output));
            else if (module is Module<Tensor, Tensor, Tensor> two) two.register_forward_hook((_, _, _, output) => Note(name, output));
            else if (module is DomainBlock block) block.register_forward_hook((_, _, _, output) => Note(name, output));
            else continue;
            if (inFlow.Contains(module)) hooked.Add(name);
        }
        // Called for their hooks, instance norms run by another kernel.
        TensorAssert.Close(model.call(input).Logits, expected, 1e-4);
        hooked.Should().NotBeEmpty();
        fired.Distinct().Should().BeEquivalentTo(hooked);

        Tensor Note(string name, Tensor output)
        {
            fired.Add(name);
            return output;
        }
    }

    [Fact]
    public void A_hook_changes_the_output_of_a_block_inside()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3] }.Build();
        model.eval();
        var input = rand(1, 1, 8, 8);
        var plain = model.call(input).Logits;
        var stem = (DoubleConv)model.named_modules().First(entry => entry.name == "stem").module;
        var remover = stem.register_forward_hook((_, _, output) => output * 2);
        model.call(input).Logits.Equals(plain).Should().BeFalse();
        remover.remove();
        TensorAssert.Equal(model.call(input).Logits, plain);
    }

    [Fact]
    public void A_flow_that_changes_while_it_runs_is_found()
    {
        using var block = new Fickle();
        using var x = randn(1, 2, 3, 3);
        block.Invoking(b => b.call(x)).Should().Throw<InvalidOperationException>().WithMessage("A flow did something else when it ran than when it was described.*");
    }

    [Fact]
    public void Sizes_that_a_flow_asks_for_are_noted()
    {
        using var unet = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3] }.Build();
        unet.Describe(16, 16).UsesSizes.Should().BeFalse();
        unet.Describe(17, 16).UsesSizes.Should().BeTrue("a map was padded to its skip");
        using var attention = new EfficientPairedAttention(4, 16, new() { Heads = 2, ProjectedTokens = 8 });
        attention.Describe(1, 4, 4, 4).UsesSizes.Should().BeTrue();
    }

    [Fact]
    public void A_graph_tells_its_operations()
    {
        using var unit = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch);
        var graph = unit.Describe(1, 2, 8, 8);
        graph.InputShape.Should().Equal(1, 2, 8, 8);
        graph.Operations.Select(operation => (operation.Layer, operation.Path)).Should().Equal(("Conv2d", "conv"), ("BatchNorm2d", "norm"), ("ReLU", "activation"));
        graph.Operations[0].Weights.Should().Equal("conv.weight");
        graph.Operations[0].Macs.Should().Be(9 * 2 * 3 * 64);
        graph.ToString().Should().StartWith("1: Convolve conv [0] (1, 3, 8, 8)\n2: ");
        graph.Outputs.Should().Equal(3);
    }

    /// <summary>PyTorch raises; TorchSharp writes NaN into the running statistics.</summary>
    [Theory]
    [InlineData("batch")]
    [InlineData("instance")]
    [InlineData("group")]
    public void A_norm_over_one_number_is_refused_before_anything_changes(string kind)
    {
        using var scope = NewDisposeScope();
        var norm = kind switch { "batch" => Normalization.Batch, "instance" => Normalization.InstanceWith(runningStatistics: true), _ => Normalization.GroupPerChannel };
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3, 4], Norm = norm }.Build();
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        model.Invoking(m => m.call(randn(1, 1, 4, 4))).Should().Throw<ArgumentException>().WithMessage("UNet, down.1.conv.first.norm: * in training needs two *the map is (1, 4, 1, 1)*Nearest: *");
        foreach (var (key, tensor) in model.state_dict()) TensorAssert.Equal(tensor, before[key]);
        model.call(randn(1, 1, 8, 4)).Dispose();
        model.eval();
        if (kind == "batch") model.call(randn(1, 1, 4, 4)).Dispose();
    }

    private sealed class Reusing : Block
    {
        private readonly Convolution conv;
        private readonly Module<Tensor, Tensor> tanh;

        public Reusing() : base(nameof(Reusing))
        {
            conv = SpatialDims.Two.Conv(3, 3, kernel: 1);
            tanh = Activation.Tanh.Build(inPlace: true);
            RegisterComponents();
        }

        public Tensor Spelled(Tensor x)
        {
            var a = conv.call(x);
            var b = a + x;
            var c = a * b;
            var d = a.sigmoid() + a.tanh();
            return c + d + (a.tanh() * b) + (a + a) + (a * a.narrow(1, 0, 1)) + x.tanh();
        }

        protected override FeatureMap Flow(FeatureMap x)
        {
            var a = x.Through(conv);
            var b = a + x;
            var c = a * b;
            var d = a.Sigmoid() + a.Tanh();
            return (c + d).AddCmul(a.Through(tanh), b) + (a + a) + (a * a.Narrow(0, 1)) + x.Through(tanh);
        }
    }

    private sealed class Passing() : Block(nameof(Passing))
    {
        protected override FeatureMap Flow(FeatureMap x) => x;
    }

    private sealed class Fickle() : Block(nameof(Fickle))
    {
        private int calls;

        protected override FeatureMap Flow(FeatureMap x) => calls++ % 2 == 0 ? x + x : x.Sigmoid();
    }

    private sealed class Odd() : Module<Tensor, Tensor>(nameof(Odd))
    {
        public override Tensor forward(Tensor input) => input * 2;
    }

    private sealed class Foreign : Block
    {
        private readonly ConvNormAct unit;
        private readonly Sequential inner;

        public Foreign() : base(nameof(Foreign))
        {
            unit = new ConvNormAct(SpatialDims.Two, 3, 4, norm: Normalization.Instance);
            inner = Sequential(new ConvNormAct(SpatialDims.Two, 4, 4), new Odd(), new ConvNormAct(SpatialDims.Two, 4, 4));
            RegisterComponents();
        }

        public Tensor Spelled(Tensor x)
        {
            var y = unit.call(x);
            return inner.call(y) + y;
        }

        protected override FeatureMap Flow(FeatureMap x)
        {
            var y = x.Through(unit);
            return y.Through(inner) + y;
        }
    }
}
