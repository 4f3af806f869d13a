// A number on its way to libtorch. TorchSharp keeps it in native memory; here it is a plain managed value, so there is nothing to dispose.

using System.Numerics;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp;

public sealed class Scalar : IDisposable
{
    private readonly Arg value;
    private readonly Complex complex;

    private Scalar(ScalarType type, Arg value, Complex complex = default)
    {
        Type = type;
        this.value = value;
        this.complex = complex;
    }

    // The types that libtorch gives a number: integers are long, floats are double, whatever their width was.
    public ScalarType Type { get; }

    public static implicit operator Scalar(byte value) => new(ScalarType.Int64, (long)value);
    public static implicit operator Scalar(sbyte value) => new(ScalarType.Int64, (long)value);
    public static implicit operator Scalar(short value) => new(ScalarType.Int64, (long)value);
    public static implicit operator Scalar(int value) => new(ScalarType.Int64, (long)value);
    public static implicit operator Scalar(long value) => new(ScalarType.Int64, value);
    public static implicit operator Scalar(Half value) => new(ScalarType.Float64, (double)value);
    public static implicit operator Scalar(BFloat16 value) => new(ScalarType.Float64, (double)value);
    public static implicit operator Scalar(float value) => new(ScalarType.Float64, (double)value);
    public static implicit operator Scalar(double value) => new(ScalarType.Float64, value);
    public static implicit operator Scalar(bool value) => new(ScalarType.Bool, value);
    public static implicit operator Scalar((float, float) value) => new Complex(value.Item1, value.Item2);
    public static implicit operator Scalar(Complex value) => new(ScalarType.ComplexFloat64, Arg.Complex(value), value);

    public void Dispose()
    {
    }

    internal Arg ToArg() => value;

    internal double AsDouble => Type switch
    {
        ScalarType.Float64 => BitConverter.Int64BitsToDouble(value.Bits),
        ScalarType.ComplexFloat64 => complex.Real,
        _ => value.Bits,
    };

    // As libtorch does, a float is cut to an integer toward zero, and one that doesn't fit is an error.
    internal long AsLong => Type is ScalarType.Float64 or ScalarType.ComplexFloat64 ? checked((long)AsDouble) : value.Bits;

    internal Complex AsComplex => Type == ScalarType.ComplexFloat64 ? complex : new Complex(AsDouble, 0);
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this Half value) => value;
    public static Scalar ToScalar(this BFloat16 value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this (float, float) value) => value;
    public static Scalar ToScalar(this Complex value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static Scalar ToBFloat16Scalar(this float value) => new BFloat16(value);

    public static Half ToHalf(this Scalar value) => (Half)value.AsDouble;
    public static BFloat16 ToBFloat16(this Scalar value) => new((float)value.AsDouble);
    public static float ToSingle(this Scalar value) => (float)value.AsDouble;
    public static double ToDouble(this Scalar value) => value.AsDouble;
    public static sbyte ToSByte(this Scalar value) => checked((sbyte)value.AsLong);
    public static byte ToByte(this Scalar value) => checked((byte)value.AsLong);
    public static short ToInt16(this Scalar value) => checked((short)value.AsLong);
    public static int ToInt32(this Scalar value) => checked((int)value.AsLong);
    public static long ToInt64(this Scalar value) => value.AsLong;
    public static bool ToBoolean(this Scalar value) => value.AsComplex != Complex.Zero;

    public static (float Real, float Imaginary) ToComplexFloat32(this Scalar value) => ((float)value.AsComplex.Real, (float)value.AsComplex.Imaginary);

    public static Complex ToComplexFloat64(this Scalar value) => value.AsComplex;
}
