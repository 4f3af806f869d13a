namespace UNetFamily;

/// <summary>Convolutions, with their own weights or those that a norm was folded into.</summary>
internal static class Convolutions
{
    public static string Forward(Step step, Convolve operation)
    {
        var (conv, x, axes) = (operation.Convolution, step.Operands[0], step.SpatialAxes);
        (long Before, long Behind)[] pads = [.. Enumerable.Range(0, axes).Select(Padding)];
        if (conv.padding_mode is not PaddingModes.Zeros && pads.Any(pad => pad != default))
        {
            x = Layouts.Pad(step, x, pads, Mode());
            pads = new (long, long)[axes];
        }
        return step.Add("Conv", [x, .. Weights(step, operation)], ("kernel_shape", conv.kernel_size), ("strides", conv.stride), ("dilations", conv.dilation), ("group", conv.groups), ("pads", Flat(pads)));

        (long, long) Padding(int axis)
        {
            if (conv.padding is { } padding) return (padding[axis], padding[axis]);
            var all = conv.padding_type is TorchSharp.Padding.Same ? conv.dilation[axis] * (conv.kernel_size[axis] - 1) : 0;
            return (all / 2, all - (all / 2));
        }

        string Mode()
        {
            switch (conv.padding_mode)
            {
                case PaddingModes.Reflect: return "reflect";
                case PaddingModes.Replicate: return "edge";
                case PaddingModes.Circular:
                    step.Writer.Require(opset: 19);
                    return "wrap";
                default: throw step.Refuse($"padding of mode {conv.padding_mode} can't be written in ONNX.");
            }
        }
    }

    public static string Transposed(Step step, ConvolveTransposed operation)
    {
        var conv = operation.Convolution;
        var padding = conv.padding ?? new long[step.SpatialAxes];
        return step.Add("ConvTranspose", [step.Operands[0], .. Weights(step, operation)], ("kernel_shape", conv.kernel_size), ("strides", conv.stride), ("dilations", conv.dilation), ("group", conv.groups),
            ("pads", Flat([.. padding.Select(side => (side, side))])), ("output_padding", conv.output_padding));
    }

    private static string[] Weights(Step step, ConvolutionOperation operation)
    {
        var ((kernel, bias), isFolded) = (operation.Weights, !ReferenceEquals(operation.Weights.Kernel, operation.Convolution.weight));
        return bias is null ? [Weight("weight", kernel)] : [Weight("weight", kernel), Weight("bias", bias)];

        // A layer that is called twice may have another norm behind it each time.
        string Weight(string name, Tensor numbers) => isFolded ? step.OwnWeight(name, numbers) : step.Weight(name, numbers);
    }

    /// <summary>All beginnings, then all ends.</summary>
    private static long[] Flat((long Before, long Behind)[] pads) => [.. pads.Select(pad => pad.Before), .. pads.Select(pad => pad.Behind)];
}
