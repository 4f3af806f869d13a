using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator batchNormOp = new("aten::batch_norm"), instanceNormOp = new("aten::instance_norm");
            private static readonly Operator groupNormOp = new("aten::group_norm"), layerNormOp = new("aten::layer_norm");

            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-05) =>
                batchNormOp.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            public static Tensor instance_norm(Tensor input, Tensor? running_mean = null, Tensor? running_var = null, Tensor? weight = null, Tensor? bias = null, bool use_input_stats = true, double momentum = 0.1, double eps = 1e-05) =>
                instanceNormOp.Call(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, true);

            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05) =>
                groupNormOp.Call(input, num_groups, weight, bias, eps);

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05) =>
                layerNormOp.Call(input, normalized_shape, weight, bias, eps);

            /// <summary>Divides by the p-norm along <paramref name="dim"/>, or by <paramref name="eps"/> where that is larger.</summary>
            public static Tensor normalize(Tensor input, double p = 2, long dim = 1, double eps = 1e-12)
            {
                using var norm = vectorNormOp.Call(input, p, (long[])[dim], true);
                using var floored = clampMinOp.Call(norm, eps);
                return divideOp.Call(input, floored);
            }

            private static readonly Operator vectorNormOp = new("aten::norm", "ScalarOpt_dim"), clampMinOp = new("aten::clamp_min"), divideOp = new("aten::div", "Tensor");
        }
    }
}
