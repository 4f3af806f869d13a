using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace UNetFamily;

/// <summary>
/// A read-only list that is equal to another when their items are equal, and prints its items. Options hold their lists in it,
/// so that two equal configurations are equal and a log line shows <c>Widths = [64, 128, 256]</c>.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public sealed class ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
{
    private readonly T[] items;

    internal ValueList(ReadOnlySpan<T> items) => this.items = items.ToArray();

    /// <summary>The number of items.</summary>
    public int Count => items.Length;

    /// <summary>The item at <paramref name="index"/>, counted from 0.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="IndexOutOfRangeException">The index is outside the list.</exception>
    public T this[int index] => items[index];

    /// <summary>The items in order, as a list (also <c>list[^1]</c> and <c>list[..^1]</c>).</summary>
    /// <param name="start">The first item to take.</param>
    /// <param name="length">How many to take.</param>
    public ValueList<T> Slice(int start, int length) => new(items.AsSpan(start, length));

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => items.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ValueList<T>? other) => other is not null && items.AsSpan().SequenceEqual(other.items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in items) hash.Add(item);
        return hash.ToHashCode();
    }

    /// <summary>The items in brackets: <c>[64, 128, 256]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", items.Select(item => item is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : item?.ToString()))}]";
}

/// <summary>Creates a <see cref="ValueList{T}"/>; collection expressions (<c>[64, 128]</c>) call it.</summary>
public static class ValueList
{
    /// <summary>A list of <paramref name="items"/>.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="items">The items in order; they are copied.</param>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => new(items);
}
