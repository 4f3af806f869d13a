using System.Buffers;

namespace UNetFamily;

/// <summary>Numbers for a while, which begin at a cache line.</summary>
internal readonly unsafe struct Scratch : IDisposable
{
    private const int BytesOfLine = 64;

    private readonly float[] rented;
    private readonly MemoryHandle pin;

    /// <summary>Takes so many, whatever they are.</summary>
    public Scratch(int numbers)
    {
        rented = ArrayPool<float>.Shared.Rent(numbers + (BytesOfLine / sizeof(float)));
        pin = rented.AsMemory().Pin();
        Start = (float*)(((nuint)pin.Pointer + BytesOfLine - 1) / BytesOfLine * BytesOfLine);
    }

    /// <summary>The first.</summary>
    public float* Start { get; }

    public void Dispose()
    {
        pin.Dispose();
        ArrayPool<float>.Shared.Return(rented);
    }
}
