using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp
{
    namespace Modules
    {
        /// <summary>A list of parameters with the keys "0", "1", ...</summary>
        public class ParameterList : nn.Module, IList<Parameter>
        {
            private readonly List<Parameter> items = [];
            private bool registered;

            public ParameterList(params Parameter[] parameters) : base(nameof(ParameterList)) => append(parameters);

            public int Count => items.Count;
            public bool IsReadOnly => false;

            public Parameter this[int index]
            {
                get => items[index];
                set => items[index] = value;
            }

            public void Add(Parameter item) => items.Add(item);

            public void append(params Parameter[] parameters) => items.AddRange(parameters ?? []);

            public void extend(IEnumerable<Parameter> parameters) => items.AddRange(parameters);

            public void Insert(int index, Parameter item) => items.Insert(index, item);

            public bool Remove(Parameter item) => items.Remove(item);

            public void RemoveAt(int index) => items.RemoveAt(index);

            public void Clear() => items.Clear();

            public bool Contains(Parameter item) => IndexOf(item) >= 0;

            public int IndexOf(Parameter item) => items.FindIndex(p => ReferenceEquals(p, item));

            public void CopyTo(Parameter[] array, int arrayIndex) => items.CopyTo(array, arrayIndex);

            public IEnumerator<Parameter> GetEnumerator() => items.GetEnumerator();

            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

            public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) => items.Select((parameter, i) => ($"{i}", parameter));

            public override bool has_parameter(string target) => get_parameter(target) is not null;

            public override Parameter? get_parameter(string target) => int.TryParse(target, out var index) && index >= 0 && index < Count ? items[index] : null;

            protected override void RegisterComponents()
            {
                if (registered) return;
                for (var i = 0; i < Count; i++) register_parameter($"{i}", items[i]);
                registered = true;
            }

            protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                for (var i = 0; i < Count; i++)
                {
                    if (!ReplaceParameter(dtype, device, items[i], out var moved)) continue;
                    items[i].Dispose();
                    items[i] = moved!;
                    ConditionallyRegisterParameter($"{i}", moved);
                }
                if (device is null) return;
                (_deviceType, _deviceIndex) = (device.type, device.index);
            }
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.ParameterList ParameterList(params Modules.Parameter[] parameters) => new(parameters);
        }
    }
}
