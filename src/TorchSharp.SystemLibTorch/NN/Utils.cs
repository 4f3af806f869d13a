using TorchSharp.Interop;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            private static readonly Operator normOp = new("aten::norm", "ScalarOpt_dtype"), clampOp = new("aten::clamp_"), scaleOp = new("aten::mul_", "Tensor"), catOp = new("aten::cat");

            /// <summary>Scales all gradients together, so that their common norm is at most <paramref name="max_norm"/>; returns the norm before.</summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
            {
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                var gradients = tensors.Select(p => p.grad).Where(g => g is not null).Select(g => g!).ToList();
                if (gradients.Count == 0) return 0;
                var device = gradients[0].device;
                var norms = stack(gradients.Select(g => NormOf(g, norm_type).to(device)).ToArray());
                var total = NormOf(norms, norm_type);
                var factor = total.add(1e-6).reciprocal().mul(max_norm).clamp(max: 1.0);
                foreach (var gradient in gradients) scaleOp.CallInPlace(gradient, factor.to(gradient.device));
                return total.to(ScalarType.Float64).item<double>();
            }

            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var _ = no_grad();
                foreach (var parameter in tensors)
                {
                    using var gradient = parameter.grad;
                    if (gradient is not null) clampOp.CallInPlace(gradient, -clip_value, clip_value);
                }
            }

            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                using var scope = NewDisposeScope();
                return catOp.Call(tensors.Select(p => p.reshape(-1)).ToArray(), 0L).MoveToOuterDisposeScope();
            }

            /// <summary>Copies consecutive pieces of the vector into the parameters.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                var start = 0L;
                foreach (var parameter in tensors)
                {
                    var length = parameter.numel();
                    parameter.copy_(vec.narrow(0, start, length).reshape(parameter.shape));
                    start += length;
                }
            }

            /// <summary>The weights of one convolution that does what a convolution followed by an evaluated batch normalisation does.</summary>
            public static (Parameter weight, Parameter bias) fuse_conv_bn_weights(Tensor conv_w, Tensor? conv_b, Tensor bn_rm, Tensor bn_rv, double bn_eps, Tensor? bn_w, Tensor? bn_b, bool transpose = false)
            {
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                var scale = bn_rv.add(bn_eps).rsqrt();
                if (bn_w is not null) scale = scale.mul(bn_w);
                var shape = Enumerable.Repeat(1L, (int)conv_w.ndim).ToArray();
                shape[transpose ? 1 : 0] = -1;
                var bias = (conv_b is null ? bn_rm.neg() : conv_b.sub(bn_rm)).mul(scale);
                if (bn_b is not null) bias = bias.add(bn_b);
                var weight = conv_w.mul(scale.reshape(shape));
                return (Kept(weight, conv_w.requires_grad), Kept(bias, conv_b?.requires_grad ?? false));
            }

            public static (Parameter weight, Parameter bias) fuse_linear_bn_weights(Tensor linear_w, Tensor? linear_b, Tensor bn_rm, Tensor bn_rv, double bn_eps, Tensor bn_w, Tensor bn_b) =>
                fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b);

            private static Parameter Kept(Tensor tensor, bool requires_grad) => (Parameter)new Parameter(tensor, requires_grad).MoveToOuterDisposeScope();

            private static Tensor NormOf(Tensor tensor, double p) => normOp.Call(tensor, p, tensor.dtype);
        }
    }
}
