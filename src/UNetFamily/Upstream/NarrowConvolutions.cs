namespace UNetFamily;

/// <summary>
/// Convolutions in bfloat16 whose gradient libtorch computes wrongly on some processors; see README.md beside this file. The forward pass is right, and so are maps that are wide enough.
/// </summary>
internal static class NarrowConvolutions
{
    /// <summary>Whether this may be such a call: dense, padded, and a side of the input that is short for the kernel. Measured: shorter than the kernel; one failure beyond, hence twice.</summary>
    /// <param name="conv">The convolution, on a CPU, in bfloat16.</param>
    /// <param name="input">Its input.</param>
    public static bool Affects(Convolution conv, Tensor input)
    {
        if (conv.groups > 1 || conv.padding is null || conv.padding_mode is not PaddingModes.Zeros || conv.padding.All(side => side == 0)) return false;
        var sides = input.shape.AsSpan(2);
        for (var axis = 0; axis < sides.Length; axis++)
            if (conv.kernel_size[axis] > 1 && sides[axis] < 2 * conv.kernel_size[axis]) return true;
        return false;
    }

    /// <summary>The same convolution in float32, with its weights as they are.</summary>
    /// <param name="conv">The convolution.</param>
    /// <param name="input">Its input.</param>
    /// <returns>Its output, in the type of the input.</returns>
    public static Tensor InFloat32(Convolution conv, Tensor input)
    {
        using var scope = NewDisposeScope();
        var (x, weight, bias) = (Raised(input), Raised(conv.weight!), conv.bias is null ? null : Raised(conv.bias));
        var output = (conv.transposed, input.dim()) switch
        {
            (false, 4) => functional.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation),
            (false, _) => functional.conv3d(x, weight, bias, conv.stride, conv.padding, conv.dilation),
            (true, 4) => functional.conv_transpose2d(x, weight, bias, conv.stride, conv.padding, conv.output_padding, conv.dilation),
            (true, _) => functional.conv_transpose3d(x, weight, bias, conv.stride, conv.padding, conv.output_padding, conv.dilation),
        };
        return output.to(input.dtype).MoveToOuterDisposeScope();

        static Tensor Raised(Tensor x) => x.to(ScalarType.Float32);
    }
}
