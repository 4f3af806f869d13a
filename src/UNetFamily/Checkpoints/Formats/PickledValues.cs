namespace UNetFamily;

/// <summary>A class or function that a pickle names. It is a name here, and never becomes more.</summary>
internal sealed record PickledGlobal(string Module, string Name)
{
    public override string ToString() => Printable.Of($"{Module}.{Name}", 80);
}

/// <summary>What Python would have made by calling something that this library doesn't know. Nothing is called; the parts are kept.</summary>
internal sealed class PickledObject(object? type)
{
    public object? Type { get; } = type;

    /// <summary>What Python would have put into its <c>__dict__</c>.</summary>
    public object? State { get; set; }

    /// <summary>Its items, when it is a kind of dictionary.</summary>
    public PickledDict? Items { get; set; }
}

/// <summary>A dictionary in the order in which it was filled.</summary>
internal sealed class PickledDict
{
    private Dictionary<string, object?>? index;

    public List<(object? Key, object? Value)> Entries { get; } = [];

    /// <summary>The value of a name; the last one when it was set several times. For use when the pickle has been read.</summary>
    public object? this[string name] => (index ??= Named.GroupBy(entry => entry.Name).ToDictionary(group => group.Key, group => group.Last().Value)).GetValueOrDefault(name);

    /// <summary>The entries whose keys are texts.</summary>
    public IEnumerable<(string Name, object? Value)> Named => Entries.Where(entry => entry.Key is string).Select(entry => ((string)entry.Key!, entry.Value));
}

/// <summary>A list, tuple or set.</summary>
internal sealed class PickledSequence(string kind, List<object?> items)
{
    public string Kind { get; } = kind;

    public List<object?> Items { get; } = items;
}

/// <summary>Reads single values out of what a pickle held.</summary>
internal static class PickledValue
{
    /// <summary>What stands at a path of names; dots lead into nested dictionaries.</summary>
    /// <returns>Whether there is such an entry.</returns>
    public static bool TryFind(object? root, string path, out object? value)
    {
        value = root;
        foreach (var name in path.Split('.'))
        {
            if (value is not PickledDict dictionary || !dictionary.Named.Any(entry => entry.Name == name)) return false;
            value = dictionary[name];
        }
        return true;
    }

    /// <summary>Whether a value is plain (null, a truth value, a number or a text), or a list of plain values.</summary>
    public static bool IsPlain(object? value) => IsScalar(value) || value is PickledSequence { Items: var items } && items.TrueForAll(IsScalar);

    private static bool IsScalar(object? value) => value is null or bool or long or double or string;
}

/// <summary>Raw bytes; what they are is of no interest here.</summary>
internal sealed record PickledBytes(long Length);

/// <summary>A whole number of more than 64 bits.</summary>
internal sealed record PickledInteger(int Bytes);

/// <summary>A run of numbers in the file. In the legacy format its place is known only when all pickles have been read.</summary>
internal sealed class PickledStorage(string key, ElementType type, long count, string? kind = null, int? bits = null)
{
    public string Key { get; } = key;

    public ElementType Type { get; } = type;

    /// <summary>PyTorch's name for a type that is none of ours.</summary>
    public string? Kind { get; } = kind;

    /// <summary>Bits of a number; null when the type is not known.</summary>
    public int? Bits { get; } = type is ElementType.Other ? bits : type.Bits();

    public long Count { get; } = count;

    /// <summary>The byte of the file at which it begins.</summary>
    public long Position { get; set; }
}

/// <summary>A view on a storage; shape and strides have been checked against it.</summary>
internal sealed record PickledTensor(PickledStorage Storage, ElementType Type, long Offset, long[] Shape, long[] Strides)
{
    public bool IsNegated { get; init; }

    public bool IsConjugated { get; init; }

    /// <summary>Why its numbers can't be read; nothing else is known of such a tensor than its shape.</summary>
    public string? Oddity { get; init; }

    public static PickledTensor Odd(long[] shape, string oddity) => new(new PickledStorage("", ElementType.Other, 0), ElementType.Other, 0, shape, Shapes.Contiguous(shape)) { Oddity = oddity };

    public TensorEntry Named(string name) => new(name, Type, Shape, Storage.Position + Offset * Type.Bits() / 8,
        Shapes.IsContiguous(Shape, Strides) ? null : Strides, Storage.Count * (Storage.Bits ?? 0) / Type.Bits() - Offset)
    {
        IsNegated = IsNegated,
        IsConjugated = IsConjugated,
        Oddity = Oddity,
    };
}
