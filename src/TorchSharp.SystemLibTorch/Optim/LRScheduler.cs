namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>
            /// Sets the learning rates of an optimizer's groups, one step at a time. The constructor of each schedule makes the first step (epoch 0).
            /// </summary>
            public abstract class LRScheduler
            {
                protected int _step_count;
                internal readonly Optimizer optimizer = null!;
                internal int epoch = -1;
                internal IList<double> baseRates = [], lastRates = [];
                private readonly bool verbose;

                protected LRScheduler()
                {
                }

                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    this.optimizer = optimizer;
                    this.verbose = verbose;
                    epoch = last_epoch;
                    baseRates = [.. optimizer.ParamGroups.Select(group => group.InitialLearningRate)];
                    lastRates = [.. Rates];
                }

                public virtual void step() => step(null);

                /// <summary>One step on, or straight to <paramref name="epoch"/>.</summary>
                public virtual void step(int? epoch)
                {
                    _step_count++;
                    this.epoch = epoch ?? this.epoch + 1;
                    // Asked once a step only: a schedule may change its own state, and the optimizer's, when it is asked.
                    var rates = (epoch is null ? get_lr() : get_closed_form_lr()).ToList();
                    foreach (var (group, i) in optimizer.ParamGroups.Select((group, i) => (group, i)).Take(baseRates.Count))
                    {
                        group.LearningRate = rates[i];
                        if (verbose && lastRates[i] != rates[i]) Console.WriteLine($"Adjusting learning rate to {rates[i]}");
                        lastRates[i] = rates[i];
                    }
                }

                /// <summary>For schedules that look at a metric; the others ignore it.</summary>
                public virtual void step(double current, int? epoch = null) => step(epoch);

                public IEnumerable<double> get_last_lr() => lastRates;

                protected virtual IEnumerable<double> get_lr() => Rates;

                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();

                private protected IEnumerable<double> Rates => optimizer.ParamGroups.Select(group => group.LearningRate);

                private protected IEnumerable<double> Scaled(double factor) => Rates.Select(rate => rate * factor);

                private protected IEnumerable<double> BaseScaled(double factor) => baseRates.Select(rate => rate * factor);
            }
        }
    }
}
