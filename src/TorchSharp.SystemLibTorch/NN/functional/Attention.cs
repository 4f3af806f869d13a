using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator matmulOp = new("aten::matmul"), addOp = new("aten::add", "Tensor"), scaleOp = new("aten::mul", "Scalar");
            private static readonly Operator maskedFillOp = new("aten::masked_fill", "Scalar"), transposeOp = new("aten::transpose", "int");

            /// <summary>
            /// Softmax of the scaled products of queries and keys, applied to the values. Composed of elementary operators, because libtorch has
            /// the fused one only from version 2.0 on. A Boolean mask keeps where it is true, any other is added.
            /// </summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0, bool is_casual = false)
            {
                if (is_casual && attn_mask is not null) throw new ArgumentException("Explicit attn_mask should not be set when is_casual=true", nameof(attn_mask));
                using var scope = NewDisposeScope();
                var scaled = scaleOp.Call(query, 1 / Math.Sqrt(query.shape[^1]));
                var scores = matmulOp.Call(scaled, transposeOp.Call(key, -2L, -1L));
                if (is_casual) attn_mask = ones(query.shape[^2], key.shape[^2], dtype: ScalarType.Bool, device: query.device).tril();
                if (attn_mask is not null)
                    scores = attn_mask.dtype == ScalarType.Bool ? maskedFillOp.Call(scores, attn_mask.logical_not(), double.NegativeInfinity) : addOp.Call(scores, attn_mask);
                var weights = softmax(scores, -1);
                if (p > 0) weights = dropout(weights, p, true);
                return matmulOp.Call(weights, value).MoveToOuterDisposeScope();
            }
        }
    }
}
