using System.Diagnostics;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>How long to train: for a number of steps, or until the time is up, whichever comes first.</summary>
internal sealed record TrainingPlan(int Steps, TimeSpan Limit)
{
    public int BatchSize { get; init; } = 4;

    public double PeakRate { get; init; } = 3e-3;

    public double WeightDecay { get; init; } = 1e-2;
}

/// <summary>Where training stands.</summary>
/// <param name="Fraction">What is done, 0 to 1.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="FirstLoss">The loss of the first step.</param>
/// <param name="Loss">The loss, averaged over the last steps.</param>
/// <param name="Elapsed">The time that training has taken.</param>
internal readonly record struct TrainingProgress(double Fraction, int Steps, double FirstLoss, double Loss, TimeSpan Elapsed);

/// <summary>The training loop.</summary>
internal sealed class Trainer(SegmentationModel model, SliceSampler sampler, SegmentationLoss loss, TrainingPlan plan)
{
    private const double Warmup = 0.05;
    private const double Smoothing = 0.95;

    /// <summary>Trains the network on slices.</summary>
    /// <param name="slices">The slices to train on.</param>
    /// <param name="seed">Decides their order.</param>
    /// <param name="report">Called after each step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="InvalidOperationException">The loss is no longer a number.</exception>
    public TrainingProgress Run(int[] slices, int seed, Action<TrainingProgress> report, CancellationToken cancellation)
    {
        using var optimizer = optim.AdamW(model.parameters(), plan.PeakRate, weight_decay: plan.WeightDecay);
        using var order = Shuffled(slices, new Random(seed)).GetEnumerator();
        var batch = new int[plan.BatchSize];
        var clock = Stopwatch.StartNew();
        var progress = new TrainingProgress();

        model.train();
        while (progress.Fraction < 1)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < batch.Length && order.MoveNext(); i++) batch[i] = order.Current;
            foreach (var group in optimizer.ParamGroups) group.LearningRate = plan.PeakRate * Rate(progress.Fraction);

            var value = Step(optimizer, batch);
            if (!double.IsFinite(value)) throw new InvalidOperationException($"The loss became {value} in step {progress.Steps + 1}.");
            progress = Advance(progress, value, clock.Elapsed);
            report(progress);
        }
        return progress;
    }

    private double Step(optim.Optimizer optimizer, int[] batch)
    {
        using var scope = NewDisposeScope();
        var (images, classes) = sampler.Augmented(batch);
        using var output = model.call(images);
        var value = loss.Of(output.Logits, classes);

        optimizer.zero_grad();
        value.backward();
        optimizer.step();
        return value.item<float>();
    }

    // The schedule follows time as well as steps, so that a slow machine still ends with a small learning rate, only after fewer steps.
    private TrainingProgress Advance(TrainingProgress last, double value, TimeSpan elapsed)
    {
        var steps = last.Steps + 1;
        var fraction = Math.Min(1, Math.Max((double)steps / plan.Steps, elapsed / plan.Limit));
        var smoothing = Math.Min(Smoothing, 1 - 1.0 / steps);
        return new TrainingProgress(fraction, steps, steps == 1 ? value : last.FirstLoss, smoothing * last.Loss + (1 - smoothing) * value, elapsed);
    }

    // A short warm-up, then a cosine to zero.
    private static double Rate(double fraction) => Math.Min(1, (fraction + 0.001) / Warmup) * 0.5 * (1 + Math.Cos(Math.PI * fraction));

    private static IEnumerable<int> Shuffled(int[] slices, Random random)
    {
        var order = (int[])slices.Clone();
        while (true)
        {
            random.Shuffle(order);
            foreach (var slice in order) yield return slice;
        }
    }
}
