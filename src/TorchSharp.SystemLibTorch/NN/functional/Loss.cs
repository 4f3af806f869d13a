using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator crossEntropyOp = new("aten::cross_entropy_loss"), nllOp = new("aten::nll_loss_nd"), klDivOp = new("aten::kl_div");
            private static readonly Operator bceOp = new("aten::binary_cross_entropy"), bceLogitsOp = new("aten::binary_cross_entropy_with_logits");
            private static readonly Operator mseOp = new("aten::mse_loss"), l1Op = new("aten::l1_loss"), smoothL1Op = new("aten::smooth_l1_loss"), huberOp = new("aten::huber_loss");
            private static readonly Operator cosineSimilarityOp = new("aten::cosine_similarity"), oneHotOp = new("aten::one_hot");

            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0) =>
                crossEntropyOp.Call(input, target, weight, (long)reduction, ignore_index, label_smoothing);

            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                nllOp.Call(input, target, weight, (long)reduction);

            public static Tensor binary_cross_entropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                if (!input.shape.SequenceEqual(target.shape))
                    throw new ArgumentException($"Using a target size ({string.Join(", ", target.shape)}) that is different to the input size ({string.Join(", ", input.shape)}).", nameof(target));
                if (weight is null) return bceOp.Call(input, target, Arg.None, (long)reduction);
                using var expanded = weight.expand(target.shape);
                return bceOp.Call(input, target, expanded, (long)reduction);
            }

            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null)
            {
                if (!input.shape.SequenceEqual(target.shape))
                    throw new ArgumentException($"Target size ({string.Join(", ", target.shape)}) must be the same as input size ({string.Join(", ", input.shape)}).", nameof(target));
                return bceLogitsOp.Call(input, target, weight, pos_weights, (long)reduction);
            }

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => mseOp.Call(input, target, (long)reduction);

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => l1Op.Call(input, target, (long)reduction);

            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1) =>
                smoothL1Op.Call(input, target, (long)reduction, beta);

            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean) =>
                huberOp.Call(input, target, (long)reduction, delta);

            /// <summary>Note the default: the target, too, is taken as a logarithm.</summary>
            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                klDivOp.Call(input, target, (long)reduction, log_target);

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) => cosineSimilarityOp.Call(x1, x2, dim, eps);

            public static Tensor one_hot(Tensor x, long num_classes = -1) => oneHotOp.Call(x, num_classes);
        }
    }
}
