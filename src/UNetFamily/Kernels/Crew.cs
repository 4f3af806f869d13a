namespace UNetFamily;

/// <summary>
/// Threads that share the work of a kernel, as many as libtorch uses. The caller works as well, and waits for nobody to come: whoever of the thread pool is free takes items, and stays until the kernel ends, because
/// waking a thread takes as long as many a stage of a kernel.
/// </summary>
internal sealed class Crew : IDisposable
{
    private const int SpinsBeforeYield = 5000;

    private volatile Job? current;
    private volatile bool isDone;

    public Crew()
    {
        for (var helper = 1; helper < get_num_threads(); helper++) ThreadPool.UnsafeQueueUserWorkItem(static crew => crew.Help(), this, preferLocal: false);
    }

    /// <summary>Does some work, item by item in any order, and returns when all of it is done.</summary>
    /// <param name="items">How many items there are.</param>
    /// <param name="work">Does one; it doesn't throw.</param>
    public void Do(int items, Action<int> work)
    {
        var job = new Job(items, work);
        current = job;
        job.Take();
        for (var wait = 0; !job.IsDone; wait++) Wait(wait);
    }

    /// <summary>Lets the others go.</summary>
    public void Dispose() => isDone = true;

    private void Help()
    {
        for (var wait = 0; !isDone; wait++)
        {
            if (current is not { IsTaken: false } job)
            {
                Wait(wait);
                continue;
            }
            job.Take();
            wait = 0;
        }
    }

    // Stages follow each other within microseconds. Whoever yields earlier loses its processor for milliseconds where others want it.
    private static void Wait(int times)
    {
        if (times < SpinsBeforeYield) Thread.SpinWait(20);
        else Thread.Yield();
    }

    private sealed class Job(int items, Action<int> work)
    {
        private int taken, done;

        public bool IsTaken => Volatile.Read(ref taken) >= items;

        public bool IsDone => Volatile.Read(ref done) == items;

        public void Take()
        {
            for (var item = Interlocked.Increment(ref taken) - 1; item < items; item = Interlocked.Increment(ref taken) - 1)
            {
                work(item);
                Interlocked.Increment(ref done);
            }
        }
    }
}
