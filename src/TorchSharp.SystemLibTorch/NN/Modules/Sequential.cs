using System.Runtime.CompilerServices;
using static TorchSharp.torch;
using Chained = TorchSharp.torch.nn.IModule<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;
using Single = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharp
{
    namespace Modules
    {
        /// <summary>A chain of modules; what flows between them is disposed on the way.</summary>
        public class Sequential : nn.Module<Tensor, Tensor>
        {
            private readonly List<(string Name, Chained Module)> items = [];

            internal Sequential() : base(nameof(Sequential))
            {
            }

            protected Sequential(params (string name, Single submodule)[] modules) : this()
            {
                foreach (var (name, module) in modules) append(name, module);
            }

            protected Sequential(params Single[] modules) : this()
            {
                foreach (var module in modules) append(module);
            }

            public int Count => items.Count;

            [IndexerName("SequentialItems")]
            public Chained this[int index] => items[index].Module;

            /// <summary>A chain of the same modules from <c>start</c> up to, but without, <c>end</c>.</summary>
            [IndexerName("SequentialItems")]
            public Sequential this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

            [IndexerName("SequentialItems")]
            public Sequential this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

            public Sequential append(string name, Chained module)
            {
                items.Add((name, module));
                return this;
            }

            public Sequential append(Chained module) => append($"{Count}", module);

            public override Tensor forward(Tensor tensor)
            {
                if (Count == 0) return tensor.alias();
                var current = items[0].Module.call(tensor);
                for (var i = 1; i < Count; i++)
                {
                    var next = items[i].Module.call(current);
                    current.Dispose();
                    current = next;
                }
                return current;
            }

            public override IEnumerable<(string name, nn.Module module)> named_children()
            {
                foreach (var (name, module) in items) yield return (name, (nn.Module)module);
            }

            public override IEnumerable<(string name, nn.Module module)> named_modules() => base.named_modules();

            public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                if (!recurse) yield break;
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (name, child) in named_children())
                    foreach (var (path, parameter) in child.named_parameters(true))
                        if (IsNew(parameter, seen)) yield return ($"{name}.{path}", parameter);
            }

            public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_persistent = true)
            {
                if (!recurse) yield break;
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (name, child) in named_children())
                    foreach (var (path, buffer) in child.named_buffers(true, include_persistent))
                        if (IsNew(buffer, seen)) yield return ($"{name}.{path}", buffer);
            }

            public override nn.Module apply(Action<nn.Module> fn)
            {
                foreach (var (_, child) in named_children()) child.apply(fn);
                fn(this);
                return this;
            }

            public override void train(bool on = true) => base.train(on);

            public override void eval() => base.eval();

            protected internal override nn.Module _to(ScalarType dtype, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(dtype, non_blocking);
                return this;
            }

            protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(device, dtype, non_blocking);
                return this;
            }

            protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(deviceType, deviceIndex, non_blocking);
                return this;
            }

#pragma warning disable CA2201 // The exception is the one that TorchSharp throws.
            private static IndexOutOfRangeException OutOfRange(int index) => new($"{index} is not a valid index.");
#pragma warning restore CA2201

            private Sequential Slice(int start, int end)
            {
                if (start < 0 || start > Count) throw OutOfRange(start);
                if (end < 0 || end > Count) throw OutOfRange(end);
                var slice = new Sequential();
                for (var i = start; i < end; i++) slice.append(items[i].Name, items[i].Module);
                return slice;
            }
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Sequential Sequential() => new();

            public static Modules.Sequential Sequential(params Module<Tensor, Tensor>[] modules) => Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

            public static Modules.Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => Sequential((IEnumerable<(string, Module<Tensor, Tensor>)>)modules);

            public static Modules.Sequential Sequential(params Tuple<string, Module<Tensor, Tensor>>[] modules) => Sequential((IEnumerable<Tuple<string, Module<Tensor, Tensor>>>)modules);

            public static Modules.Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules) => modules.Aggregate(Sequential(), (chain, module) => chain.append(module));

            public static Modules.Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) =>
                modules.Aggregate(Sequential(), (chain, item) => chain.append(item.name, item.submodule));

            public static Modules.Sequential Sequential(IEnumerable<Tuple<string, Module<Tensor, Tensor>>> modules) =>
                modules.Aggregate(Sequential(), (chain, item) => chain.append(item.Item1, item.Item2));
        }
    }
}
