using System.Collections.Concurrent;

namespace UNetFamily;

/// <summary>
/// Random patches of cases in memory, with foreground oversampling and augmentation as in nnU-Net, made on threads ahead of the training step. Batch k depends on the seed and k alone:
/// not on threads, nor on where a training was interrupted. (On another kind of processor the last bits of noise and gamma may differ.)
/// </summary>
/// <remarks>
/// Each patch is of a case drawn anew. A patch that is forced to hold foreground has in its centre a random voxel of a class drawn from those in the case; it may reach over the far border of the
/// case, and is moved where it would reach over the near one. Rotation and scale keep that voxel where it is. Other patches lie anywhere within the case, and in a case
/// with a label to ignore they have a random voxel that is labelled, background or not, in their centre, as have forced ones where there is no foreground. (A case without any labelled voxel teaches
/// nothing; its patches lie anywhere.) Source: nnU-Net's <c>nnUNetDataLoader</c>.
/// Threads work on plain memory; tensors are made where batches are taken.
/// </remarks>
public sealed class PatchLoader : IBatchSource
{
    private readonly PatchSampler sampler;
    private readonly Func<BatchBuffer> newBuffer;

    /// <summary>Checks that everything fits together; nothing runs before batches are asked for.</summary>
    /// <param name="cases">The training set, one case or more, of the same rank and with as many channels and classes each.</param>
    /// <param name="options">How to make batches.</param>
    /// <exception cref="ArgumentException">There is no case, cases differ, or the options have problems; the message lists them all.</exception>
    public PatchLoader(IEnumerable<TrainingCase> cases, PatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(options);
        TrainingCase[] all = [.. cases];
        if (all.Length == 0) throw new ArgumentException("There must be one case or more, there is none.", nameof(cases));
        var first = all[0];
        if (Array.Find(all, other => (other.SpatialDims, other.Channels, other.Classes) != (first.SpatialDims, first.Channels, first.Classes)) is { } odd)
            throw new ArgumentException($"Cases must be alike; {Describe(first)}, {Describe(odd)}.", nameof(cases));
        options.Problems(first.SpatialDims, first.Channels).ThrowIfAny(nameof(PatchLoaderOptions), nameof(options));

        Options = options;
        sampler = new(all, options);
        newBuffer = () => new(options, first.SpatialDims, first.Channels);

        static string Describe(TrainingCase one) => $"'{one.Name}' has {(int)one.SpatialDims} axes, {one.Channels} channels and {one.Classes} classes";
    }

    /// <summary>How batches are made.</summary>
    public PatchLoaderOptions Options { get; }

    /// <inheritdoc/>
    /// <remarks>Each enumeration has threads and memory of its own; ending it early, as <c>break</c> does, stops them and leaves nothing behind.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">While enumerating: an augmentation failed; the message names case and batch.</exception>
    public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return Batches(step, cancellation);
    }

    private IEnumerable<TrainingBatch> Batches(long step, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var workers = new TaskFactory(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Options.Workers).ConcurrentScheduler);
        var idle = new ConcurrentBag<BatchBuffer>();
        var ahead = new Queue<Task<BatchBuffer>>();
        try
        {
            for (var i = 0; i < Options.Prefetch; i++) ahead.Enqueue(Prepare(step++));
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var ready = Result(ahead.Peek(), cancellation);
                ahead.Dequeue();
                var batch = ready.ToBatch(Options.Device);
                idle.Add(ready);
                ahead.Enqueue(Prepare(step++));
                yield return batch;
            }
        }
        finally
        {
            ending.Cancel();
            Task.WhenAll(ahead).ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default).Wait(CancellationToken.None);
        }

        Task<BatchBuffer> Prepare(long number)
        {
            var token = ending.Token;
            return workers.StartNew(() => sampler.Fill(idle.TryTake(out var buffer) ? buffer : newBuffer(), number, token), token);
        }
    }

    // Waits without wrapping what went wrong.
    private static BatchBuffer Result(Task<BatchBuffer> task, CancellationToken cancellation)
    {
        Task.WaitAny([task], cancellation);
        return task.GetAwaiter().GetResult();
    }
}
