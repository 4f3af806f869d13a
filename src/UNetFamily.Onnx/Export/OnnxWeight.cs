using DataType = Onnx.TensorProto.Types.DataType;

namespace UNetFamily;

/// <summary>A weight of an exported network.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its type in the file: float32 or float16.</param>
/// <param name="Shape">Its axes.</param>
/// <param name="Numbers">Its numbers, on any device and in any type.</param>
internal sealed record OnnxWeight(string Name, DataType Type, long[] Shape, Func<Tensor> Numbers)
{
    private const double LargestHalf = 65504;

    /// <summary>How many bytes it takes in the file.</summary>
    public long Bytes => checked(Shape.Elements() * (Type is DataType.Float16 ? 2 : 4));

    /// <summary>What the file says of it, without its numbers.</summary>
    public TensorProto Head()
    {
        var tensor = new TensorProto { Name = Name, DataType = (int)Type };
        tensor.Dims.AddRange(Shape);
        return tensor;
    }

    /// <summary>Hands its numbers to a function, as the file has them.</summary>
    /// <exception cref="NotSupportedException">A number is too large for 16 bits.</exception>
    public void Read(Action<ReadOnlySpan<byte>> take)
    {
        using var scope = NewDisposeScope();
        var numbers = Numbers().detach();
        if (Type is DataType.Float16 && numbers.numel() > 0 && numbers.abs().max().to(ScalarType.Float64).ToDouble() is var largest && !(largest <= LargestHalf))
            throw new NotSupportedException($"'{Name}' has a number of {largest}, and 16-bit numbers end at {LargestHalf}. Leave out {nameof(OnnxExportOptions.HalfWeights)}.");
        take(numbers.to(Type is DataType.Float16 ? ScalarType.Float16 : ScalarType.Float32).cpu().contiguous().bytes);
    }
}
