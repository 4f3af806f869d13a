using DataType = Onnx.TensorProto.Types.DataType;

namespace UNetFamily;

/// <summary>What comes behind the logits.</summary>
internal static class Ends
{
    private const long MostClassesOfByte = 256;

    /// <summary>Adds the end of one output.</summary>
    /// <param name="writer">Takes the nodes.</param>
    /// <param name="logits">The logits.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="output">What it is to be.</param>
    /// <param name="index">0 for the finest, then the maps of deep supervision.</param>
    /// <returns>The output's name, type and shape.</returns>
    public static (string Name, DataType Type, long[] Shape) Add(GraphWriter writer, string logits, long[] shape, OnnxOutput output, int index)
    {
        var name = index > 0 ? $"auxiliary_{index}" : output switch
        {
            OnnxOutput.Logits => "logits",
            OnnxOutput.Labels => "labels",
            _ => "probabilities",
        };
        var type = output is not OnnxOutput.Labels ? DataType.Float : shape[1] <= MostClassesOfByte ? DataType.Uint8 : DataType.Int32;
        writer.Name(output switch
        {
            OnnxOutput.Softmax => writer.Add(name, "Softmax", [logits], ("axis", 1L)),
            OnnxOutput.Sigmoid => writer.Add(name, "Sigmoid", [logits]),
            OnnxOutput.Labels => writer.Add(name, "Cast", [Labels()], ("to", (long)type)),
            _ => logits,
        }, name);
        return (name, type, output is OnnxOutput.Labels ? [shape[0], .. shape[2..]] : shape);

        string Labels() => shape[1] > 1
            ? writer.Add(name, "ArgMax", [logits], ("axis", 1L), ("keepdims", 0L))
            : writer.Add(name, "Greater", [writer.Add(name, "Squeeze", [logits, writer.Constant(1)]), writer.Number(0)]);
    }
}
