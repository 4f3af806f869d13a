// Functions whose derivative the caller writes. libtorch's graph holds a handle to the managed part and lets go of it when the graph is freed.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class autograd
        {
            public class AutogradContext : IDisposable
            {
                private readonly Dictionary<string, object> data = [];
                private nint native;

                internal AutogradContext()
                {
                }

                public bool MaterializeGrads { get; private set; } = true;

                public unsafe void save_for_backward(List<Tensor> tensors) => Pass(tensors, &Native.context_save);

                public List<Tensor> get_saved_variables()
                {
                    const int room = 256;
                    var handles = new nint[room];
                    int count;
                    unsafe
                    {
                        fixed (nint* first = handles) count = Native.context_saved(Live(), first, room);
                    }

                    Native.Check(count);
                    return handles.Take(count).Select(handle => handle == 0 ? null! : new Tensor(handle)).ToList();
                }

                public void save_data(string key, object value) => data[key] = value;

                public object get_data(string key) => data.TryGetValue(key, out var value) ? value : null!;

                public unsafe void mark_dirty(List<Tensor> tensors) => Pass(tensors, &Native.context_mark_dirty);

                public unsafe void mark_non_differentiable(List<Tensor> tensors) => Pass(tensors, &Native.context_mark_non_differentiable);

                public void set_materialize_grads(bool value)
                {
                    MaterializeGrads = value;
                    Native.context_set_materialize_grads(Live(), value ? 1 : 0);
                }

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected virtual void Dispose(bool disposing)
                {
                }

                /// <summary>libtorch's context is there only while one of the function's two halves runs.</summary>
                internal void Enter(nint context) => native = context;

                internal void Leave() => native = 0;

                private nint Live() => native != 0 ? native : throw new InvalidOperationException("The context can only be used within forward and backward.");

                private unsafe void Pass(List<Tensor> tensors, delegate*<nint, nint*, int, void> sink)
                {
                    var handles = Handles(tensors);
                    fixed (nint* first = handles) sink(Live(), first, handles.Length);
                    GC.KeepAlive(tensors);
                }
            }

            public abstract class Function<T> where T : Function<T>, new()
            {
                private static readonly T instance = new();

                public abstract string Name { get; }

                public static List<Tensor> apply_internal(params object[] vars) => CustomFunction.Apply(instance.Name, instance.Forward, instance.Backward, vars);

                internal abstract List<Tensor> Forward(AutogradContext ctx, object[] vars);

                internal abstract List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs);
            }

            public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
            {
                public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

                public abstract Tensor forward(AutogradContext ctx, params object[] vars);

                public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

                internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => [forward(ctx, vars)];

                internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) => backward(ctx, grad_outputs[0]);
            }

            public abstract class MultiTensorFunction<T> : Function<T> where T : MultiTensorFunction<T>, new()
            {
                public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

                public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

                public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

                internal sealed override List<Tensor> Forward(AutogradContext ctx, object[] vars) => forward(ctx, vars);

                internal sealed override List<Tensor> Backward(AutogradContext ctx, List<Tensor> grad_outputs) => backward(ctx, grad_outputs);
            }
        }
    }
}

namespace TorchSharp.Interop
{
    /// <summary>One application of a custom function: what its two halves are, and what came in.</summary>
    internal sealed class CustomFunction
    {
        private const int Room = 256;

        [ThreadStatic]
        private static Exception? failure;

        private readonly string name;
        private readonly torch.autograd.AutogradContext context = new();
        private readonly Func<torch.autograd.AutogradContext, object[], List<torch.Tensor>> forward;
        private readonly Func<torch.autograd.AutogradContext, List<torch.Tensor>, List<torch.Tensor>> backward;
        private readonly bool[] isTensor;
        private object[]? vars;

