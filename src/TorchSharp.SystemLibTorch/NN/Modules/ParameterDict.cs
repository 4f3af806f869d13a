using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace TorchSharp
{
    namespace Modules
    {
        /// <summary>Parameters by key, in the order in which they were added.</summary>
        public class ParameterDict : nn.Module, IDictionary<string, Parameter>, IList<(string, Parameter)>
        {
            private readonly List<(string Key, Parameter Value)> pairs = [];
            private bool registered;

            public ParameterDict() : base("ParameterDict")
            {
            }

            public int Count => pairs.Count;
            public bool IsReadOnly => false;
            public ICollection<string> Keys => [.. keys()];
            public ICollection<Parameter> Values => [.. values()];

            public (string, Parameter) this[int index]
            {
                get => pairs[index];
                set => pairs[index] = value;
            }

            public Parameter this[string key]
            {
                get => pairs[Required(key)].Value;
                set => pairs[Required(key)] = (key, value);
            }

            public IEnumerable<string> keys() => pairs.Select(item => item.Key);

            public IEnumerable<Parameter> values() => pairs.Select(item => item.Value);

            public IEnumerator<(string, Parameter)> items() => GetEnumerator();

            public void Add(string key, Parameter value)
            {
                if (ContainsKey(key)) throw new ArgumentException($"An item with the key '{key}' has already been added.", nameof(key));
                pairs.Add((key, value));
            }

            public void Add((string, Parameter) item) => Add(item.Item1, item.Item2);

            public void Add(KeyValuePair<string, Parameter> item) => Add(item.Key, item.Value);

            public void Insert(int index, (string, Parameter) item)
            {
                if (ContainsKey(item.Item1)) throw new ArgumentException($"An item with the key '{item.Item1}' has already been added.", nameof(item));
                pairs.Insert(index, item);
            }

            public bool Remove(string key)
            {
                var index = Find(key);
                if (index >= 0) pairs.RemoveAt(index);
                return index >= 0;
            }

            public bool Remove((string, Parameter) item) => Contains(item) && Remove(item.Item1);

            public bool Remove(KeyValuePair<string, Parameter> item) => Remove((item.Key, item.Value));

            public void RemoveAt(int index) => pairs.RemoveAt(index);

            public void Clear() => pairs.Clear();

            public void clear() => pairs.Clear();

            public bool ContainsKey(string key) => Find(key) >= 0;

            public bool Contains((string, Parameter) item) => IndexOf(item) >= 0;

            public bool Contains(KeyValuePair<string, Parameter> item) => Contains((item.Key, item.Value));

            public int IndexOf((string, Parameter) item) => pairs.FindIndex(own => own.Key == item.Item1 && ReferenceEquals(own.Value, item.Item2));

            public bool TryGetValue(string key, [MaybeNullWhen(false)] out Parameter value)
            {
                var index = Find(key);
                value = index >= 0 ? pairs[index].Value : null;
                return index >= 0;
            }

            public void CopyTo((string, Parameter)[] array, int arrayIndex) => pairs.CopyTo(array, arrayIndex);

            public void CopyTo(KeyValuePair<string, Parameter>[] array, int arrayIndex)
            {
                foreach (var (key, value) in pairs) array[arrayIndex++] = new(key, value);
            }

            public IEnumerator<(string, Parameter)> GetEnumerator() => pairs.GetEnumerator();

            IEnumerator<KeyValuePair<string, Parameter>> IEnumerable<KeyValuePair<string, Parameter>>.GetEnumerator() =>
                pairs.Select(item => new KeyValuePair<string, Parameter>(item.Key, item.Value)).GetEnumerator();

            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

            public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse) => pairs.Select(item => (item.Key, item.Value));

            public override bool has_parameter(string target) => ContainsKey(target);

            public override Parameter? get_parameter(string target) => TryGetValue(target, out var parameter) ? parameter : null;

            protected override void RegisterComponents()
            {
                if (registered) return;
                foreach (var (key, value) in pairs) register_parameter(key, value);
                registered = true;
            }

            protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                for (var i = 0; i < Count; i++)
                {
                    var (key, value) = pairs[i];
                    if (!ReplaceParameter(dtype, device, value, out var moved)) continue;
                    value.Dispose();
                    pairs[i] = (key, moved!);
                    ConditionallyRegisterParameter(key, moved);
                }
                if (device is null) return;
                (_deviceType, _deviceIndex) = (device.type, device.index);
            }

            private int Find(string key) => pairs.FindIndex(item => item.Key == key);

            private int Required(string key) => Find(key) is >= 0 and var index ? index : throw new KeyNotFoundException($"There is no item with the key '{key}'.");
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.ParameterDict ParameterDict(params (string, Modules.Parameter)[] parameters)
            {
                var result = new Modules.ParameterDict();
                foreach (var parameter in parameters) result.Add(parameter);
                return result;
            }
        }
    }
}
