namespace UNetFamily;

/// <summary>In which type a network computes while it is trained; see <see cref="MixedPrecision"/>.</summary>
public enum Precision
{
    /// <summary>32 bits throughout.</summary>
    Float32,

    /// <summary>bfloat16: the range of float32 with 8 bits of precision. Needs no loss scaling; a GPU of NVIDIA's Ampere generation or later, or a CPU.</summary>
    BFloat16,

    /// <summary>float16: 11 bits of precision and a small range, so that the loss must be scaled (<see cref="GradientScaler"/>). For a GPU; on a CPU it is slow.</summary>
    Half,
}
