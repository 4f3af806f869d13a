using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            internal static readonly Operator conv1dOp = new("aten::conv1d"), conv1dNamedOp = new("aten::conv1d", "padding");
            internal static readonly Operator conv2dOp = new("aten::conv2d"), conv2dNamedOp = new("aten::conv2d", "padding");
            internal static readonly Operator conv3dOp = new("aten::conv3d"), conv3dNamedOp = new("aten::conv3d", "padding");
            internal static readonly Operator convTranspose1dOp = new("aten::conv_transpose1d");
            internal static readonly Operator convTranspose2dOp = new("aten::conv_transpose2d", "input");
            internal static readonly Operator convTranspose3dOp = new("aten::conv_transpose3d", "input");
            private static readonly Operator linearOp = new("aten::linear"), bilinearOp = new("aten::bilinear");

            public static Tensor conv1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? dilation = null, long groups = 1) =>
                conv1dOp.Call(input, weight, bias, One(stride), Zero(padding), One(dilation), groups);

            public static Tensor conv1d_padding(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, Padding padding = Padding.Valid, long? dilation = null, long groups = 1) =>
                conv1dNamedOp.Call(input, weight, bias, One(stride), Name(padding), One(dilation), groups);

            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                conv2dOp.Call(input, weight, bias, strides ?? [1], padding ?? [0], dilation ?? [1], groups);

            public static Tensor conv2d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                conv2dNamedOp.Call(input, weight, bias, strides ?? [1], Name(padding), dilation ?? [1], groups);

            public static Tensor conv3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                conv3dOp.Call(input, weight, bias, strides ?? [1], padding ?? [0], dilation ?? [1], groups);

            public static Tensor conv3d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                conv3dNamedOp.Call(input, weight, bias, strides ?? [1], Name(padding), dilation ?? [1], groups);

            public static Tensor conv_transpose1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? output_padding = null, long? dilation = null, long groups = 1) =>
                convTranspose1dOp.Call(input, weight, bias, One(stride), Zero(padding), Zero(output_padding), groups, One(dilation));

            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                convTranspose2dOp.Call(input, weight, bias, strides ?? [1], padding ?? [0], output_padding ?? [0], groups, dilation ?? [1]);

            public static Tensor conv_transpose3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                convTranspose3dOp.Call(input, weight, bias, strides ?? [1], padding ?? [0], output_padding ?? [0], groups, dilation ?? [1]);

            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => linearOp.Call(input, weights, bias);

            public static Tensor bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias = null) => bilinearOp.Call(input1, input2, weight, bias);

            private static long[] One(long? value) => [value ?? 1];

            private static long[] Zero(long? value) => [value ?? 0];

            private static string Name(Padding padding) => padding == Padding.Same ? "same" : "valid";
        }
    }
}
