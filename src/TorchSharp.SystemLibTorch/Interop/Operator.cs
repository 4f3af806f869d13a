// A libtorch operator, found by name and overload on first use and then called through libtorch's own dispatcher. Arguments are positional in
// schema order; what is left out gets the schema's default, which is why one binding serves libtorch releases that add trailing arguments.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

internal sealed unsafe class Operator(string name, string overload = "")
{
    private const int OnStack = 1024;

    private nint handle;

    /// <summary>Whether the loaded libtorch has this operator.</summary>
    internal bool Exists => handle != 0 || Native.op_find(name, overload) != 0;

    /// <summary>Calls the operator and returns its only tensor as a fresh handle, owned by the current dispose scope.</summary>
    public Tensor Call(params ReadOnlySpan<Arg> args)
    {
        Value result;
        var count = Invoke(args, &result, 1);
        return count == 1 && result.Tag == ArgTag.Tensor && result.Bits != 0 ? new Tensor((nint)result.Bits) : throw Unexpected(count, &result, "one tensor");
    }

    /// <summary>As <see cref="Call"/>, for a tensor that never leaves this assembly: no scope owns it and no statistics count it. End it with DecoupleTemporary.</summary>
    internal Tensor CallTemporary(params ReadOnlySpan<Arg> args)
    {
        Value result;
        var count = Invoke(args, &result, 1);
        return count == 1 && result.Tag == ArgTag.Tensor ? new Tensor((nint)result.Bits, register: false) : throw Unexpected(count, &result, "one tensor");
    }

    /// <summary>Calls the operator and returns all its tensors, be they a tuple or a list.</summary>
    public Tensor[] CallMany(params ReadOnlySpan<Arg> args)
    {
        const int expected = 8;
        var few = stackalloc Value[expected];
        var count = Invoke(args, few, expected);
        if (count <= expected) return Tensors(new ReadOnlySpan<Value>(few, count));
        var many = new Value[count];
        fixed (Value* first = many) Native.op_more_results(first);
        return Tensors(many);
    }

    /// <summary>Calls an operator whose result is its first argument again, and returns that argument: an in-place method returns its own tensor.</summary>
    public Tensor CallInPlace(params ReadOnlySpan<Arg> args)
    {
        Invoke(args, null, 0);
        return Unsafe.As<Tensor>(args[0].Reference!);
    }

    /// <summary>Calls an operator that returns a number.</summary>
    public Scalar CallScalar(params ReadOnlySpan<Arg> args)
    {
        Value result;
        var count = Invoke(args, &result, 1);
        if (count != 1 || result.Tag is ArgTag.Tensor) throw Unexpected(count, &result, "a number");
        return result.ToScalar();
    }

    public long CallInt(params ReadOnlySpan<Arg> args) => CallScalar(args).ToInt64();

    public double CallDouble(params ReadOnlySpan<Arg> args) => CallScalar(args).ToDouble();

    public bool CallBool(params ReadOnlySpan<Arg> args) => CallScalar(args).ToBoolean();

    // Marshals the arguments into the native array and calls. Numbers and tensor handles go as they are; lists, strings and complex numbers are
    // copied behind the array into one buffer, which is on the stack unless it is long.
    [SkipLocalsInit]
    private int Invoke(ReadOnlySpan<Arg> args, Value* results, int capacity)
    {
        if (handle == 0) handle = Find();

        var values = stackalloc Value[args.Length];
        var bytes = 0;
        for (var i = 0; i < args.Length; i++)
        {
            ref readonly var arg = ref args[i];
            values[i].Tag = arg.Tag;
            values[i].Count = 0;
            switch (arg.Tag)
            {
                case ArgTag.Tensor: values[i].Bits = Unsafe.As<Tensor>(arg.Reference!).Handle; break;
                case ArgTag.Generator: values[i].Bits = Unsafe.As<Generator>(arg.Reference!).Handle; break;
                case ArgTag.IntList or ArgTag.DoubleList or ArgTag.TensorList or ArgTag.BoolList: bytes += checked((int)arg.Bits * 8); break;
                case ArgTag.Complex: bytes += 16; break;
                case ArgTag.String: bytes += (Encoding.UTF8.GetByteCount((string)arg.Reference!) + 7) & ~7; break;
                default: values[i].Bits = arg.Bits; break;
            }
        }

        int count;
        if (bytes == 0)
        {
            count = Native.op_call(handle, values, args.Length, results, capacity);
        }
        else if (bytes <= OnStack)
        {
            var buffer = stackalloc byte[OnStack];
            Spill(args, values, buffer);
            count = Native.op_call(handle, values, args.Length, results, capacity);
        }
        else
        {
            var buffer = (byte*)NativeMemory.Alloc((nuint)bytes);
            try
            {
                Spill(args, values, buffer);
                count = Native.op_call(handle, values, args.Length, results, capacity);
            }
            finally
            {
                NativeMemory.Free(buffer);
            }
        }

        // A tensor that nobody else holds must not be finalised, and with it freed, while libtorch reads it.
        for (var i = 0; i < args.Length; i++) GC.KeepAlive(args[i].Reference);
        return count >= 0 ? count : throw Native.Error();
    }

