using System.Globalization;

namespace UNetFamily;

/// <summary>
/// Reads one pickle of those that <c>torch.save</c> writes (protocols 2 to 5) and executes nothing: numbers, texts and containers become themselves,
/// PyTorch's own rebuild functions become tensors, and every other class or call becomes an inert <see cref="PickledObject"/>.
/// </summary>
/// <param name="cursor">The pickle's first byte; after <see cref="Read"/> the byte behind its last.</param>
/// <param name="storageOf">Finds the storage that a persistent id names.</param>
internal sealed class Unpickler(ByteCursor cursor, Func<PickledSequence, object?> storageOf)
{
    /// <summary>Each step makes one value of a hundred bytes at most, so this bounds memory; a network of ten thousand tensors with its optimizer takes less.</summary>
    private const int MostSteps = 2_000_000;

    private const long MostText = 64 << 20;
    private const int LongestName = 256;
    private const int LongestInteger = 4096;
    private const long MostNumbers = long.MaxValue / 16;        // so that their bytes can be counted

    private readonly Dictionary<long, object?> memo = [];
    private readonly Stack<List<object?>> marks = new();
    private List<object?> stack = [];
    private long at;
    private int steps;
    private long text;

    /// <summary>Reads up to and with the pickle's end.</summary>
    /// <exception cref="CheckpointException">It is not a pickle, or not one of <c>torch.save</c>'s.</exception>
    public object? Read()
    {
        while (true)
        {
            at = cursor.Position;
            Spend(1);
            var code = cursor.Byte();
            if (code == '.') return stack.Count == 1 && marks.Count == 0 ? stack[0] : throw Fail($"The pickle ends here with {stack.Count} values in place of one.");
            Step(code);
        }
    }

    private void Step(byte code)
    {
        switch (code)
        {
            case 0x80: Require(cursor.Byte() is >= 2 and <= 5, "This pickle has a protocol other than 2 to 5."); break;
            case 0x95: cursor.Int64(); break;                                                       // a frame's length, a hint for buffering

            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'J': Push((long)cursor.Int32()); break;
            case (byte)'K': Push((long)cursor.Byte()); break;
            case (byte)'M': Push((long)cursor.UInt16()); break;
            case 0x8a: Push(Integer(cursor.Byte())); break;
            case 0x8b: Push(Integer(cursor.Int32())); break;
            case (byte)'G': Push(cursor.BigEndianDouble()); break;

            case (byte)'X': Push(Text(cursor.UInt32())); break;
            case 0x8c: Push(Text(cursor.Byte())); break;
            case 0x8d: Push(Text(cursor.Int64())); break;
            case (byte)'T': Push(Text(cursor.Int32())); break;                                      // Python 2's str
            case (byte)'U': Push(Text(cursor.Byte())); break;
            case (byte)'B': Push(Bytes(cursor.UInt32())); break;
            case (byte)'C': Push(Bytes(cursor.Byte())); break;
            case 0x8e or 0x96: Push(Bytes(cursor.Int64())); break;

            case (byte)'(': Mark(); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopMark(); break;
            case (byte)'2': Push(Top()); break;
            case (byte)'q': memo[cursor.Byte()] = Top(); break;
            case (byte)'r': memo[cursor.UInt32()] = Top(); break;
            case 0x94: memo[memo.Count] = Top(); break;
            case (byte)'h': Push(Remembered(cursor.Byte())); break;
            case (byte)'j': Push(Remembered(cursor.UInt32())); break;

            case (byte)']': Push(new PickledSequence("list", [])); break;
            case (byte)')': Push(new PickledSequence("tuple", [])); break;
            case (byte)'}': Push(new PickledDict()); break;
            case 0x8f: Push(new PickledSequence("set", [])); break;
            case 0x85: Push(Tuple(1)); break;
            case 0x86: Push(Tuple(2)); break;
            case 0x87: Push(Tuple(3)); break;
            case (byte)'t': Push(new PickledSequence("tuple", PopMark())); break;
            case (byte)'l': Push(new PickledSequence("list", PopMark())); break;
            case 0x91: Push(new PickledSequence("set", PopMark())); break;
            case (byte)'d': AddPairs(PopMark(), Push(new PickledDict())); break;
            case (byte)'a': AddItems([Pop()]); break;
            case (byte)'e' or 0x90: AddItems(PopMark()); break;
            case (byte)'s': AddPairs([.. Tuple(2).Items], Top()); break;
            case (byte)'u': AddPairs(PopMark(), Top()); break;

            case (byte)'c': Push(new PickledGlobal(Line(), Line())); break;
            case 0x93: Push(Tuple(2).Items is [string module, string name] ? new PickledGlobal(module, name) : throw Fail("A class is named by two texts.")); break;
            case (byte)'Q': Push(storageOf(Pop() as PickledSequence ?? throw Fail("A persistent id is a tuple."))); break;
            case (byte)'R' or 0x81: { var arguments = Arguments(); Push(Call(Pop(), arguments)); break; }
            case 0x92: { Pop(); var arguments = Arguments(); Push(Call(Pop(), arguments)); break; }
            case (byte)'b': { var state = Pop(); if (Top() is PickledObject target) target.State = state; break; }

            default: throw Fail($"0x{code:x2} is no step of the pickles that torch.save writes.");
        }
    }

