using System.Runtime.CompilerServices;

namespace UNetFamily;

/// <summary>
/// In which mode a network is used, by all who use it at the time. A module has one mode for all threads, so evaluations that overlap share it: the first puts the network into evaluation mode, the last
/// gives each module the mode back that it had. Training steps and evaluations exclude each other; whoever comes second is refused, since waiting for one's own caller would never end.
/// </summary>
internal sealed class NetworkMode
{
    private static readonly ConditionalWeakTable<nn.Module, NetworkMode> OfNetworks = [];

    private readonly nn.Module network;
    private (nn.Module Module, bool Training)[] before = [];
    private int evaluations;
    private bool trains;

    private NetworkMode(nn.Module network) => this.network = network;

    /// <summary>Puts a network into evaluation mode until disposed.</summary>
    /// <param name="network">The network with all its layers, not a view of it.</param>
    /// <exception cref="InvalidOperationException">It is in a training step.</exception>
    public static Evaluation Evaluate(nn.Module network)
    {
        var mode = Of(network);
        lock (mode)
        {
            if (mode.trains) throw new InvalidOperationException($"{network.GetName()} is in a training step, and can't be evaluated before its end. Evaluate between two steps, as progress callbacks do, or a copy of the network.");
            if (mode.evaluations++ == 0) mode.Begin();
            return new Evaluation(mode);
        }
    }

    /// <summary>Keeps evaluations away until disposed. The modes stay as they are.</summary>
    /// <param name="network">The network with all its layers.</param>
    /// <exception cref="InvalidOperationException">It is being evaluated or trained.</exception>
    public static IDisposable Train(nn.Module network)
    {
        var mode = Of(network);
        lock (mode)
        {
            if (mode.trains || mode.evaluations > 0)
                throw new InvalidOperationException($"{network.GetName()} is being {(mode.trains ? "trained" : "evaluated")} by another call, and can't be trained at the same time. Wait for the end of that call, or use a copy of the network.");
            mode.trains = true;
        }
        return new Training(mode);
    }

    private static NetworkMode Of(nn.Module network) => OfNetworks.GetValue(network, static it => new NetworkMode(it));

    private void Begin()
    {
        before = [.. network.modules().Prepend(network).Select(each => (each, each.training))];
        network.eval();
    }

    private void End()
    {
        // Parents come first: train() reaches down, and what it sets wrongly is set again.
        foreach (var (module, training) in before) module.train(training);
        before = [];
    }

    /// <summary>A use in evaluation mode.</summary>
    internal sealed class Evaluation(NetworkMode mode) : IDisposable
    {
        private bool ended;

        /// <summary>Throws when somebody has put the network, or a layer of it, into training mode meanwhile.</summary>
        public void Require()
        {
            foreach (var (module, _) in mode.before)
                if (module.training)
                    throw new InvalidOperationException($"{mode.network.GetName()} was put into training mode while it was evaluated, so the result is worth nothing. Leave its mode alone until the call has ended, or use a copy of the network.");
        }

        public void Dispose()
        {
            lock (mode)
            {
                if (!ended && --mode.evaluations == 0) mode.End();
                ended = true;
            }
        }
    }

    private sealed class Training(NetworkMode mode) : IDisposable
    {
        public void Dispose()
        {
            lock (mode) mode.trains = false;
        }
    }
}
