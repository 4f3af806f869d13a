namespace UNetFamily.Tests;

/// <summary>Counts tensors by the statistics of the dispose scopes of this thread.</summary>
internal static class NoLeaks
{
    /// <summary>How many more tensors are alive on this thread after <paramref name="action"/> than before.</summary>
    public static long During(Action action)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        action();
        return DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
    }

    /// <summary>How many more tensors a training step leaves alive, once the first has made gradients and moments.</summary>
    public static long DuringTraining(SegmentationModel model, Tensor input)
    {
        using var optimizer = optim.AdamW(model.parameters(), 0.01);
        using var target = zeros([input.shape[0], .. input.shape[2..]], ScalarType.Int64);
        Step();
        return During(Step);

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(input).FinestFirst.Select(logits => functional.cross_entropy(functional.interpolate(logits, input.shape[2..]), target)).Aggregate((sum, loss) => sum + loss).backward();
            optimizer.step();
        }
    }
}