    /// <summary>What a call makes: a tensor or a dictionary where the function is known, and a placeholder otherwise.</summary>
    private object? Call(object? function, List<object?> arguments) => (function as PickledGlobal, arguments) switch
    {
        ({ Module: "collections", Name: "OrderedDict" }, []) => new PickledDict(),
        ({ Module: "collections", Name: "OrderedDict" }, [PickledSequence pairs]) => OfPairs(pairs),
        ({ Module: "torch", Name: "Size" }, [PickledSequence sides]) => sides,
        ({ Module: "__builtin__" or "builtins", Name: "set" or "frozenset" }, [PickledSequence items]) => items,
        ({ Module: "torch._utils", Name: "_rebuild_tensor_v2" or "_rebuild_tensor" }, [PickledStorage storage, long offset, PickledSequence shape, PickledSequence strides, .. var rest]) =>
            View(storage, storage.Type, storage.Kind, offset, shape, strides, flags: rest is [_, _, var flags, ..] ? flags : null),
        ({ Module: "torch._utils", Name: "_rebuild_tensor_v3" }, [PickledStorage storage, long offset, PickledSequence shape, PickledSequence strides, _, _, PickledGlobal { Module: "torch" } type, .. var rest]) =>
            View(storage, ElementTypes.FromDtype(type.Name), type.ToString(), offset, shape, strides, flags: rest is [var flags, ..] ? flags : null),
        ({ Module: "torch._utils", Name: "_rebuild_parameter" or "_rebuild_parameter_with_state" or "_rebuild_device_tensor_from_cpu_tensor" }, [PickledTensor data, ..]) => data,
        ({ Module: "torch._tensor", Name: "_rebuild_from_type_v2" }, [PickledGlobal { Module: "torch._utils" } rebuild, _, PickledSequence inner, ..]) => Call(rebuild, inner.Items),
        ({ Module: "torch._utils", Name: "_rebuild_qtensor" }, [_, _, PickledSequence shape, ..]) => Odd(shape, "It is quantised; save it with .dequantize()."),
        ({ Module: "torch._utils", Name: "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor" }, [_, PickledSequence parts]) when parts.Items.OfType<PickledSequence>().LastOrDefault() is { } shape =>
            Odd(shape, "It is sparse; save it with .to_dense()."),
        ({ Module: "torch._utils", Name: "_rebuild_meta_tensor_no_storage" }, [_, PickledSequence shape, ..]) => Odd(shape, "It has a shape and no numbers: it was saved on the meta device."),
        ({ Module: "torch._utils", Name: "_rebuild_wrapper_subclass" }, [PickledGlobal type, _, PickledSequence shape, ..]) => Odd(shape, $"It is a {type}, which only Python can make; save it as an ordinary tensor."),
        _ => new PickledObject(function),
    };

    private PickledTensor Odd(PickledSequence sizes, string oddity) => Odd(Numbers(sizes), oddity);

    private PickledTensor Odd(long[] shape, string oddity) =>
        Shapes.Count(shape) is <= MostNumbers ? PickledTensor.Odd(shape, oddity) : throw Fail($"A tensor {Shapes.Text(shape)} has a negative or too large number.");

    private PickledTensor View(PickledStorage storage, ElementType type, string? kind, long offset, PickledSequence sizes, PickledSequence steps, object? flags)
    {
        var (shape, strides) = (Numbers(sizes), Numbers(steps));
        if (shape.Length != strides.Length) throw Fail($"A tensor has {shape.Length} sides and {strides.Length} strides.");
        if (Shapes.Count(shape) is not (>= 0 and <= MostNumbers and var count) || offset < 0 || strides.Any(stride => stride < 0))
            throw Fail($"A tensor {Shapes.Text(shape)} with strides {Shapes.Text(strides)} at {offset} has a negative or too large number.");
        if (type is ElementType.Other) return Odd(shape, $"It is of {kind}, which TorchSharp doesn't have.");
        var (last, held) = (count == 0 ? offset - 1 : offset + Shapes.Reach(shape, strides), (Int128)storage.Count * (storage.Bits ?? 0) / type.Bits());
        if (last >= held) throw Fail($"A tensor {Shapes.Text(shape)} with strides {Shapes.Text(strides)} at {offset} reaches number {last} of a storage of {held}.");
        return Flagged(new PickledTensor(storage, type, offset, shape, strides), flags);
    }

