namespace UNetFamily.Tests.Backend;

/// <summary>Optimizers against the parameters that PyTorch 1.13 arrived at after five steps of the same problem, in double precision.</summary>
public class OptimTests
{
    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Makers = new()
    {
        ["sgd"] = p => optim.SGD(p, 0.05),
        ["sgd momentum"] = p => optim.SGD(p, 0.05, momentum: 0.9, weight_decay: 0.01),
        ["sgd dampening"] = p => optim.SGD(p, 0.05, momentum: 0.9, dampening: 0.2),
        ["sgd nesterov"] = p => optim.SGD(p, 0.05, momentum: 0.9, nesterov: true),
        ["sgd maximize"] = p => optim.SGD(p, 0.05, momentum: 0.5, maximize: true),
        ["adam"] = p => optim.Adam(p, 0.05, 0.8, 0.95, 1e-7),
        ["adam decay"] = p => optim.Adam(p, 0.05, weight_decay: 0.1),
        ["adam amsgrad"] = p => optim.Adam(p, 0.5, 0.5, 0.6, amsgrad: true),
        ["adamw"] = p => optim.AdamW(p, 0.05, weight_decay: 0.1),
        ["adamw maximize"] = p => optim.AdamW(p, 0.05, weight_decay: 0.01, maximize: true),
        ["rmsprop"] = p => optim.RMSProp(p, 0.02, alpha: 0.9),
        ["rmsprop centered"] = p => optim.RMSProp(p, 0.02, alpha: 0.9, momentum: 0.5, centered: true, weight_decay: 0.01),
    };

    [Theory]
    [InlineData("sgd", 0.68901145029615, -1.09806328342334, 0.445404403587445, 2.09350124633061, -0.0626569859110505, -0.169643988395108)]
    [InlineData("sgd momentum", 0.211678071649601, 0.272013163830893, 0.352046495227482, 0.68040727688875, -0.306563922248562, 0.0176122792030399)]
    [InlineData("sgd dampening", 0.298881641062221, 0.0303091701114854, 0.375648620308337, 0.950707562656059, -0.266320988154627, -0.00840570047467057)]
    [InlineData("sgd nesterov", 0.148723063830227, 0.429202867551789, 0.312382879573808, 0.424160319380381, -0.327720780902393, -0.00255177712140454)]
    [InlineData("sgd maximize", 1.75678444757344, -4.19922006025391, 0.576816981564896, 5.07396633020523, 0.515097313471121, -0.70492901412321)]
    [InlineData("adam", 0.75291788063825, -1.75111003870217, 0.275148940602102, 2.75062464583913, -0.143267253980851, -0.0550400527841454)]
    [InlineData("adam decay", 0.75194614030501, -1.75071497176179, 0.265693915349619, 2.75039713039596, -0.144777958449755, -0.0537390409891021)]
    [InlineData("adam amsgrad", 0.0649774462417078, -0.0620936068239478, -0.0489714886094854, 0.825359960358497, 0.00913269660708721, -0.143911067391736)]
    [InlineData("adamw", 0.72992260168721, -1.70384682004752, 0.260926456331282, 2.67876968357089, -0.14481857060513, -0.0488809587061193)]
    [InlineData("adamw maximize", 1.24814090993765, -2.24525018327766, 0.749092565385995, 3.24257127040566, 0.350613456667166, -0.550066460214235)]
    [InlineData("rmsprop", 0.797550689637192, -1.79144586473755, 0.335583956528925, 2.7896638199569, -0.0927207781033655, -0.103388006108785)]
    [InlineData("rmsprop centered", 0.625733803953875, -1.60582031763219, 0.251321691507279, 2.60033598782822, -0.240109622504933, 0.05383843671086)]
    public void Arrives_where_PyTorch_does(string name, params double[] expected)
    {
        using var problem = new Problem();
        using var optimizer = Makers[name]([problem.A, problem.B]);
        for (var i = 0; i < 5; i++) problem.Step(optimizer);
        problem.Values.Should().Equal(expected, (actual, value) => Math.Abs(actual - value) < 1e-12);
    }

