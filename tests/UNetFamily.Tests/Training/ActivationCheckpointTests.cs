namespace UNetFamily.Tests.Training;

public class ActivationCheckpointTests
{
    /// <summary>Segments with what can go wrong: batch statistics, dropout of values and of channels, several blocks, both ranks.</summary>
    public static TheoryData<string> Segments() => new("blocks", "volumes", "batch norm", "dropout", "nested");

    private static Sequential Chain(string kind) => kind switch
    {
        "blocks" => Sequential(("a", new MedNeXtBlock(SpatialDims.Two, 4, kernel: 3)), ("b", new MedNeXtDownBlock(SpatialDims.Two, 4, 6, kernel: 5, residual: true))),
        "volumes" => Sequential(("a", new MedNeXtUpBlock(SpatialDims.Three, 4, 6, kernel: 3)), ("b", new MedNeXtBlock(SpatialDims.Three, 6, kernel: 5, responseNorm: true))),
        "batch norm" => Sequential(("a", new DoubleConv(SpatialDims.Two, 4, 6, Normalization.Batch)), ("b", new DoubleConv(SpatialDims.Two, 6, 6, Normalization.Batch))),
        "dropout" => Sequential(("a", SpatialDims.Two.Conv(4, 6, kernel: 3)), ("b", Sequential(("c", Dropout(0.5)), ("d", SpatialDims.Two.ChannelDropout(0.3)), ("e", SpatialDims.Two.Conv(6, 6, kernel: 3))))),
        "nested" => Sequential(("a", new Checkpointed(new MedNeXtBlock(SpatialDims.Two, 4, kernel: 3))), ("b", new Checkpointed(new MedNeXtBlock(SpatialDims.Two, 4, kernel: 3)))),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static Tensor Input(string kind) => randn(kind == "volumes" ? [2, 4, 3, 4, 5] : [2, 4, 6, 8]);

    [Theory]
    [MemberData(nameof(Segments))]
    public void Gives_the_same_outputs_gradients_and_buffers(string kind)
    {
        using var scope = NewDisposeScope();
        using var chain = Chain(kind);
        var input = Input(kind);
        var fresh = chain.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

        var stored = Step((part, x) => part.call(x));
        var recomputed = Step(ActivationCheckpoint.Run);

        foreach (var (name, value) in stored)
        {
            if (name.StartsWith("gradient", StringComparison.Ordinal)) TensorAssert.Close(recomputed[name], value, 1e-5 * (1 + value.abs().max().ToDouble()), name);
            else TensorAssert.Equal(recomputed[name], value, name);
        }

        // Two rounds, so that a random state or a buffer that was left wrong by the first shows in the second.
        Dictionary<string, Tensor> Step(Func<Module<Tensor, Tensor>, Tensor, Tensor> call)
        {
            using (no_grad()) foreach (var (name, tensor) in chain.state_dict()) tensor.copy_(fresh[name]);
            chain.zero_grad();
            manual_seed(11);
            var result = new Dictionary<string, Tensor>();
            for (var round = 0; round < 2; round++)
            {
                var x = input.detach().clone().requires_grad_();
                var output = chain.children().Cast<Module<Tensor, Tensor>>().Aggregate(x, (running, part) => call(part, running));
                output.square().mean().backward();
                result[$"output {round}"] = output.detach();
                result[$"gradient of the input {round}"] = x.grad!;
            }
            foreach (var (name, parameter) in chain.named_parameters()) result[$"gradient of {name}"] = parameter.grad!.clone();
            foreach (var (name, buffer) in chain.named_buffers()) result[$"buffer {name}"] = buffer.clone();
            result["random numbers afterwards"] = randn(5);
            return result;
        }
    }

    [Fact]
    public void Takes_two_inputs()
    {
        using var scope = NewDisposeScope();
        using var stage = new Join();
        var (first, second) = (randn(2, 3, 5).requires_grad_(), randn(2, 3, 5).requires_grad_());
        ActivationCheckpoint.Run(stage, first, second).square().sum().backward();
        var (ofFirst, ofSecond) = (first.grad!.clone(), second.grad!.clone());
        first.grad!.zero_();
        second.grad!.zero_();
        stage.call(first, second).square().sum().backward();
        TensorAssert.Close(ofFirst, first.grad!, 1e-5);
        TensorAssert.Close(ofSecond, second.grad!, 1e-5);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Reaches_whatever_needs_a_gradient(bool input, bool weights)
    {
        using var scope = NewDisposeScope();
        using var block = new MedNeXtBlock(SpatialDims.Two, 2, kernel: 3);
        foreach (var parameter in block.parameters()) parameter.requires_grad_(weights);
        var x = randn(1, 2, 4, 4).requires_grad_(input);

        var output = ActivationCheckpoint.Run(block, x);
        output.requires_grad.Should().Be(input || weights);
        if (output.requires_grad) output.square().sum().backward();

        (x.grad is not null).Should().Be(input);
        block.parameters().Select(parameter => parameter.grad is not null).Should().AllBeEquivalentTo(weights);
    }

    [Fact]
    public void Trains_some_of_the_weights_and_leaves_frozen_ones()
    {
        using var scope = NewDisposeScope();
        using var block = new MedNeXtBlock(SpatialDims.Two, 2, kernel: 3);
        block.state_dict()["depthwise.weight"].requires_grad_(false);
        ActivationCheckpoint.Run(block, randn(1, 2, 4, 4)).square().sum().backward();
        block.named_parameters().Where(entry => entry.parameter.grad is null).Select(entry => entry.name).Should().Equal("depthwise.weight");
    }

    [Fact]
    public void Without_gradients_it_is_an_ordinary_call()
    {
        using var scope = NewDisposeScope();
        using var block = new MedNeXtBlock(SpatialDims.Two, 2, kernel: 3);
        using var noGradient = no_grad();
        var input = randn(1, 2, 4, 4);
        var output = ActivationCheckpoint.Run(block, input);
        output.requires_grad.Should().BeFalse();
        TensorAssert.Equal(output, block.call(input));
    }

    [Theory]
    [MemberData(nameof(Segments))]
    public void Leaves_nothing_alive(string kind)
    {
        using var chain = Chain(kind);
        using var input = Input(kind);
        Step(backward: true);       // gradients are made once

        NoLeaks.During(() => Step(backward: true)).Should().Be(0);
        NoLeaks.During(() => Step(backward: false)).Should().Be(0);
        Tensor? output = null;
        NoLeaks.During(() => output = ActivationCheckpoint.Run(chain, input)).Should().Be(1, "the output is what is left");
        output!.Dispose();

        void Step(bool backward)
        {
            using var scope = NewDisposeScope();
            var output = ActivationCheckpoint.Run(chain, input);
            if (backward) output.square().mean().backward();
        }
    }

    [PeakMemoryTheory]
    [InlineData(16)]
    public void Needs_a_fraction_of_the_memory(int count)
    {
        using var blocks = ModuleList([.. Enumerable.Range(0, count).Select(_ => new MedNeXtBlock(SpatialDims.Two, 16, kernel: 3))]);
        using var input = randn(1, 16, 160, 160);
        Step(ActivationCheckpoint.Run);     // gradients and libraries are there

        var recomputed = PeakMemory.During(() => Step(ActivationCheckpoint.Run));
        var stored = PeakMemory.During(() => Step((block, x) => block.call(x)));

        // A block holds 11 maps and its input is one of them: 11 * count against count + 11, and what the backward pass of one needs.
        stored.Should().BeGreaterThan(2 * recomputed);

        void Step(Func<Module<Tensor, Tensor>, Tensor, Tensor> call)
        {
            using var scope = NewDisposeScope();
            blocks.Aggregate(input, (x, block) => call(block, x)).square().mean().backward();
        }
    }

    [Fact]
    public void Runs_on_several_threads_at_once()
    {
        using var scope = NewDisposeScope();
        using var alone = Chain("blocks");
        var input = Input("blocks");
        var expected = Gradients(alone, input);
        var results = new Dictionary<string, double>[4];
        var threads = Enumerable.Range(0, results.Length).Select(i => new Thread(() => results[i] = Repeated(i))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        foreach (var result in results) result.Should().BeEquivalentTo(expected, options => options.Using<double>(pair => pair.Subject.Should().BeApproximately(pair.Expectation, 1e-5)).WhenTypeIs<double>());

        Dictionary<string, double> Repeated(int seed)
        {
            using var scope = NewDisposeScope();
            using var own = Chain("blocks");
            own.load_state_dict(alone.state_dict());
            for (var i = 0; i < 5; i++)
            {
                Gradients(own, input);
                rand(10).Dispose();     // segments that draw nothing don't mind what others draw
            }
            return Gradients(own, input);
        }

        static Dictionary<string, double> Gradients(Sequential chain, Tensor input)
        {
            using var scope = NewDisposeScope();
            chain.zero_grad();
            chain.children().Cast<Module<Tensor, Tensor>>().Aggregate(input, (x, part) => ActivationCheckpoint.Run(part, x)).square().mean().backward();
            return chain.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.grad!.norm().ToDouble());
        }
    }

    [Fact]
    public void Says_at_the_next_call_what_failed_in_the_backward_pass()
    {
        using var scope = NewDisposeScope();
        using var module = new FailsTheSecondTime();
        var input = ones(2, 2).requires_grad_();
        ActivationCheckpoint.Run(module, input).sum().backward();
        input.grad!.isnan().all().ToBoolean().Should().BeTrue();
        FluentActions.Invoking(() => ActivationCheckpoint.Run(module, input)).Should().Throw<InvalidOperationException>()
            .WithMessage("*gradients are NaN: not again*").WithInnerException<NotSupportedException>();
        ActivationCheckpoint.Run(module, input).shape.Should().Equal([2, 2], "it is said once");
    }

    [Fact]
    public void Refuses_a_second_derivative()
    {
        using var scope = NewDisposeScope();
        using var block = new MedNeXtBlock(SpatialDims.Two, 2, kernel: 3);
        var input = randn(1, 2, 4, 4).requires_grad_();
        var loss = ActivationCheckpoint.Run(block, input).square().sum();
        autograd.grad([loss], [input], create_graph: true)[0].isnan().all().ToBoolean().Should().BeTrue();
        FluentActions.Invoking(() => ActivationCheckpoint.Run(block, input)).Should().Throw<InvalidOperationException>().WithMessage("*create_graph*");
    }

    private sealed class Checkpointed : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> inside;

        public Checkpointed(Module<Tensor, Tensor> inside) : base(nameof(Checkpointed))
        {
            this.inside = inside;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => ActivationCheckpoint.Run(inside, input);
    }

    private sealed class Join : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear mix = Linear(10, 4);

        public Join() : base(nameof(Join)) => RegisterComponents();

        public override Tensor forward(Tensor first, Tensor second)
        {
            using var joined = cat([first, second], dim: 2);
            return mix.call(joined);
        }
    }

    private sealed class FailsTheSecondTime() : Module<Tensor, Tensor>(nameof(FailsTheSecondTime))
    {
        private int calls;

        public override Tensor forward(Tensor input) => ++calls == 2 ? throw new NotSupportedException("not again") : input * 2;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Random_numbers_that_another_thread_draws_meanwhile_are_an_error_where_they_matter(bool dropout)
    {
        using var scope = NewDisposeScope();
        var other = new Thread(() => rand(3).Dispose());
        var segment = new Disturbed(dropout, () =>
        {
            if (other.ThreadState != ThreadState.Unstarted) return;
            other.Start();
            other.Join();
        });
        segment.train();
        var x = ones([64], requires_grad: true);
        ActivationCheckpoint.Run(segment, x).sum().backward();

        x.grad!.isfinite().all().ToBoolean().Should().Be(!dropout);
        var next = () => ActivationCheckpoint.Run(segment, x);
        if (dropout) next.Should().Throw<InvalidOperationException>().WithMessage("*Another thread drew random numbers while a segment with dropout was computed*");
        else next.Should().NotThrow();
    }

    private sealed class Disturbed : Module<Tensor, Tensor>
    {
        private readonly bool dropout;
        private readonly Action disturb;

        public Disturbed(bool dropout, Action disturb) : base(nameof(Disturbed)) => (this.dropout, this.disturb) = (dropout, disturb);

        public override Tensor forward(Tensor input)
        {
            disturb();
            return dropout ? functional.dropout(input, 0.5, training: true) : input * 2;
        }
    }
}
