using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator maxPool1dOp = new("aten::max_pool1d"), maxPool2dOp = new("aten::max_pool2d"), maxPool3dOp = new("aten::max_pool3d");
            private static readonly Operator maxPool1dIndicesOp = new("aten::max_pool1d_with_indices"), maxPool2dIndicesOp = new("aten::max_pool2d_with_indices"), maxPool3dIndicesOp = new("aten::max_pool3d_with_indices");
            private static readonly Operator avgPool1dOp = new("aten::avg_pool1d"), avgPool2dOp = new("aten::avg_pool2d"), avgPool3dOp = new("aten::avg_pool3d");
            private static readonly Operator adaptiveAvg1dOp = new("aten::adaptive_avg_pool1d"), adaptiveAvg2dOp = new("aten::adaptive_avg_pool2d"), adaptiveAvg3dOp = new("aten::adaptive_avg_pool3d");
            private static readonly Operator adaptiveMax1dOp = new("aten::adaptive_max_pool1d"), adaptiveMax2dOp = new("aten::adaptive_max_pool2d"), adaptiveMax3dOp = new("aten::adaptive_max_pool3d");

            public static Tensor max_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                maxPool1dOp.Call(input, (long[])[kernel_size], One(stride ?? kernel_size), Zero(padding), One(dilation), ceil_mode);

            public static (Tensor output, Tensor indices) max_pool1d_with_indices(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                Pair(maxPool1dIndicesOp.CallMany(input, (long[])[kernel_size], One(stride ?? kernel_size), Zero(padding), One(dilation), ceil_mode));

            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                maxPool2dOp.Call(input, kernel_size, strides ?? kernel_size, padding ?? [0], dilation ?? [1], ceil_mode);

            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, [kernel_size], One(stride ?? kernel_size), Zero(padding), One(dilation), ceil_mode);

            public static Tensor max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Array(kernel_size), ArrayOrNull(stride), ArrayOrNull(padding), ArrayOrNull(dilation), ceil_mode);

            public static (Tensor output, Tensor indices) max_pool2d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Pair(maxPool2dIndicesOp.CallMany(input, kernel_size, strides ?? kernel_size, padding ?? [0], dilation ?? [1], ceil_mode));

            public static Tensor max_pool3d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                maxPool3dOp.Call(input, kernel_size, strides ?? kernel_size, padding ?? [0], dilation ?? [1], ceil_mode);

            public static (Tensor output, Tensor indices) max_pool3d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Pair(maxPool3dIndicesOp.CallMany(input, kernel_size, strides ?? kernel_size, padding ?? [0], dilation ?? [1], ceil_mode));

            public static Tensor avg_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true) =>
                avgPool1dOp.Call(input, (long[])[kernel_size], One(stride ?? kernel_size), Zero(padding), ceil_mode, count_include_pad);

            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avgPool2dOp.Call(input, kernel_size, stride ?? kernel_size, padding ?? [0], ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, [kernel_size], One(stride ?? kernel_size), [padding], ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, Array(kernel_size), ArrayOrNull(stride), ArrayOrNull(padding), ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool3d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avgPool3dOp.Call(input, kernel_size, stride ?? kernel_size, padding ?? [0], ceil_mode, count_include_pad, divisor_override);

            public static Tensor adaptive_avg_pool1d(Tensor input, long output_size) => adaptiveAvg1dOp.Call(input, (long[])[output_size]);

            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) => adaptiveAvg2dOp.Call(input, output_size);

            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) => adaptiveAvg2dOp.Call(input, Array(output_size));

            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => adaptiveAvg2dOp.Call(input, (long[])[output_size, output_size]);

            public static Tensor adaptive_avg_pool3d(Tensor input, long[] output_size) => adaptiveAvg3dOp.Call(input, output_size);

            public static Tensor adaptive_avg_pool3d(Tensor input, (long, long, long) output_size) => adaptiveAvg3dOp.Call(input, Array(output_size));

            public static Tensor adaptive_avg_pool3d(Tensor input, long output_size) => adaptiveAvg3dOp.Call(input, (long[])[output_size, output_size, output_size]);

            public static Tensor adaptive_max_pool1d(Tensor input, long output_size) => FirstOf(adaptive_max_pool1d_with_indices(input, output_size));

            public static (Tensor output, Tensor indices) adaptive_max_pool1d_with_indices(Tensor input, long output_size) => Pair(adaptiveMax1dOp.CallMany(input, (long[])[output_size]));

            public static Tensor adaptive_max_pool2d(Tensor input, long[] output_size) => FirstOf(adaptive_max_pool2d_with_indices(input, output_size));

            public static (Tensor output, Tensor indices) adaptive_max_pool2d_with_indices(Tensor input, long[] output_size) => Pair(adaptiveMax2dOp.CallMany(input, output_size));

            public static Tensor adaptive_max_pool3d(Tensor input, long[] output_size) => FirstOf(adaptive_max_pool3d_with_indices(input, output_size));

            public static (Tensor output, Tensor indices) adaptive_max_pool3d_with_indices(Tensor input, long[] output_size) => Pair(adaptiveMax3dOp.CallMany(input, output_size));

            internal static long[] Array((long, long) pair) => [pair.Item1, pair.Item2];

            internal static long[] Array((long, long, long) triple) => [triple.Item1, triple.Item2, triple.Item3];

            internal static long[]? ArrayOrNull((long, long)? pair) => pair is { } value ? Array(value) : null;

            internal static long[]? ArrayOrNull((long, long, long)? triple) => triple is { } value ? Array(value) : null;

            private static (Tensor, Tensor) Pair(Tensor[] results) => (results[0], results[1]);

            private static Tensor FirstOf((Tensor output, Tensor indices) results)
            {
                results.indices.Dispose();
                return results.output;
            }
        }
    }
}
