namespace UNetFamily;

/// <summary>The types of number that files hold; TorchSharp has tensors for most of them.</summary>
public enum ElementType
{
    /// <summary>A byte that is 0 or 1.</summary>
    Bool,

    /// <summary>An unsigned byte.</summary>
    UInt8,

    /// <summary>A signed byte.</summary>
    Int8,

    /// <summary>16 bits, signed.</summary>
    Int16,

    /// <summary>16 bits, unsigned; not in TorchSharp.</summary>
    UInt16,

    /// <summary>32 bits, signed.</summary>
    Int32,

    /// <summary>32 bits, unsigned; not in TorchSharp.</summary>
    UInt32,

    /// <summary>64 bits, signed.</summary>
    Int64,

    /// <summary>64 bits, unsigned; not in TorchSharp.</summary>
    UInt64,

    /// <summary>IEEE half precision.</summary>
    Float16,

    /// <summary>The upper half of a single-precision number.</summary>
    BFloat16,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE double precision.</summary>
    Float64,

    /// <summary>Two single-precision numbers.</summary>
    Complex64,

    /// <summary>Two double-precision numbers; safetensors has no such type.</summary>
    Complex128,

    /// <summary>Four bits; not in TorchSharp.</summary>
    Float4,

    /// <summary>Six bits, two of them exponent; not in TorchSharp.</summary>
    Float6E2M3,

    /// <summary>Six bits, three of them exponent; not in TorchSharp.</summary>
    Float6E3M2,

    /// <summary>Eight bits, four of them exponent; not in TorchSharp.</summary>
    Float8E4M3,

    /// <summary>Eight bits, four of them exponent, without negative zero; not in TorchSharp.</summary>
    Float8E4M3FNUZ,

    /// <summary>Eight bits, five of them exponent; not in TorchSharp.</summary>
    Float8E5M2,

    /// <summary>Eight bits, five of them exponent, without negative zero; not in TorchSharp.</summary>
    Float8E5M2FNUZ,

    /// <summary>Eight bits of exponent; not in TorchSharp.</summary>
    Float8E8M0,

    /// <summary>Quantised, sparse, or of a type that came later; listed, and not in TorchSharp. <see cref="TensorEntry.Obstacle"/> says what it is.</summary>
    Other,
}

/// <summary>What the formats call each type, and how large it is.</summary>
internal static class ElementTypes
{
    private sealed record Facts(ElementType Type, string? Safetensors, int Bits, ScalarType? Torch, string? Storage = null);

    private static readonly Facts[] All =
    [
        new(ElementType.Bool, "BOOL", 8, ScalarType.Bool, "BoolStorage"),
        new(ElementType.UInt8, "U8", 8, ScalarType.Byte, "ByteStorage"),
        new(ElementType.Int8, "I8", 8, ScalarType.Int8, "CharStorage"),
        new(ElementType.Int16, "I16", 16, ScalarType.Int16, "ShortStorage"),
        new(ElementType.UInt16, "U16", 16, null),
        new(ElementType.Int32, "I32", 32, ScalarType.Int32, "IntStorage"),
        new(ElementType.UInt32, "U32", 32, null),
        new(ElementType.Int64, "I64", 64, ScalarType.Int64, "LongStorage"),
        new(ElementType.UInt64, "U64", 64, null),
        new(ElementType.Float16, "F16", 16, ScalarType.Float16, "HalfStorage"),
        new(ElementType.BFloat16, "BF16", 16, ScalarType.BFloat16, "BFloat16Storage"),
        new(ElementType.Float32, "F32", 32, ScalarType.Float32, "FloatStorage"),
        new(ElementType.Float64, "F64", 64, ScalarType.Float64, "DoubleStorage"),
        new(ElementType.Complex64, "C64", 64, ScalarType.ComplexFloat32, "ComplexFloatStorage"),
        new(ElementType.Complex128, null, 128, ScalarType.ComplexFloat64, "ComplexDoubleStorage"),
        new(ElementType.Float4, "F4", 4, null),
        new(ElementType.Float6E2M3, "F6_E2M3", 6, null),
        new(ElementType.Float6E3M2, "F6_E3M2", 6, null),
        new(ElementType.Float8E4M3, "F8_E4M3", 8, null),
        new(ElementType.Float8E4M3FNUZ, "F8_E4M3FNUZ", 8, null),
        new(ElementType.Float8E5M2, "F8_E5M2", 8, null),
        new(ElementType.Float8E5M2FNUZ, "F8_E5M2FNUZ", 8, null),
        new(ElementType.Float8E8M0, "F8_E8M0", 8, null),
        new(ElementType.Other, null, 8, null),
    ];

    // PyTorch's names of types that are not ours in small letters.
    private static readonly Dictionary<string, ElementType> Dtypes = new()
    {
        ["float8_e4m3fn"] = ElementType.Float8E4M3,
        ["float8_e4m3fnuz"] = ElementType.Float8E4M3FNUZ,
        ["float8_e5m2"] = ElementType.Float8E5M2,
        ["float8_e5m2fnuz"] = ElementType.Float8E5M2FNUZ,
        ["float8_e8m0fnu"] = ElementType.Float8E8M0,
    };

    public static int Bits(this ElementType type) => Of(type).Bits;

    public static ScalarType? ToScalarType(this ElementType type) => Of(type).Torch;

    /// <summary>The type's name in a safetensors header; null when the format lacks it.</summary>
    public static string? SafetensorsName(this ElementType type) => Of(type).Safetensors;

    public static ElementType? FromSafetensors(string name) => Array.Find(All, facts => facts.Safetensors == name)?.Type;

    /// <summary>The type of PyTorch's storage class, such as <c>FloatStorage</c>.</summary>
    public static ElementType? FromStorage(string name) => Array.Find(All, facts => facts.Storage == name)?.Type;

    /// <summary>The type that PyTorch calls <c>torch.float32</c> and the like; <see cref="ElementType.Other"/> for what isn't known here.</summary>
    public static ElementType FromDtype(string name) =>
        Dtypes.TryGetValue(name, out var special) ? special : Array.Find(All, facts => string.Equals(facts.Type.ToString(), name, StringComparison.OrdinalIgnoreCase))?.Type ?? ElementType.Other;

    public static ElementType? From(ScalarType type) => Array.Find(All, facts => facts.Torch == type)?.Type;

    private static Facts Of(ElementType type) => All[(int)type];
}
