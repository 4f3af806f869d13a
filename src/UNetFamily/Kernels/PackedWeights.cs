using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>The weights of a pointwise convolution as <see cref="PanelProduct"/> reads them, and its shifts.</summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    /// <summary>Packs weights.</summary>
    /// <param name="weights">The weights, (out, in, 1, …), float32 on the CPU.</param>
    public PackedWeights(ConvolutionWeights weights)
    {
        var (kernel, bias) = weights;
        (Outputs, Inputs) = ((int)kernel.shape[0], (int)kernel.shape[1]);
        Shift = new float[Outputs];
        if (bias is not null) bias.Numbers().CopyTo(Shift, 0);
        var numbers = kernel.Numbers();
        Panels = (float*)NativeMemory.AlignedAlloc((nuint)numbers.Length * sizeof(float), 64);
        for (var column = 0; column < Outputs; column++)
            for (var row = 0; row < Inputs; row++) Panels[PanelProduct.Place(row, column, Inputs, Outputs)] = numbers[(column * Inputs) + row];
    }

    /// <summary>Channels that go in.</summary>
    public int Inputs { get; }

    /// <summary>Channels that come out.</summary>
    public int Outputs { get; }

    /// <summary>The weights, in panels.</summary>
    public float* Panels { get; }

    /// <summary>What is added to each channel.</summary>
    public float[] Shift { get; }

    public void Dispose() => NativeMemory.AlignedFree(Panels);
}