    /// <summary>What PyTorch notes of a view beside its place: whether its numbers are negated or conjugated when they are read.</summary>
    private PickledTensor Flagged(PickledTensor tensor, object? flags)
    {
        if (flags is null) return tensor;
        if (flags is not PickledDict { Entries: var noted }) throw Fail("What a tensor's last argument notes of it should be a dictionary.");
        foreach (var (name, value) in noted)
        {
            var isComplex = tensor.Type is ElementType.Complex64 or ElementType.Complex128;
            if (value is false) continue;
            if (name is "neg" && value is true && (isComplex || tensor.Type is ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64)) tensor = tensor with { IsNegated = true };
            else if (name is "conj" && value is true && isComplex) tensor = tensor with { IsConjugated = true };
            else return Odd(tensor.Shape, $"It is marked '{Printable.Of($"{name}", 40)}', whose meaning isn't known here.");
        }
        return tensor;
    }

    private PickledDict OfPairs(PickledSequence pairs)
    {
        Spend(pairs.Items.Count);
        var result = new PickledDict();
        foreach (var pair in pairs.Items)
            result.Entries.Add(pair is PickledSequence { Items: [var key, var value] } ? (key, value) : throw Fail("A dictionary is made of pairs."));
        return result;
    }

    private long[] Numbers(PickledSequence sequence)
    {
        if (sequence.Items.Count > Shapes.MaximumRank) throw Fail($"A tensor with {sequence.Items.Count} axes; {Shapes.MaximumRank} is the most.");
        Spend(sequence.Items.Count);
        return [.. sequence.Items.Select(item => item is long number ? number : throw Fail("A shape and strides are whole numbers."))];
    }

    private string Text(long length)
    {
        SpendText(length);
        return cursor.Text(length);
    }

    private string Line()
    {
        SpendText(LongestName);
        return cursor.Line(LongestName);
    }

    private void Spend(int count)
    {
        steps += count;
        Require(steps <= MostSteps, $"The pickle has more than {MostSteps} steps, which no checkpoint of a network needs.");
    }

    private void SpendText(long length)
    {
        Require(length <= MostText - text, $"The pickle has more than {MostText} bytes of text, which no checkpoint of a network needs.");
        text += Math.Max(length, 0);
    }

    private object Integer(int length)
    {
        if (length is < 0 or > LongestInteger) throw Fail($"A whole number of {length} bytes is none that a checkpoint needs.");
        var bytes = cursor.Bytes(length);
        if (length > 8) return new PickledInteger(length);
        var number = length > 0 && bytes[^1] >= 0x80 ? -1L : 0;
        foreach (var octet in bytes.Reverse()) number = number << 8 | octet;
        return number;
    }

    private PickledBytes Bytes(long length)
    {
        cursor.Skip(length);
        return new PickledBytes(length);
    }

    private object? Push(object? value)
    {
        stack.Add(value);
        return value;
    }

    private object? Top() => stack.Count > 0 ? stack[^1] : throw Fail("The pickle takes a value that isn't there.");

    private object? Pop()
    {
        var value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private void Mark()
    {
        marks.Push(stack);
        stack = [];
    }

    private List<object?> PopMark()
    {
        var items = stack;
        if (!marks.TryPop(out stack!)) throw Fail("The pickle closes something that it has not opened.");
        return items;
    }

    private PickledSequence Tuple(int count)
    {
        Require(stack.Count >= count, "The pickle takes a value that isn't there.");
        var items = stack[^count..];
        stack.RemoveRange(stack.Count - count, count);
        return new PickledSequence("tuple", items);
    }

    private List<object?> Arguments() => (Pop() as PickledSequence ?? throw Fail("A call needs a tuple of arguments.")).Items;

    private object? Remembered(long index) => memo.TryGetValue(index, out var value) ? value : throw Fail(string.Create(CultureInfo.InvariantCulture, $"The pickle recalls value {index}, and there is none."));

    private void AddItems(List<object?> items)
    {
        switch (Top())
        {
            case PickledSequence sequence: sequence.Items.AddRange(items); break;
            case PickledObject: break;
            default: throw Fail("Items are added to something that is no list.");
        }
    }

    private void AddPairs(List<object?> items, object? target)
    {
        Require(items.Count % 2 == 0, "A dictionary gets a key without a value.");
        var dictionary = target switch
        {
            PickledDict own => own,
            PickledObject custom => custom.Items ??= new PickledDict(),
            _ => throw Fail("Pairs are added to something that is no dictionary."),
        };
        for (var i = 0; i < items.Count; i += 2) dictionary.Entries.Add((items[i], items[i + 1]));
    }

    private void Require(bool condition, string reason)
    {
        if (!condition) throw Fail(reason);
    }

    private CheckpointException Fail(string reason) => cursor.Source.Fail(at, reason);
}
