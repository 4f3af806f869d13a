// A dispose scope owns the tensors that its thread creates while it is the innermost one, and disposes them when it ends. Every tensor of a forward
// pass goes through here, so a scope is an array, and a tensor knows its scope and its place there: to enter and to leave cost a few stores.

using static TorchSharp.torch;

namespace TorchSharp;

public sealed class DisposeScope : IDisposable
{
    private DisposeScopeManager? manager;
    private Tensor?[] owned;
    private int count;

    // What DisposeEverythingBut was told to keep although this scope does not own it: as in TorchSharp it ends with this scope.
    private HashSet<IDisposable>? guests;

    internal DisposeScope(DisposeScopeManager manager)
    {
        this.manager = manager;
        Outer = manager.Current;
        owned = manager.TakeRoom();
    }

    internal DisposeScope? Outer { get; set; }

    private DisposeScopeManager Manager => manager ?? throw new ObjectDisposedException(typeof(DisposeScope).FullName);

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            _ = Manager;
            return [.. owned.AsSpan(0, count)!, .. guests ?? []];
        }
    }

    public int DisposablesCount
    {
        get
        {
            _ = Manager;
            return count + (guests?.Count ?? 0);
        }
    }

    public bool Contains(IDisposable disposable) => (disposable is Tensor tensor && Owns(tensor)) || guests?.Contains(disposable) == true;

    internal void Add(Tensor tensor)
    {
        if (count == owned.Length) Array.Resize(ref owned, Math.Max(16, 2 * count));
        owned[count] = tensor;
        tensor.PlaceInScope = count++;
    }

    /// <summary>Takes a tensor out, whose place its last neighbour gets.</summary>
    internal bool Remove(Tensor tensor)
    {
        if (!Owns(tensor)) return guests?.Remove(tensor) == true;
        var last = owned[--count]!;
        owned[tensor.PlaceInScope] = last;
        last.PlaceInScope = tensor.PlaceInScope;
        owned[count] = null;
        return true;
    }

    private bool Owns(Tensor tensor) => (uint)tensor.PlaceInScope < (uint)count && ReferenceEquals(owned[tensor.PlaceInScope], tensor);

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(Outer, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable => MoveToOther(Outer, first, second);

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => MoveToOther(Outer, first, second, third);

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(Outer, (IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(Outer, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        Move(scope, disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        Move(scope, first);
        Move(scope, second);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        Move(scope, first);
        Move(scope, second);
        Move(scope, third);
        return (first, second, third);
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Move(scope, disposable);
    }

    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable => MoveToOther(null, first, second);

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => MoveToOther(null, first, second, third);

    public void Detach(params IDisposable[] disposables) => MoveToOther(null, (IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    public void Attach(IDisposable disposable)
    {
        var statistics = Manager.StatisticsInstance.TensorStatistics;
        if (Adopt(disposable)) statistics.AttachedToScopeCount++;
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        IDisposable[] all = [.. disposables];
        foreach (var disposable in all) Attach(disposable);
        return all;
    }

    public void DisposeEverything() => DisposeBut(null);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep) => DisposeBut(new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance));

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut(new IDisposable[] { keep });
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut(new IDisposable[] { first, second });
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut(new IDisposable[] { first, second, third });
        return (first, second, third);
    }

    public void MarkAsDisposed(IDisposable disposable)
    {
        _ = Manager;
        if (disposable is not Tensor tensor) return;
        Remove(tensor);
        tensor.OwningDisposeScope = null;
    }

    public void Dispose()
    {
        if (manager is null) return;
        DisposeEverything();
        manager.Remove(this);
        manager.GiveRoom(owned);
        owned = [];
        manager = null;
    }

    private void DisposeBut(HashSet<IDisposable>? keep)
    {
        _ = Manager;

        // The array is set aside before anything in it is disposed.
        var all = owned;
        var end = count;
        var others = guests;
        (owned, count, guests) = ([], 0, null);
        for (var i = end - 1; i >= 0; i--)
        {
            var tensor = all[i]!;
            all[i] = null;
            if (keep?.Remove(tensor) == true) Add(tensor);
            else tensor.Dispose();
        }

        if (count == 0) owned = all;
        if (others is not null)
        {
            foreach (var guest in others)
            {
                if (keep?.Contains(guest) != true) guest.Dispose();
            }
        }

        if (keep is { Count: > 0 }) guests = keep;
    }

    // Only what this scope owns can be moved; anything else stays where it is.
    private void Move(DisposeScope? to, IDisposable disposable)
    {
        var statistics = Manager.StatisticsInstance.TensorStatistics;
        if (disposable is not Tensor tensor || !Contains(tensor)) return;
        if (to is not null)
        {
            to.Adopt(tensor);
            return;
        }

        Remove(tensor);
        tensor.OwningDisposeScope = null;
        statistics.DetachedFromScopeCount++;
    }

    private bool Adopt(IDisposable disposable)
    {
        if (disposable is not Tensor tensor) throw new InvalidOperationException("DisposeScope can only manage Tensor or PackedSequence");
        var from = tensor.OwningDisposeScope;
        if (from == this) return false;
        from?.Remove(tensor);
        Add(tensor);
        tensor.OwningDisposeScope = this;
        return true;
    }

    /// <summary>Puts a tensor in the place of another one in whatever scope owns it, as a parameter does that takes over a tensor's handle.</summary>
    internal static void ReplaceWith(Tensor original, Tensor replacement)
    {
        if (original.OwningDisposeScope is not { } scope || !scope.Remove(original)) return;
        original.OwningDisposeScope = null;
        scope.Adopt(replacement);
    }
}
