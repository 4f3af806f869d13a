// A tensor is one owned reference to libtorch's TensorImpl. Its lifetime is its dispose scope's, or its owner's, or at worst the finaliser's.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor : IDisposable
    {
        private static long totalCount;
        private static long peakCount;

        private nint handle;

        internal Tensor(nint handle, bool register = true)
        {
            this.handle = handle;
            var total = Interlocked.Increment(ref totalCount);
            if (total > peakCount) peakCount = total;
            if (register) OwningDisposeScope = DisposeScopeManager.ThreadSingleton.Register(this);
        }

        // What a parameter does: it takes the handle of a tensor, which is empty from then on, and its place in the dispose scope.
        private protected Tensor(Tensor taken, bool requires_grad) : this(taken.with_requires_grad(requires_grad).MoveHandle(), register: false) =>
            DisposeScope.ReplaceWith(taken, this);

        ~Tensor() => Dispose(false);

        public static long TotalCount => totalCount;

        public static long PeakCount => peakCount;

        public static Tensor UnsafeCreateTensor(IntPtr handle) => new(handle);

        public bool IsInvalid => handle == 0;

        public IntPtr Handle
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => handle != 0 ? handle : Empty();
        }

        public string? name { get; set; }

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>Where the owning scope keeps this tensor.</summary>
        internal int PlaceInScope { get; set; } = -1;

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (handle == 0) return;
            DisposeScopeManager.ThreadSingleton.CountDisposal(this);
            if (OwningDisposeScope is { } scope)
            {
                scope.Remove(this);
                OwningDisposeScope = null;
            }

            Interlocked.Decrement(ref totalCount);
            Native.tensor_free(handle);
            handle = 0;
        }

        public IntPtr DecoupleFromNativeHandle()
        {
            GC.SuppressFinalize(this);
            Interlocked.Decrement(ref totalCount);
            var own = Handle;
            handle = 0;
            return own;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } scope) scope.MoveToOther(other, this);
            else other?.Attach(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        [Obsolete("The method name misspells 'Detach.' Use 'DetachFromDisposeScope' instead.", false)]
        public Tensor DetatchFromDisposeScope() => DetachFromDisposeScope();

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

        internal nint MoveHandle()
        {
            var own = handle;
            handle = 0;
            return own;
        }

        /// <summary>Gives up the handle of a tensor that was never registered; statistics don't know it.</summary>
        internal nint DecoupleTemporary()
        {
            GC.SuppressFinalize(this);
            Interlocked.Decrement(ref totalCount);
            return MoveHandle();
        }

        /// <summary>The same libtorch tensor under a handle of its own.</summary>
        internal Tensor Share() => new(Native.tensor_share(Handle));

        [DoesNotReturn]
        private static nint Empty() => throw new InvalidOperationException("Tensor invalid -- empty handle.");
    }
}
