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
/// <param name="FirstLoss">The loss of the first step, averaged over the lessons.</param>
/// <param name="Loss">The loss, averaged over the last steps.</param>
/// <param name="Elapsed">The time that training has taken.</param>
internal readonly record struct LessonProgress(double Fraction, int Steps, double FirstLoss, double Loss, TimeSpan Elapsed);

/// <summary>Something to learn: a network, what makes its batches and judges them, and the slices to learn from.</summary>
internal sealed record Lesson(SegmentationModel Network, SliceSampler Sampler, BalancedLoss Loss, int[] Slices);

/// <summary>The training loop. With several lessons it takes one step of each in turn.</summary>
/// <param name="model">The module whose parameters are trained; the lessons' networks are it, or views of it.</param>
/// <param name="plan">How long and how fast.</param>
/// <param name="lessons">What to learn.</param>
internal sealed class LessonTrainer(nn.Module model, TrainingPlan plan, params IReadOnlyList<Lesson> lessons)
{
    private const double Warmup = 0.05;
    private const double Smoothing = 0.95;

    /// <summary>Trains the module.</summary>
    /// <param name="seed">Decides the order of the slices.</param>
    /// <param name="report">Called after each step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="InvalidOperationException">The loss is no longer a number.</exception>
    public LessonProgress Run(int seed, Action<LessonProgress> report, CancellationToken cancellation)
    {
        // As the library's Trainer does.
        if (Allocator.IsAutomatic) Allocator.KeepFreedBlocks();
        using var optimizer = optim.AdamW(model.parameters(), plan.PeakRate, weight_decay: plan.WeightDecay);
        var orders = lessons.Select(lesson => Shuffled(lesson.Slices, new Random(seed)).GetEnumerator()).ToArray();
        var batch = new int[plan.BatchSize];
        var clock = Stopwatch.StartNew();
        var progress = new LessonProgress();

        model.train();
        while (progress.Fraction < 1)
        {
            cancellation.ThrowIfCancellationRequested();
            var turn = progress.Steps % lessons.Count;
            for (var i = 0; i < batch.Length && orders[turn].MoveNext(); i++) batch[i] = orders[turn].Current;
            foreach (var group in optimizer.ParamGroups) group.LearningRate = plan.PeakRate * Rate(progress.Fraction);

            var value = Step(optimizer, lessons[turn], batch);
            if (!double.IsFinite(value)) throw new InvalidOperationException($"The loss became {value} in step {progress.Steps + 1}.");
            progress = Advance(progress, value, clock.Elapsed);
            report(progress);
        }
        return progress;
    }

    private double Step(optim.Optimizer optimizer, Lesson lesson, int[] batch)
    {
        using var scope = NewDisposeScope();
        var (images, classes) = lesson.Sampler.Augmented(batch);
        using var output = lesson.Network.call(images);
        var value = lesson.Loss.Of(output.Logits, classes);

        // Sets gradients to none; zeros would let momentum and weight decay move what takes no part in this lesson.
        model.zero_grad();
        value.backward();
        optimizer.step();
        return value.item<float>();
    }

    // The schedule follows time as well as steps, so that a slow machine still ends with a small learning rate, only after fewer steps.
    private LessonProgress Advance(LessonProgress last, double value, TimeSpan elapsed)
    {
        var steps = last.Steps + 1;
        var fraction = Math.Min(1, Math.Max((double)steps / plan.Steps, elapsed / plan.Limit));
        var smoothing = Math.Min(Smoothing, 1 - 1.0 / steps);
        var first = steps <= lessons.Count ? last.FirstLoss + (value - last.FirstLoss) / steps : last.FirstLoss;
        return new LessonProgress(fraction, steps, first, smoothing * last.Loss + (1 - smoothing) * value, elapsed);
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
