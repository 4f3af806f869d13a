using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace TorchSharp
{
    namespace Modules
    {
        /// <summary>Modules by key, in the order in which they were added; registered when the dictionary itself is.</summary>
        public class ModuleDict<T> : nn.Module, IDictionary<string, T>, IList<(string, T)> where T : nn.Module
        {
            private readonly List<(string Key, T Value)> pairs = [];
            private bool registered;

            public ModuleDict() : base("ModuleDict")
            {
            }

            public int Count => pairs.Count;
            public bool IsReadOnly => false;
            public ICollection<string> Keys => [.. keys()];
            public ICollection<T> Values => [.. values()];

            public (string, T) this[int index]
            {
                get => pairs[index];
                set => pairs[index] = value;
            }

            public T this[string key]
            {
                get => pairs[Required(key)].Value;
                set => pairs[Required(key)] = (key, value);
            }

            public IEnumerable<string> keys() => pairs.Select(item => item.Key);

            public IEnumerable<T> values() => pairs.Select(item => item.Value);

            public IEnumerator<(string, T)> items() => GetEnumerator();

            public void Add(string key, T value)
            {
                if (ContainsKey(key)) throw new ArgumentException($"An item with the key '{key}' has already been added.", nameof(key));
                pairs.Add((key, value));
            }

            public void Add((string, T) item) => Add(item.Item1, item.Item2);

            public void Add(KeyValuePair<string, T> item) => Add(item.Key, item.Value);

            public void Insert(int index, (string, T) item)
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

            public bool Remove((string, T) item) => Contains(item) && Remove(item.Item1);

            public bool Remove(KeyValuePair<string, T> item) => Remove((item.Key, item.Value));

            public void RemoveAt(int index) => pairs.RemoveAt(index);

            public void Clear() => pairs.Clear();

            public void clear() => pairs.Clear();

            public bool ContainsKey(string key) => Find(key) >= 0;

            public bool Contains((string, T) item) => IndexOf(item) >= 0;

            public bool Contains(KeyValuePair<string, T> item) => Contains((item.Key, item.Value));

            public int IndexOf((string, T) item) => pairs.FindIndex(own => own.Key == item.Item1 && ReferenceEquals(own.Value, item.Item2));

            public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value)
            {
                var index = Find(key);
                value = index >= 0 ? pairs[index].Value : null;
                return index >= 0;
            }

            public void CopyTo((string, T)[] array, int arrayIndex) => pairs.CopyTo(array, arrayIndex);

            public void CopyTo(KeyValuePair<string, T>[] array, int arrayIndex)
            {
                foreach (var (key, value) in pairs) array[arrayIndex++] = new(key, value);
            }

            public IEnumerator<(string, T)> GetEnumerator() => pairs.GetEnumerator();

            IEnumerator<KeyValuePair<string, T>> IEnumerable<KeyValuePair<string, T>>.GetEnumerator() =>
                pairs.Select(item => new KeyValuePair<string, T>(item.Key, item.Value)).GetEnumerator();

            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

            protected override void RegisterComponents()
            {
                if (registered) return;
                foreach (var (key, value) in pairs) register_module(key, value);
                registered = true;
            }

            private int Find(string key) => pairs.FindIndex(item => item.Key == key);

            private int Required(string key) => Find(key) is >= 0 and var index ? index : throw new KeyNotFoundException($"There is no item with the key '{key}'.");
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.ModuleDict<Module> ModuleDict(params (string, Module)[] modules) => ModuleDict<Module>(modules);

            public static Modules.ModuleDict<T> ModuleDict<T>(params (string, T)[] modules) where T : Module
            {
                var result = new Modules.ModuleDict<T>();
                foreach (var module in modules) result.Add(module);
                return result;
            }
        }
    }
}
