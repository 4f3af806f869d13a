// One argument of a dispatcher call. It is a plain struct with two words of payload, so that a call's arguments live on the stack and nothing
// is allocated on the way to libtorch. What schema type the value becomes is decided on the native side, which knows the operator's schema.

using System.Numerics;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>What an <see cref="Arg"/> carries. The numbers are shared with the native file.</summary>
internal enum ArgTag
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    Complex = 5,
    IntList = 6,
    DoubleList = 7,
    BoolList = 8,
    TensorList = 9,
    String = 10,
    Device = 11,
    Generator = 12,
    Default = 13,
}

/// <summary>A value on its way to an operator; everything that an operator takes converts to it implicitly.</summary>
internal readonly struct Arg
{
    internal readonly object? Reference;
    internal readonly long Bits;
    internal readonly ArgTag Tag;

    internal Arg(ArgTag tag, long bits = 0, object? reference = null)
    {
        Tag = tag;
        Bits = bits;
        Reference = reference;
    }

    /// <summary>The schema's <c>None</c>.</summary>
    public static Arg None => default;

    /// <summary>The schema's own default for this position.</summary>
    public static Arg Default => new(ArgTag.Default);

    public static implicit operator Arg(Tensor? value) => value is null ? None : new(ArgTag.Tensor, 0, value);
    public static implicit operator Arg(Tensor?[]? value) => List(ArgTag.TensorList, value);
    public static implicit operator Arg(List<Tensor>? value) => List(ArgTag.TensorList, value?.ToArray());

    public static implicit operator Arg(long value) => new(ArgTag.Int, value);
    public static implicit operator Arg(int value) => new(ArgTag.Int, value);
    public static implicit operator Arg(long? value) => value is { } v ? v : None;
    public static implicit operator Arg(int? value) => value is { } v ? v : None;
    public static implicit operator Arg(double value) => new(ArgTag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(float value) => (double)value;
    public static implicit operator Arg(double? value) => value is { } v ? v : None;
    public static implicit operator Arg(float? value) => value is { } v ? v : None;
    public static implicit operator Arg(bool value) => new(ArgTag.Bool, value ? 1 : 0);
    public static implicit operator Arg(bool? value) => value is { } v ? v : None;
    public static implicit operator Arg(ScalarType value) => new(ArgTag.Int, (long)value);
    public static implicit operator Arg(ScalarType? value) => value is { } v ? v : None;
    public static implicit operator Arg(string? value) => value is null ? None : new(ArgTag.String, 0, value);
    public static implicit operator Arg(Device? value) => value is null ? None : new(ArgTag.Device, ((long)value.type << 32) | (uint)value.index);
    public static implicit operator Arg(Generator? value) => value is null ? None : new(ArgTag.Generator, 0, value);
    public static implicit operator Arg(Scalar? value) => value is null ? None : value.ToArg();

    public static implicit operator Arg(long[]? value) => List(ArgTag.IntList, value);
    public static implicit operator Arg(int[]? value) => value is null ? None : Array.ConvertAll(value, i => (long)i);
    public static implicit operator Arg(ReadOnlySpan<long> value) => value.ToArray();
    public static implicit operator Arg((long, long) value) => new[] { value.Item1, value.Item2 };
    public static implicit operator Arg((long, long, long) value) => new[] { value.Item1, value.Item2, value.Item3 };
    public static implicit operator Arg(double[]? value) => List(ArgTag.DoubleList, value);
    public static implicit operator Arg(bool[]? value) => List(ArgTag.BoolList, value);

    internal static Arg Complex(Complex value) => new(ArgTag.Complex, 0, value);

    private static Arg List(ArgTag tag, Array? value) => value is null ? None : new(tag, value.Length, value);
}
