namespace UNetFamily.Tests.Backend;

/// <summary>State, moves, modes, hooks, memory.</summary>
public class ModulesBehaviourTests
{
    [Fact]
    public void State_goes_from_one_module_to_another()
    {
        using var scope = NewDisposeScope();
        using var source = Small();
        using var target = Small();
        var (missing, unexpected) = target.load_state_dict(source.state_dict());
        missing.Should().BeEmpty();
        unexpected.Should().BeEmpty();
        foreach (var ((_, a), (_, b)) in source.named_parameters().Zip(target.named_parameters())) a.allclose(b).Should().BeTrue();
        target.parameters().Should().OnlyContain(p => p.requires_grad && p.is_leaf);
    }

    [Fact]
    public void A_state_that_does_not_fit_is_an_error_only_when_strict()
    {
        using var scope = NewDisposeScope();
        using var module = Small();
        var state = module.state_dict();
        state.Remove("0.bias");
        state["other"] = ones(1);
        module.Invoking(m => m.load_state_dict(state)).Should().Throw<InvalidOperationException>();
        var (missing, unexpected) = module.load_state_dict(state, strict: false);
        missing.Should().Equal("0.bias");
        unexpected.Should().Equal("other");
        (missing, unexpected) = module.load_state_dict(state, skip: ["0.bias", "other"]);
        missing.Should().BeEmpty();
        unexpected.Should().BeEmpty();
    }

    [Fact]
    public void A_file_gives_back_what_was_saved()
    {
        using var scope = NewDisposeScope();
        using var source = Small();
        using var target = Small();
        using var stream = new MemoryStream();
        source.save(new BinaryWriter(stream));
        stream.Position = 0;
        target.load(new BinaryReader(stream));
        stream.Position.Should().Be(stream.Length);
        foreach (var (key, value) in source.state_dict()) target.state_dict()[key].allclose(value).Should().BeTrue();
    }

    [Fact]
    public void A_cast_replaces_fields_and_keeps_whole_numbers()
    {
        using var scope = NewDisposeScope();
        using var module = new Block();
        var before = module.scale;
        module.to(ScalarType.Float64).Should().BeSameAs(module);
        module.scale.Should().NotBeSameAs(before);
        before.IsInvalid.Should().BeTrue();
        module.parameters().Should().OnlyContain(p => p.dtype == ScalarType.Float64 && p.requires_grad && p.is_leaf);
        module.get_buffer("norm.num_batches_tracked")!.dtype.Should().Be(ScalarType.Int64);
        module.table.dtype.Should().Be(ScalarType.Float64);
        module.call(ones([2, 1, 5, 5], dtype: ScalarType.Float64)).dtype.Should().Be(ScalarType.Float64);
        module.@float();
        module.scale.dtype.Should().Be(ScalarType.Float32);
        module.call(ones(2, 1, 5, 5)).dtype.Should().Be(ScalarType.Float32);
        module.Invoking(m => m.to(ScalarType.Int32)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_cast_takes_the_gradient_along()
    {
        using var scope = NewDisposeScope();
        using var linear = Linear(2, 1);
        linear.call(ones(1, 2)).sum().backward();
        linear.to(ScalarType.Float64);
        linear.weight.grad!.dtype.Should().Be(ScalarType.Float64);
        linear.weight.grad!.sum().ToDouble().Should().Be(2);
    }

    [Fact]
    public void Modes_reach_every_module()
    {
        using var module = new Block();
        module.training.Should().BeTrue();
        module.eval();
        module.named_modules().Should().OnlyContain(m => !m.module.training);
        module.train();
        module.named_modules().Should().OnlyContain(m => m.module.training);
    }

    [Fact]
    public void Apply_visits_children_first()
    {
        using var module = Sequential(Linear(1, 1), Sequential(ReLU()));
        var visited = new List<string>();
        module.apply(m => visited.Add(m.GetType().Name));
        visited.Should().Equal("Linear", "ReLU", "Sequential", "Sequential");
    }

    [Fact]
    public void Hooks_see_and_change_inputs_and_outputs()
    {
        using var scope = NewDisposeScope();
        using var module = Identity();
        var log = new List<string>();
        var pre = module.register_forward_pre_hook((_, x) => x + 1);
        var post = module.register_forward_hook((_, _, y) => y * 10);
        var seen = module.register_forward_hook(_ => log.Add("after"));
        module.register_forward_pre_hook(_ => log.Add("before"));
        module.call(ones(1)).ToDouble().Should().Be(20);
        pre.remove();
        module.call(ones(1)).ToDouble().Should().Be(10);
        post.remove();
        seen.remove();
        module.call(ones(1)).ToDouble().Should().Be(1);
        log.Should().Equal("before", "after", "before", "after", "before");
        module.forward(ones(1)).ToDouble().Should().Be(1);
    }

    [Fact]
    public void Gradients_are_removed_or_set_to_zero()
    {
        using var scope = NewDisposeScope();
        using var linear = Linear(2, 1);
        linear.call(ones(1, 2)).sum().backward();
        linear.zero_grad(set_to_none: false);
        linear.weight.grad!.sum().ToDouble().Should().Be(0);
        linear.zero_grad();
        linear.weight.grad.Should().BeNull();
    }

    [Fact]
    public void A_chain_can_be_indexed_and_sliced()
    {
        using var chain = Sequential(Linear(1, 2), ReLU(), Linear(2, 3));
        chain.Count.Should().Be(3);
        chain[2].Should().BeOfType<Linear>();
        chain[1..].Count.Should().Be(2);
        chain[(null, 2)].Count.Should().Be(2);
        chain.append(ReLU()).append("last", Identity()).named_children().Select(c => c.name).Should().Equal("0", "1", "2", "3", "last");
    }

    [Fact]
    public void Disposing_disposes_everything_below()
    {
        var module = new Block();
        var tensors = module.parameters().Cast<Tensor>().Concat(module.buffers()).ToList();
        tensors.Should().NotBeEmpty();
        module.Dispose();
        tensors.Should().OnlyContain(t => t.IsInvalid);
    }

    [Fact]
    public void Parameters_of_built_in_modules_outlive_the_scope_they_were_made_in()
    {
        Conv2d conv;
        BatchNorm2d norm;
        using (NewDisposeScope()) (conv, norm) = (Conv2d(1, 1, 3), BatchNorm2d(1));
        conv.weight.IsInvalid.Should().BeFalse();
        norm.running_mean!.IsInvalid.Should().BeFalse();
        conv.Dispose();
        norm.Dispose();
    }

    [Fact]
    public void A_chain_disposes_what_flows_through_it()
    {
        using var chain = Sequential(Conv2d(1, 2, 3), BatchNorm2d(2), ReLU(), MaxPool2d(2));
        using var input = ones(1, 1, 8, 8);
        using var warm = chain.call(input);
        using var scope = NewDisposeScope();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var output = chain.call(input);
        (DisposeScopeManager.Statistics.ThreadTotalLiveCount - before).Should().Be(1);
        output.shape.Should().Equal(1, 2, 3, 3);
    }

    [Fact]
    public void A_training_step_leaves_nothing_behind()
    {
        using var net = Sequential(Conv2d(1, 4, 3, padding: 1), InstanceNorm2d(4, affine: true), GELU(), Conv2d(4, 2, 1));
        using var optimizer = optim.AdamW(net.parameters(), 1e-3);
        using var loss = CrossEntropyLoss();
        using var input = randn(2, 1, 8, 8);
        using var target = zeros([2, 8, 8], dtype: ScalarType.Int64);
        Step();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++) Step();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(net.call(input), target).backward();
            optimizer.step();
        }
    }

