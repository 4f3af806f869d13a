namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>The one-cycle policy: up to a highest rate and down to almost nothing, with the momentum going the other way.</summary>
                public class OneCycleLR : LRScheduler
                {
                    private readonly AnnealStrategy strategy;
                    private readonly bool cyclesMomentum;
                    private readonly int total;
                    private readonly double[] highest, initial, lowest;
                    private readonly double[] lowMomentum, highMomentum;
                    private readonly Phase[] phases;

                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Each(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, Each(optimizer, base_momentum), Each(optimizer, max_momentum), div_factor, final_div_factor, three_phase, last_epoch, verbose)
                    {
                    }

                    public OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        if (cycle_momentum && optimizer is not (IMomentum or IBetas)) throw new ArgumentException("optimizer must support momentum with `cycle_momentum` option enabled");
                        if (pct_start is < 0 or > 1) throw new ArgumentException($"Expected float between 0 and 1 for pct_start, but got {pct_start}");
                        total = TotalSteps(total_steps, epochs, steps_per_epoch);
                        strategy = anneal_strategy;
                        cyclesMomentum = cycle_momentum;
                        highest = [.. max_lr];
                        initial = [.. highest.Select(rate => rate / div_factor)];
                        lowest = [.. initial.Select(rate => rate / final_div_factor)];
                        lowMomentum = [.. base_momentum ?? Each(optimizer, 0.85)];
                        highMomentum = [.. max_momentum ?? Each(optimizer, 0.95)];
                        var turn = pct_start * total - 1;
                        phases = three_phase
                            ? [new(turn, initial, highest, highMomentum, lowMomentum), new(2 * pct_start * total - 2, highest, initial, lowMomentum, highMomentum), new(total - 1, initial, lowest, highMomentum, highMomentum)]
                            : [new(turn, initial, highest, highMomentum, lowMomentum), new(total - 1, highest, lowest, lowMomentum, highMomentum)];
                        step();
                    }

                    public enum AnnealStrategy
                    {
                        Cos = 0,
                        Linear = 1,
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        if (epoch > total) throw new InvalidOperationException($"Tried to step {epoch + 1} times. The specified number of total steps is {total}");
                        var start = 0.0;
                        var phase = phases[0];
                        foreach (var next in phases)
                        {
                            phase = next;
                            if (epoch <= phase.End) break;
                            if (next != phases[^1]) start = phase.End;
                        }
                        var share = (epoch - start) / (phase.End - start);
                        foreach (var (group, i) in optimizer.ParamGroups.Select((group, i) => (group, i)))
                        {
                            if (cyclesMomentum) SetMomentum(group, Anneal(phase.FromMomentum[i], phase.ToMomentum[i], share));
                            yield return Anneal(phase.FromRate[i], phase.ToRate[i], share);
                        }
                    }

                    private static void SetMomentum(ILearningRateController group, double value)
                    {
                        if (group is IBetas adaptive) adaptive.Betas = (value, adaptive.Betas.Item2);
                        else if (group is IMomentum plain) plain.Momentum = value;
                    }

                    private static IEnumerable<double> Each(Optimizer optimizer, double value) => optimizer.ParamGroups.Select(_ => value);

                    private static int TotalSteps(int total, int epochs, int stepsPerEpoch)
                    {
                        if (total == -1 && epochs == -1 && stepsPerEpoch == -1) throw new ArgumentException("You must define either total_steps OR (epochs AND steps_per_epoch)");
                        if (total != -1) return total > 0 ? total : throw new ArgumentException($"Expected positive integer total_steps, but got {total}");
                        if (epochs <= 0) throw new ArgumentException($"Expected positive integer epochs, but got {epochs}");
                        if (stepsPerEpoch <= 0) throw new ArgumentException($"Expected positive integer steps_per_epoch, but got {stepsPerEpoch}");
                        return epochs * stepsPerEpoch;
                    }

                    private double Anneal(double start, double end, double share) =>
                        strategy == AnnealStrategy.Cos ? end + (start - end) / 2 * (Math.Cos(Math.PI * share) + 1) : (end - start) * share + start;

                    private sealed record Phase(double End, double[] FromRate, double[] ToRate, double[] FromMomentum, double[] ToMomentum);
                }
            }

            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            public static LRScheduler OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);
        }
    }
}