    [Theory]
    [InlineData("sgd momentum")]
    [InlineData("adam amsgrad")]
    [InlineData("adamw")]
    [InlineData("rmsprop centered")]
    public void Goes_on_from_a_saved_state(string name)
    {
        using var straight = new Problem();
        using var resumed = new Problem();
        using var first = (OptimizerHelper)Makers[name]([straight.A, straight.B]);
        for (var i = 0; i < 3; i++) straight.Step(first);

        using (no_grad())
        {
            resumed.A.copy_(straight.A);
            resumed.B.copy_(straight.B);
        }
        using var second = (OptimizerHelper)Makers[name]([resumed.A, resumed.B]);
        using var stream = new MemoryStream();
        resumed.Step(second);
        first.save_state_dict(new BinaryWriter(stream));
        stream.Position = 0;
        second.load_state_dict(new BinaryReader(stream));
        using (no_grad())
        {
            resumed.A.copy_(straight.A);
            resumed.B.copy_(straight.B);
        }
        straight.Step(first);
        resumed.Step(second);
        resumed.Values.Should().Equal(straight.Values);
    }

    [Fact]
    public void Groups_have_their_own_options()
    {
        using var problem = new Problem();
        using var optimizer = optim.SGD([new SGD.ParamGroup { Parameters = [problem.A] }, new SGD.ParamGroup([problem.B], lr: 0)], 0.1, momentum: 0.5);
        optimizer.ParamGroups.Select(group => group.LearningRate).Should().Equal(0.1, 0);
        ((SGD.ParamGroup)optimizer.ParamGroups.First()).Momentum.Should().Be(0.5);
        optimizer.parameters().Should().HaveCount(2);
        var before = problem.Values;
        problem.Step(optimizer);
        problem.Values[..4].Should().NotEqual(before[..4]);
        problem.Values[4..].Should().Equal(before[4..]);
    }

    [Fact]
    public void Zeroed_gradients_stay_and_parameters_without_one_are_left_alone()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem();
        using var optimizer = optim.Adam([problem.A, problem.B]);
        var before = problem.Values;
        optimizer.step();
        problem.Values.Should().Equal(before);
        problem.Step(optimizer);
        optimizer.zero_grad();
        problem.A.grad!.abs().sum().ToDouble().Should().Be(0);
    }

    [Fact]
    public void A_closure_computes_the_loss_of_the_step()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem();
        using var optimizer = optim.SGD([problem.A, problem.B], 0.05);
        var loss = optimizer.step(() =>
        {
            var value = problem.Loss();
            value.backward();
            return value;
        });
        loss.ToDouble().Should().BeGreaterThan(0);
        loss.requires_grad.Should().BeTrue();
    }

    [Fact]
    public void A_step_allocates_only_state()
    {
        using var problem = new Problem();
        using var optimizer = optim.AdamW([problem.A, problem.B]);
        problem.Step(optimizer);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        problem.Step(optimizer);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Gradients_are_clipped_by_their_common_norm_or_by_value()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem();
        problem.Loss().backward();
        var norm = nn.utils.clip_grad_norm_([problem.A, problem.B], 1);
        norm.Should().BeGreaterThan(1);
        var squares = problem.A.grad!.square().sum().ToDouble() + problem.B.grad!.square().sum().ToDouble();
        squares.Should().BeApproximately(1, 1e-5);
        nn.utils.clip_grad_value_([problem.A, problem.B], 0.01);
        problem.A.grad!.abs().max().ToDouble().Should().BeLessThanOrEqualTo(0.01);
    }

    [Fact]
    public void Parameters_go_into_a_vector_and_back()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem();
        var vector = nn.utils.parameters_to_vector([problem.A, problem.B]).detach();
        vector.shape.Should().Equal(6);
        nn.utils.vector_to_parameters(vector * 2, [problem.A, problem.B]);
        problem.Values.Should().Equal(2, -4, 1, 6, 0.2, -0.6);
    }

    private sealed class Problem : IDisposable
    {
        private readonly Tensor x = tensor(new[,] { { 0.5, -1.0 }, { 2.0, 0.25 }, { -0.75, 1.5 } }).DetachFromDisposeScope();

        public Parameter A { get; } = (Parameter)new Parameter(tensor(new[,] { { 1.0, -2.0 }, { 0.5, 3.0 } })).DetachFromDisposeScope();
        public Parameter B { get; } = (Parameter)new Parameter(tensor(new[] { 0.1, -0.3 })).DetachFromDisposeScope();

        public double[] Values
        {
            get
            {
                using var scope = NewDisposeScope();
                return [.. A.detach().data<double>(), .. B.detach().data<double>()];
            }
        }

        public Tensor Loss() => (x.matmul(A) + B).square().mean() + A.pow(3).sum() * 0.01;

        public void Step(optim.Optimizer optimizer)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            Loss().backward();
            optimizer.step();
        }

        public void Dispose()
        {
            x.Dispose();
            A.Dispose();
            B.Dispose();
        }
    }
}
