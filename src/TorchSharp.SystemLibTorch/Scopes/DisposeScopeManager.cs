// One manager per thread: it knows the innermost scope and keeps the thread's statistics.

using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp;

public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? threadSingleton;

    private Tensor?[] spareRoom = [];

    public static ThreadDisposeScopeStatistics Statistics => ThreadSingleton.StatisticsInstance;

    internal static DisposeScopeManager ThreadSingleton
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => threadSingleton ?? Create();
    }

    internal ThreadDisposeScopeStatistics StatisticsInstance { get; } = new();

    internal DisposeScope? Current { get; private set; }

    internal DisposeScope NewDisposeScope() => Current = new DisposeScope(this);

    /// <summary>Counts a new tensor and hands it to the innermost scope, which it returns.</summary>
    internal DisposeScope? Register(Tensor tensor)
    {
        if (Current is not { } scope)
        {
            StatisticsInstance.TensorStatistics.CreatedOutsideScopeCount++;
            return null;
        }

        StatisticsInstance.TensorStatistics.CreatedInScopeCount++;
        scope.Add(tensor);
        return scope;
    }

    /// <summary>The array of a scope that ended, for one that begins: its entries are empty.</summary>
    internal Tensor?[] TakeRoom()
    {
        var room = spareRoom;
        spareRoom = [];
        return room;
    }

    internal void GiveRoom(Tensor?[] room)
    {
        if (room.Length > spareRoom.Length) spareRoom = room;
    }

    internal void CountDisposal(Tensor tensor)
    {
        if (tensor.OwningDisposeScope is null) StatisticsInstance.TensorStatistics.DisposedOutsideScopeCount++;
        else StatisticsInstance.TensorStatistics.DisposedInScopeCount++;
    }

    /// <summary>Takes a scope out of the chain; scopes may end out of order.</summary>
    internal void Remove(DisposeScope scope)
    {
        if (Current == scope)
        {
            Current = scope.Outer;
            return;
        }

        for (var inner = Current; inner is not null; inner = inner.Outer)
        {
            if (inner.Outer != scope) continue;
            inner.Outer = scope.Outer;
            return;
        }
    }

    private static DisposeScopeManager Create() => threadSingleton = new DisposeScopeManager();
}
