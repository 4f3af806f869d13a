namespace UNetFamily.Tests.Models.AttentionUNet;

public class AttentionUNetTests
{
    private static readonly Dictionary<string, AttentionUNetOptions> Forms = new()
    {
        ["additive"] = new() { InChannels = 2, OutChannels = 3, Widths = [3, 4, 6] },
        ["additive, volumes"] = new() { InChannels = 2, OutChannels = 3, Widths = [3, 4, 6], SpatialDims = SpatialDims.Three },
        ["recurrent"] = new() { InChannels = 2, OutChannels = 3, Widths = [3, 4, 6], Unit = AttentionUNetUnit.RecurrentResidual },
        ["monai"] = AttentionUNetOptions.Monai(SpatialDims.Two, 2, 3, [3, 4, 6], [2, 4], upKernel: 5),
        ["monai, volumes"] = AttentionUNetOptions.Monai(SpatialDims.Three, 2, 3, [3, 4, 6]),
        ["multi"] = AttentionUNetOptions.OktayCt(2, 3) with { Widths = [3, 4, 6] },
        ["multi, images"] = AttentionUNetOptions.OktayCt(2, 3) with { Widths = [3, 4, 6], SpatialDims = SpatialDims.Two },
        ["grid"] = AttentionUNetOptions.OktayGrid(2, 3) with { Widths = [3, 4, 6] },
        ["grid, raised by values repeated"] = AttentionUNetOptions.OktayGrid(2, 3) with { Widths = [3, 4, 6], Upsampling = AttentionUpsampling.NearestConv },
        ["two levels"] = AttentionUNetOptions.OktayCt(2, 3) with { Widths = [3, 4] },
    };

    public static TheoryData<string> Names() => new(Forms.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Keeps_the_size_of_its_input_whatever_it_is(string name)
    {
        using var model = Forms[name].Build();
        var smallest = model.InputSizes.Cover([.. Enumerable.Repeat(1L, (int)model.Options.SpatialDims)]);
        foreach (var more in new[] { 0L, 5L, 6L })
        {
            long[] size = [.. smallest.Select((side, axis) => side + more + (more > 0 ? axis : 0))];
            using var input = randn([2, 2, .. size]);
            using var output = model.call(input);
            output.Logits.shape.Should().Equal([2, 3, .. size]);
            output.Auxiliary.Should().BeEmpty();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradient_is_that_of_its_loss_and_it_leaves_exactly_its_output(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);         // another one may put a ReLU between both sides of the difference
        using var model = Forms[name].Build();
        model.to(ScalarType.Float64);
        var size = Enumerable.Repeat(8L, (int)model.Options.SpatialDims).ToArray();
        var input = randn([2, 2, .. size], ScalarType.Float64);
        BlockCheck.Holds(model, () => model.call(input).Logits, [2, 3, .. size]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_training_step_leaves_nothing_alive(string name)
    {
        using var model = Forms[name].Build();
        using var input = randn([2, 2, .. Enumerable.Repeat(8L, (int)model.Options.SpatialDims)]);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Fact]
    public void A_closed_gate_lets_nothing_of_the_skip_through_and_an_open_one_everything()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var gate = new AttentionGate(SpatialDims.Two, signal: 3, skip: 4, between: 2);
        gate.eval();
        var (signal, skip) = (randn(2, 3, 5, 6), randn(2, 4, 5, 6));
        var bias = gate.named_parameters().Single(entry => entry.name == "weigh.norm.bias").parameter;
        bias.fill_(-1e4);
        TensorAssert.Equal(gate.call(signal, skip), zeros_like(skip));
        bias.fill_(1e4);
        TensorAssert.Equal(gate.call(signal, skip), skip);
    }

    [Fact]
    public void A_signal_of_another_size_is_refused_by_one_gate_and_taken_by_the_other()
    {
        using var scope = NewDisposeScope();
        var (signal, skip) = (randn(1, 3, 2, 3), randn(1, 4, 5, 6));
        using var additive = new AttentionGate(SpatialDims.Two, signal: 3, skip: 4);
        additive.Invoking(gate => gate.call(signal, skip)).Should().Throw<ArgumentException>().WithMessage("The signal must have the spatial size of the skip, (5, 6), and has (2, 3). Bring it there *");
        using var grid = new GridAttentionGate(SpatialDims.Two, signal: 3, skip: 4);
        grid.call(signal, skip).shape.Should().Equal(1, 4, 5, 6);
    }

    [Fact]
    public void Problems_are_all_named()
    {
        var wrong = new AttentionUNetOptions
        {
            InChannels = 1,
            OutChannels = 2,
            Widths = [4, 0, 8],
            Strides = [2, (2, 2, 1), 2],
            Kernel = 4,
            CombinedGates = 2,
            Dropout = 1,
            Unit = AttentionUNetUnit.RecurrentResidual,
            Downsampling = Downsampling.StridedConv,
            Merge = (AttentionMerge)7,
        };
        FluentActions.Invoking(wrong.Build).Should().Throw<ArgumentException>().WithMessage("AttentionUNet: Widths must be positive, are [4, 0, 8]. "
            + "Strides needs one entry for all or 2, one for each step down; it has 3. Strides must be positive, with 1 or 2 numbers; one is (2, 2, 1). "
            + "Kernel must be odd, with 1 or 2 numbers, is 4. CombinedGates and SharedSignal belong to Attention = Grid, which is Additive. Dropout must be from 0 to below 1, is 1. "
            + "Dropout belongs to Unit = DoubleConv, and Unit is RecurrentResidual. Downsampling must be MaxPool where Unit is RecurrentResidual, which has no stride. Merge must be Unit or SingleConv, is 7.*");
        FluentActions.Invoking((new AttentionUNetOptions { InChannels = 1, OutChannels = 1, Norm = Normalization.Group(2) }).Build).Should().Throw<ArgumentException>()
            .WithMessage("AttentionUNet: Norm: 2 groups do not divide *1 channels*", "the weight has one channel");
    }
}
