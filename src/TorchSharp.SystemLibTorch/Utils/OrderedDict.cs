// A dictionary that keeps the order of insertion, which is the order of a state dictionary's keys.

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

public class OrderedDict<TKey, TValue> : IDictionary<TKey, TValue>, IList<(TKey, TValue)> where TKey : notnull
{
    private readonly OrderedDictionary<TKey, TValue> entries = [];

    public int Count => entries.Count;

    public bool IsReadOnly => false;

    public ICollection<TKey> Keys => [.. entries.Keys];

    public ICollection<TValue> Values => [.. entries.Values];

    public IEnumerable<TKey> keys() => entries.Keys;

    public IEnumerable<TValue> values() => entries.Values;

    public IEnumerator<(TKey, TValue)> items() => GetEnumerator();

    public TValue this[TKey key]
    {
        get => entries[key];
        set => entries[key] = value;
    }

    public (TKey, TValue) this[int index]
    {
        get => (entries.GetAt(index).Key, entries.GetAt(index).Value);
        set => entries.SetAt(index, value.Item1, value.Item2);
    }

    public void Add(TKey key, TValue value) => entries.Add(key, value);

    public void Add((TKey, TValue) item) => entries.Add(item.Item1, item.Item2);

    public void Add(KeyValuePair<TKey, TValue> item) => entries.Add(item.Key, item.Value);

    public void Insert(int index, (TKey, TValue) item) => entries.Insert(index, item.Item1, item.Item2);

    public void Clear() => entries.Clear();

    public void clear() => entries.Clear();

    public bool ContainsKey(TKey key) => entries.ContainsKey(key);

    public bool Contains((TKey, TValue) item) => Holds(item.Item1, item.Item2);

    public bool Contains(KeyValuePair<TKey, TValue> item) => Holds(item.Key, item.Value);

    public int IndexOf((TKey, TValue) item) => Holds(item.Item1, item.Item2) ? entries.IndexOf(item.Item1) : -1;

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => entries.TryGetValue(key, out value);

    public bool Remove(TKey key) => entries.Remove(key);

    public bool Remove((TKey, TValue) item) => Contains(item) && entries.Remove(item.Item1);

    public bool Remove(KeyValuePair<TKey, TValue> item) => Contains(item) && entries.Remove(item.Key);

    public void RemoveAt(int index) => entries.RemoveAt(index);

    public void CopyTo((TKey, TValue)[] array, int arrayIndex)
    {
        foreach (var entry in this) array[arrayIndex++] = entry;
    }

    public void CopyTo(KeyValuePair<TKey, TValue>[] array, int arrayIndex)
    {
        foreach (var entry in entries) array[arrayIndex++] = entry;
    }

    public IEnumerator<(TKey, TValue)> GetEnumerator()
    {
        foreach (var entry in entries) yield return (entry.Key, entry.Value);
    }

    IEnumerator<KeyValuePair<TKey, TValue>> IEnumerable<KeyValuePair<TKey, TValue>>.GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private bool Holds(TKey key, TValue value) => entries.TryGetValue(key, out var found) && EqualityComparer<TValue>.Default.Equals(found, value);
}