        private CustomFunction(
            string name,
            Func<torch.autograd.AutogradContext, object[], List<torch.Tensor>> forward,
            Func<torch.autograd.AutogradContext, List<torch.Tensor>, List<torch.Tensor>> backward,
            object[] vars)
        {
            this.name = name;
            this.forward = forward;
            this.backward = backward;
            this.vars = vars;
            isTensor = Array.ConvertAll(vars, IsTensor);
        }

        internal static unsafe List<torch.Tensor> Apply(
            string name,
            Func<torch.autograd.AutogradContext, object[], List<torch.Tensor>> forward,
            Func<torch.autograd.AutogradContext, List<torch.Tensor>, List<torch.Tensor>> backward,
            object[] vars)
        {
            var function = new CustomFunction(name, forward, backward, vars);
            var inputs = vars.Where(IsTensor).Cast<torch.Tensor>().Select(t => t.Handle).ToArray();
            var results = new nint[Room];
            var self = GCHandle.ToIntPtr(GCHandle.Alloc(function));  // freed by Drop
            int count;
            fixed (nint* i = inputs, r = results) count = Native.function_apply(i, inputs.Length, self, &Run, &Drop, r);
            GC.KeepAlive(vars);
            function.vars = null;
            Native.Check(count);
            return results.Take(count).Select(handle => handle == 0 ? null! : new torch.Tensor(handle)).ToList();
        }

        /// <summary>The exception that managed code threw within a native call on this thread, if one did.</summary>
        internal static Exception? TakeFailure()
        {
            var taken = failure;
            failure = null;
            return taken;
        }

        private static bool IsTensor(object? value) => value is torch.Tensor { IsInvalid: false };

        [UnmanagedCallersOnly]
        [SuppressMessage("Design", "CA1031", Justification = "No exception may cross native frames.")]
        private static unsafe int Run(nint self, nint native, int isBackward, nint* inputs, int count, nint* results, int room)
        {
            try
            {
                var function = (CustomFunction)GCHandle.FromIntPtr(self).Target!;
                var grads = new List<torch.Tensor>(count);
                for (var i = 0; i < count; i++) grads.Add(inputs[i] == 0 ? null! : new torch.Tensor(inputs[i]));
                function.context.Enter(native);
                List<torch.Tensor?> made;
                try
                {
                    made = isBackward != 0 ? function.Gradients(grads) : [.. function.forward(function.context, function.vars!)];
                }
                finally
                {
                    function.context.Leave();
                }

                if (made.Count > room) throw new InvalidOperationException($"{function.name} returned {made.Count} tensors; at most {room} are possible.");
                for (var i = 0; i < made.Count; i++) results[i] = made[i] is { IsInvalid: false } tensor ? Native.tensor_share(tensor.Handle) : 0;
                return made.Count;
            }
            catch (Exception e)
            {
                failure = e;
                Native.set_error(e.Message);
                return -1;
            }
        }

        [UnmanagedCallersOnly]
        private static void Drop(nint self) => GCHandle.FromIntPtr(self).Free();

        // One gradient per argument of forward is asked for; only the tensors among them have an edge in the graph.
        private List<torch.Tensor?> Gradients(List<torch.Tensor> outputs)
        {
            List<torch.Tensor?> made = [.. backward(context, outputs)];
            while (made.Count > isTensor.Length && made[^1] is null or { IsInvalid: true }) made.RemoveAt(made.Count - 1);
            if (made.Count != isTensor.Length)
                throw new NotImplementedException($"Function {name} returned an incorrect number of gradients (expected {isTensor.Length}), got {made.Count}");

            List<torch.Tensor?> wanted = [];
            for (var i = 0; i < isTensor.Length; i++)
            {
                if (isTensor[i]) wanted.Add(made[i]);
                else if (made[i] is { IsInvalid: false })
                    throw new NotImplementedException($"Function {name} returned a gradient different that is defined at position {i + 1}, but the corresponding forward input was not a Tensor");
            }

            return wanted;
        }
    }
}