    [Fact]
    public void Batch_statistics_are_counted()
    {
        using var scope = NewDisposeScope();
        using var norm = BatchNorm2d(1);
        norm.call(randn(2, 1, 4, 4));
        norm.call(randn(2, 1, 4, 4));
        norm.num_batches_tracked!.ToInt64().Should().Be(2);
        norm.eval();
        norm.call(randn(2, 1, 4, 4));
        norm.num_batches_tracked!.ToInt64().Should().Be(2);
        norm.reset_running_stats();
        norm.num_batches_tracked!.ToInt64().Should().Be(0);
    }

    [Fact]
    public void Layers_check_their_input()
    {
        using var scope = NewDisposeScope();
        using var conv = Conv2d(3, 1, 3);
        conv.Invoking(m => m.call(ones(1, 2, 4, 4))).Should().Throw<ArgumentException>();
        using var norm = BatchNorm3d(2);
        norm.Invoking(m => m.call(ones(1, 2, 4, 4))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Modules_without_parameters_take_none()
    {
        using var relu = ReLU();
        using var parameter = Parameter(ones(1));
        relu.Invoking(m => m.register_parameter("x", parameter)).Should().Throw<InvalidOperationException>();
        relu.Should().BeAssignableTo<IParameterLessModule>();
        relu.to(ScalarType.Float64).parameters().Should().BeEmpty();
    }

    [Fact]
    public void Dropout_drops_in_training_only()
    {
        using var scope = NewDisposeScope();
        using var dropout = Dropout(0.5);
        using var planes = Dropout2d(0.5);
        var input = ones(4, 8, 16, 16);
        dropout.call(input).sum().ToDouble().Should().BeApproximately(input.numel(), input.numel() * 0.1);
        planes.call(input).amax([2, 3]).eq(planes.call(input).amax([2, 3])).numel().Should().Be(32);
        var dropped = planes.call(input);
        dropped.amin([2, 3]).allclose(dropped.amax([2, 3])).Should().BeTrue();
        dropout.eval();
        dropout.call(input).allclose(input).Should().BeTrue();
    }

    private static Sequential Small() => Sequential(Conv2d(1, 2, 3), BatchNorm2d(2), PReLU(2));

    private sealed class Block : Module<Tensor, Tensor>
    {
        public readonly Parameter scale = Parameter(full([1], 2f));
        public readonly Tensor table = ones(1);
        private readonly Sequential body = Sequential(Conv2d(1, 2, 3), ReLU());
        private readonly BatchNorm2d norm = BatchNorm2d(2);

        public Block() : base(nameof(Block)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return (norm.call(body.call(input)) * scale + table).MoveToOuterDisposeScope();
        }
    }
}