    private static void Spill(ReadOnlySpan<Arg> args, Value* values, byte* buffer)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var length = (int)args[i].Bits;
            switch (args[i].Tag)
            {
                case ArgTag.IntList:
                    Unsafe.As<long[]>(args[i].Reference!).CopyTo(new Span<long>(buffer, length));
                    break;
                case ArgTag.DoubleList:
                    Unsafe.As<double[]>(args[i].Reference!).CopyTo(new Span<double>(buffer, length));
                    break;
                case ArgTag.BoolList:
                    var flags = Unsafe.As<bool[]>(args[i].Reference!);
                    for (var j = 0; j < length; j++) ((long*)buffer)[j] = flags[j] ? 1 : 0;
                    break;
                case ArgTag.TensorList:
                    var tensors = Unsafe.As<Tensor?[]>(args[i].Reference!);
                    for (var j = 0; j < length; j++) ((nint*)buffer)[j] = tensors[j] is { } tensor ? tensor.Handle : 0;
                    break;
                case ArgTag.Complex:
                    var complex = (Complex)args[i].Reference!;
                    ((double*)buffer)[0] = complex.Real;
                    ((double*)buffer)[1] = complex.Imaginary;
                    values[i].Bits = (nint)buffer;
                    buffer += 16;
                    continue;
                case ArgTag.String:
                    var text = (string)args[i].Reference!;
                    var size = Encoding.UTF8.GetBytes(text, new Span<byte>(buffer, Encoding.UTF8.GetByteCount(text)));
                    values[i].Bits = (nint)buffer;
                    values[i].Count = size;
                    buffer += (size + 7) & ~7;
                    continue;
                default:
                    continue;
            }

            values[i].Bits = (nint)buffer;
            values[i].Count = length;
            buffer += length * 8;
        }
    }

    private static Tensor[] Tensors(ReadOnlySpan<Value> results)
    {
        var tensors = new Tensor[results.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            // An undefined tensor (an unused gradient, say) has no handle; callers that can meet one test for null.
            tensors[i] = results[i].Tag != ArgTag.Tensor || results[i].Bits == 0 ? null! : new Tensor((nint)results[i].Bits);
        }

        return tensors;
    }

    private nint Find()
    {
        var found = Native.op_find(name, overload);
        return found != 0 ? found : throw new ExternalException($"This libtorch ({Native.Version}) has no operator {name}{(overload.Length > 0 ? "." + overload : "")}.");
    }

    private InvalidOperationException Unexpected(int count, Value* result, string wanted)
    {
        if (count >= 1 && result->Tag == ArgTag.Tensor && result->Bits != 0) Native.tensor_free((nint)result->Bits);
        return new($"{name} returned {count} value(s), not {wanted}.");
    }
}

/// <summary>An argument or result as the native side sees it.</summary>
internal struct Value
{
    internal ArgTag Tag;
    internal int Count;
    internal long Bits;

    internal readonly Scalar ToScalar() => Tag switch
    {
        ArgTag.Int => Bits,
        ArgTag.Double => BitConverter.Int64BitsToDouble(Bits),
        ArgTag.Bool => Bits != 0,
        _ => throw new NotSupportedException($"A result of kind {Tag}."),
    };
}
