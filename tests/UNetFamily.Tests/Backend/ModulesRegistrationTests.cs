using TorchSharp.Utils;

namespace UNetFamily.Tests.Backend;

/// <summary>How TorchSharp finds what a module holds, and in which order it lists it.</summary>
public class ModulesRegistrationTests
{
    [Fact]
    public void Fields_become_children_parameters_and_buffers_under_their_names()
    {
        using var module = new Registered();
        module.named_parameters().Select(p => p.name).Should().Equal("scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias");
        module.named_buffers().Select(b => b.name).Should().BeEquivalentTo("table", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked");
        module.state_dict().Keys.Take(5).Should().Equal("scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias");
        module.named_children().Select(c => c.name).Should().Equal("conv", "norm");
    }

    [Fact]
    public void An_attribute_names_a_field_and_an_auto_property_keeps_its_compiler_name()
    {
        using var module = new Named();
        module.named_children().Select(c => c.name).Should().Equal("aux_head", "<Second>k__BackingField");
    }

    [Fact]
    public void Arrays_of_modules_are_not_seen()
    {
        using var module = new WithArray();
        module.named_children().Should().BeEmpty();
        foreach (var hidden in module.hidden) hidden.Dispose();
    }

    [Fact]
    public void A_base_constructor_that_registers_hides_the_derived_layers()
    {
        using var module = new DerivedTooLate();
        module.named_children().Select(c => c.name).Should().Equal("first");
        module.second.Dispose();
    }

    [Fact]
    public void Derived_fields_come_before_base_fields()
    {
        using var module = new Derived();
        module.named_children().Select(c => c.name).Should().Equal("second", "first");
    }

    [Fact]
    public void Modules_are_listed_by_level()
    {
        using var module = new Outer();
        module.named_modules().Select(m => m.name).Should().Equal("inner", "last", "inner.conv", "inner.norm");
    }

    [Fact]
    public void Lists_and_chains_are_numbered_dictionaries_keep_their_keys()
    {
        using var module = new Containers();
        module.state_dict().Keys.Should().Equal(
            "list.0.weight", "list.1.weight", "chain.0.weight", "chain.2.weight", "named.first.weight", "named.second.weight", "dict.b.weight", "dict.a.weight", "weights.0", "weights.1", "biases.x");
        module.list.Count.Should().Be(2);
        module.dict["a"].in_features.Should().Be(3);
    }

    [Fact]
    public void What_is_registered_twice_is_listed_once()
    {
        using var module = new Shared();
        module.parameters().Should().HaveCount(1);
        module.state_dict().Keys.Should().Equal("left.weight", "right.weight");
    }

    [Fact]
    public void Names_are_checked()
    {
        using var module = new Registered();
        using var child = Linear(1, 1);
        module.Invoking(m => m.register_module("a.b", child)).Should().Throw<ArgumentException>();
        module.Invoking(m => m.register_module("", child)).Should().Throw<ArgumentException>();
        module.Invoking(m => m.register_module("conv", child)).Should().Throw<InvalidOperationException>();
        module.register_module("norm", null!);
        module.named_children().Select(c => c.name).Should().Equal("conv");
    }

    [Fact]
    public void Parameters_and_buffers_are_found_by_path()
    {
        using var module = new Outer();
        module.get_parameter("inner.conv.weight").Should().BeSameAs(module.inner.conv.weight);
        module.has_parameter("inner.conv.nothing").Should().BeFalse();
        module.get_parameter("nobody.weight").Should().BeNull();
        module.get_buffer("inner.norm.running_mean").Should().NotBeNull();
        module.has_buffer("inner.table").Should().BeTrue();
    }

    [Fact]
    public void Buffers_that_are_not_persistent_stay_out_of_the_state()
    {
        using var module = new WithCache();
        module.state_dict().Keys.Should().Equal("kept");
    }

    private sealed class Registered : Module<Tensor, Tensor>
    {
        private readonly Parameter scale = Parameter(ones(1));
        public readonly Conv2d conv = Conv2d(1, 2, 3);
        private readonly BatchNorm2d norm = BatchNorm2d(2);
        private readonly Tensor table = arange(4);

        public Registered() : base(nameof(Registered)) => RegisterComponents();

        public override Tensor forward(Tensor input) => norm.call(conv.call(input)) * scale + table.sum();
    }

    private sealed class Named : Module<Tensor, Tensor>
    {
        [ComponentName(Name = "aux_head")]
        private readonly Linear auxHead = Linear(2, 2);

        public Named() : base(nameof(Named)) => RegisterComponents();

        public Linear Second { get; } = Linear(2, 2);

        public override Tensor forward(Tensor input) => Second.call(auxHead.call(input));
    }

    private sealed class WithArray : Module<Tensor, Tensor>
    {
        public readonly Linear[] hidden = [Linear(1, 1), Linear(1, 1)];

        public WithArray() : base(nameof(WithArray)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input.alias();
    }

    private abstract class RegistersEarly : Module<Tensor, Tensor>
    {
        protected readonly Linear first = Linear(1, 1);

        protected RegistersEarly() : base("early") => RegisterComponents();

        public override Tensor forward(Tensor input) => first.call(input);
    }

    private sealed class DerivedTooLate : RegistersEarly
    {
        public readonly Linear second;

        public DerivedTooLate()
        {
            second = Linear(1, 1);
            RegisterComponents();
        }
    }

    private abstract class Base : Module<Tensor, Tensor>
    {
        protected readonly Linear first = Linear(1, 1);

        protected Base() : base("base")
        {
        }
    }

    private sealed class Derived : Base
    {
        private readonly Linear second = Linear(1, 1);

        public Derived() => RegisterComponents();

        public override Tensor forward(Tensor input) => second.call(first.call(input));
    }

    private sealed class Outer : Module<Tensor, Tensor>
    {
        public readonly Registered inner = new();
        private readonly Identity last = Identity();

        public Outer() : base(nameof(Outer)) => RegisterComponents();

        public override Tensor forward(Tensor input) => last.call(inner.call(input));
    }

    private sealed class Containers : Module<Tensor, Tensor>
    {
        public readonly ModuleList<Linear> list = ModuleList(Line(1), Line(1));
        private readonly Sequential chain = Sequential(Line(1), ReLU(), Line(1));
        private readonly Sequential named = Sequential(("first", Line(1)), ("second", Line(1)));
        public readonly ModuleDict<Linear> dict = ModuleDict(("b", Line(2)), ("a", Line(3)));
        private readonly ParameterList weights = ParameterList(Parameter(ones(1)), Parameter(ones(2)));
        private readonly ParameterDict biases = ParameterDict(("x", Parameter(ones(1))));

        public Containers() : base(nameof(Containers)) => RegisterComponents();

        public override Tensor forward(Tensor input) => chain.call(input);

        private static Linear Line(long size) => Linear(size, size, hasBias: false);
    }

    private sealed class Shared : Module<Tensor, Tensor>
    {
        private readonly Linear left = Linear(1, 1, hasBias: false);
        private readonly Linear right;

        public Shared() : base(nameof(Shared))
        {
            right = left;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => right.call(left.call(input));
    }

    private sealed class WithCache : Module<Tensor, Tensor>
    {
        public WithCache() : base(nameof(WithCache))
        {
            register_buffer("kept", zeros(1));
            register_buffer("cache", zeros(1), persistent: false);
        }

        public override Tensor forward(Tensor input) => input.alias();
    }
}
