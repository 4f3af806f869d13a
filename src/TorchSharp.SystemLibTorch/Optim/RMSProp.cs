using TorchSharp.Interop;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static Modules.RMSProp RMSProp(IEnumerable<Parameter> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) =>
                new(parameters, lr, alpha, eps, weight_decay, momentum, centered, maximize);

            public static Modules.RMSProp RMSProp(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) =>
                new(parameters.Select(p => p.parameter), lr, alpha, eps, weight_decay, momentum, centered, maximize);

            public static Modules.RMSProp RMSProp(IEnumerable<Modules.RMSProp.ParamGroup> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) =>
                new(parameters, lr, alpha, eps, weight_decay, momentum, centered, maximize);
        }
    }

    namespace Modules
    {
        /// <summary>RMSProp: gradients over the root of a running mean of their squares.</summary>
        public class RMSProp : OptimizerHelper, IMomentum
        {
            private static readonly Operator addcmul = new("aten::addcmul");

            public RMSProp(IEnumerable<Parameter> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
                : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize)
            {
            }

            public RMSProp(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
            {
                RequireNonNegative("learning rate", lr);
                RequireNonNegative("alpha", alpha);
                RequireNonNegative("eps", eps);
                RequireNonNegative("momentum value", momentum);
                RequireNonNegative("weight_decay value", weight_decay);
                _defaults = new Options { LearningRate = lr, InitialLearningRate = lr, alpha = alpha, eps = eps, weight_decay = weight_decay, momentum = momentum, centered = centered, maximize = maximize };
                foreach (var group in parameters) add_param_group(group);
            }

            public double Momentum
            {
                get => ((Options)_defaults).momentum!.Value;
                set => ((Options)_defaults).momentum = value;
            }

            public override void add_param_group(Modules.ParamGroup param_group)
            {
                var defaults = (Options)_defaults;
                param_group.Options ??= new Options();
                var options = (Options)param_group.Options;
                options.LearningRate ??= defaults.LearningRate;
                options.momentum ??= defaults.momentum;
                options.alpha ??= defaults.alpha;
                options.eps ??= defaults.eps;
                options.weight_decay ??= defaults.weight_decay;
                options.centered ??= defaults.centered;
                options.maximize ??= defaults.maximize;
                Add(param_group, parameter => new State(parameter));
            }

            public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(group =>
            {
                var options = group.Options;
                foreach (var parameter in group.Parameters)
                {
                    using var gradient = Update.Gradient(parameter, options.maximize!.Value, options.weight_decay!.Value);
                    if (gradient is null) continue;
                    var state = (State)_state[parameter.Handle];
                    state.step++;
                    Update.AverageOfSquares(state.square_avg, gradient, options.alpha!.Value);
                    using var root = Root(state, gradient, options);
                    if (options.momentum > 0)
                    {
                        Update.Scale(state.momentum_buffer, options.momentum.Value);
                        Update.AddQuotient(state.momentum_buffer, gradient, root, 1);
                        Update.Add(parameter, state.momentum_buffer, -group.LearningRate);
                    }
                    else
                    {
                        Update.AddQuotient(parameter, gradient, root, -group.LearningRate);
                    }
                }
            }, closure);

            protected override void Dispose(bool disposing)
            {
                base.Dispose(disposing);
                if (disposing) DisposeStates();
            }

            private static Tensor Root(State state, Tensor gradient, Options options)
            {
                if (options.centered != true) return Update.Root(state.square_avg, 1, options.eps!.Value);
                Update.Average(state.grad_avg, gradient, options.alpha!.Value);
                using var variance = addcmul.Call(state.square_avg, state.grad_avg, state.grad_avg, -1.0);
                return Update.Root(variance, 1, options.eps!.Value);
            }

            public sealed class State : OptimizerState, IDisposable
            {
                public long step;
                public Tensor square_avg = null!;
                public Tensor momentum_buffer = null!;
                public Tensor grad_avg = null!;

                public State(Parameter parameter) : base(parameter)
                {
                }

                public override void Initialize(OptimizerOptions options)
                {
                    Dispose();
                    step = 0;
                    square_avg = Zeros();
                    momentum_buffer = Zeros();
                    grad_avg = Zeros();
                }

                public override void SaveStateDict(BinaryWriter writer)
                {
                    writer.Write(step);
                    square_avg.Save(writer);
                    SaveConditionalStateTensor(writer, momentum_buffer);
                    SaveConditionalStateTensor(writer, grad_avg);
                }

                public override void LoadStateDict(BinaryReader reader)
                {
                    step = reader.ReadInt64();
                    square_avg.Load(reader);
                    LoadConditionalStateTensor(reader, ref momentum_buffer!, _parameter.device);
                    LoadConditionalStateTensor(reader, ref grad_avg!, _parameter.device);
                }

                public override void LoadStateDict(OptimizerState source)
                {
                    var other = (State)source;
                    Dispose();
                    step = other.step;
                    square_avg = CopyOf(other.square_avg)!;
                    momentum_buffer = CopyOf(other.momentum_buffer)!;
                    grad_avg = CopyOf(other.grad_avg)!;
                }

                public override bool ApproximatelyEquals(OptimizerState other) => other is State state && step == state.step
                    && Same(square_avg, state.square_avg) && Same(momentum_buffer, state.momentum_buffer) && Same(grad_avg, state.grad_avg);

                public override void to(Device device)
                {
                    square_avg = Moved(square_avg, device)!;
                    momentum_buffer = Moved(momentum_buffer, device)!;
                    grad_avg = Moved(grad_avg, device)!;
                }

                public void Dispose()
                {
                    square_avg?.Dispose();
                    momentum_buffer?.Dispose();
                    grad_avg?.Dispose();
                }
            }

            public class Options : OptimizerOptions
            {
                public double? momentum;
                public double? alpha;
                public double? eps;
                public double? weight_decay;
                public bool? centered;
                public bool? maximize;

                public override void SaveStateDict(BinaryWriter writer)
                {
                    base.SaveStateDict(writer);
                    writer.Write(maximize!.Value);
                    writer.Write(momentum!.Value);
                    writer.Write(alpha!.Value);
                    writer.Write(eps!.Value);
                    writer.Write(weight_decay!.Value);
                    writer.Write(centered!.Value);
                }

                public override void LoadStateDict(BinaryReader reader)
                {
                    base.LoadStateDict(reader);
                    maximize = reader.ReadBoolean();
                    momentum = reader.ReadDouble();
                    alpha = reader.ReadDouble();
                    eps = reader.ReadDouble();
                    weight_decay = reader.ReadDouble();
                    centered = reader.ReadBoolean();
                }

                public override void LoadStateDict(OptimizerOptions source)
                {
                    base.LoadStateDict(source);
                    var other = (Options)source;
                    momentum = other.momentum;
                    alpha = other.alpha;
                    eps = other.eps;
                    weight_decay = other.weight_decay;
                    centered = other.centered;
                    maximize = other.maximize;
                }
            }

            public class ParamGroup : ParamGroup<Options>, IMomentum
            {
                public ParamGroup()
                {
                }

                public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
                {
                }

                public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double eps = 1e-8, double alpha = 0.99, double weight_decay = 0, double momentum = 0, bool centered = false)
                    : base(parameters, new Options { LearningRate = lr, eps = eps, alpha = alpha, weight_decay = weight_decay, momentum = momentum, centered = centered })
                {
                }

                public double Momentum
                {
                    get => Options.momentum!.Value;
                    set => Options.momentum = value;
                }
            }
        }
    }
}
