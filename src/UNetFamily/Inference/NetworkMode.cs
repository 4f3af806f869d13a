using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace UNetFamily;

/// <summary>
/// Who uses a network at the time. A module has one mode for all threads, so evaluations that overlap share it: the first puts the network into evaluation mode, the last gives each module the mode back that
/// it had. Who changes the network, as a training step does, waits until nobody evaluates it, and evaluations wait until the change is done; one that begins gives way to a change that waits, so that many threads that predict
/// don't hold up a training. Where a thread would wait for itself, it is refused.
/// </summary>
internal sealed class NetworkMode
{
    private static readonly ConditionalWeakTable<nn.Module, NetworkMode> OfNetworks = [];
    private static readonly TimeSpan BetweenLooksAtCancellation = TimeSpan.FromMilliseconds(50);

    // Not forever: a thread that evaluates may itself be waiting for this one.
    private static readonly TimeSpan LongestGivingWay = TimeSpan.FromSeconds(10);

    private readonly nn.Module network;
    private readonly List<int> evaluating = [];         // a thread for each evaluation
    private ModuleModes? before;
    private int waiting;                                // evaluations that wait; the next step lets them go first
    private int changesWaiting;                         // evaluations that begin give way to them
    private int changing, depth;                        // the thread that changes the network, 0 for none, and how often it said so
    private bool trains;

    private NetworkMode(nn.Module network) => this.network = network;

    /// <summary>Puts a network into evaluation mode until disposed, by the same thread.</summary>
    /// <param name="network">The network with all its layers, not a view of it.</param>
    /// <exception cref="InvalidOperationException">This thread is in a training step of it.</exception>
    public static Evaluation Evaluate(nn.Module network)
    {
        var (mode, thread) = (Of(network), Environment.CurrentManagedThreadId);
        lock (mode)
        {
            if (mode.changing == thread) throw new InvalidOperationException($"{network.GetName()} is in a training step, and can't be evaluated before its end. Evaluate between two steps, as progress callbacks do, or a copy of the network.");
            if (!mode.evaluating.Contains(thread)) mode.GiveWay();
            mode.waiting++;
            while (mode.changing != 0) Monitor.Wait(mode);
            mode.waiting--;
            if (mode.evaluating.Count == 0) mode.before = ModuleModes.Evaluating(network);
            mode.evaluating.Add(thread);
        }
        return new Evaluation(mode, thread);
    }

    /// <summary>Waits until nobody evaluates a network, and keeps evaluations waiting until disposed, by the same thread. The modes stay as they are.</summary>
    /// <param name="network">The network with all its layers.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">This thread is evaluating it.</exception>
    public static IDisposable Change(nn.Module network, CancellationToken cancellation = default)
    {
        var (mode, thread) = (Of(network), Environment.CurrentManagedThreadId);
        lock (mode)
        {
            if (mode.evaluating.Contains(thread)) throw new InvalidOperationException($"{network.GetName()} is being evaluated, and can't be trained before the end of that call. Wait for it, or use a copy of the network.");
            mode.changesWaiting++;
            try
            {
                while (mode.changing != thread && (mode.changing != 0 || mode.evaluating.Count + mode.waiting > 0))
                {
                    cancellation.ThrowIfCancellationRequested();
                    Monitor.Wait(mode, BetweenLooksAtCancellation);
                }
            }
            finally
            {
                mode.changesWaiting--;
                Monitor.PulseAll(mode);
            }
            (mode.changing, mode.depth) = (thread, mode.depth + 1);
        }
        return new Ending(() =>
        {
            if (--mode.depth == 0) mode.changing = 0;
        }, mode);
    }

    /// <summary>Says that a network is trained until disposed: two trainings would undo each other's steps, however they take turns.</summary>
    /// <param name="network">The network with all its layers.</param>
    /// <exception cref="InvalidOperationException">It is trained already.</exception>
    public static IDisposable Train(nn.Module network)
    {
        var mode = Of(network);
        lock (mode)
        {
            if (mode.trains) throw new InvalidOperationException($"{network.GetName()} is being trained by another {nameof(Trainer)}. Wait for its end, or use a copy of the network.");
            mode.trains = true;
        }
        return new Ending(() => mode.trains = false, mode);
    }

    private static NetworkMode Of(nn.Module network) => OfNetworks.GetValue(network, static it => new NetworkMode(it));

    private void GiveWay()
    {
        var start = Stopwatch.GetTimestamp();
        while (changing == 0 && changesWaiting > 0 && LongestGivingWay - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero) Monitor.Wait(this, left);
    }

    private void End(int thread)
    {
        evaluating.Remove(thread);
        if (evaluating.Count > 0) return;
        before?.Dispose();
        before = null;
    }

    /// <summary>A use in evaluation mode.</summary>
    internal sealed class Evaluation : Ending
    {
        private readonly NetworkMode used;

        public Evaluation(NetworkMode used, int thread) : base(() => used.End(thread), used) => this.used = used;

        /// <summary>Throws when somebody has put the network, or a layer of it, into training mode meanwhile.</summary>
        public void Require()
        {
            if (used.before is { AnyTrains: true })
                throw new InvalidOperationException($"{used.network.GetName()} was put into training mode while it was evaluated, so the result is worth nothing. Leave its mode alone until the call has ended, or use a copy of the network.");
        }
    }

    /// <summary>Ends a use, once, and wakes who waits for that.</summary>
    internal class Ending(Action end, NetworkMode mode) : IDisposable
    {
        private bool ended;

        public void Dispose()
        {
            lock (mode)
            {
                if (!ended) end();
                ended = true;
                Monitor.PulseAll(mode);
            }
        }
    }
}
