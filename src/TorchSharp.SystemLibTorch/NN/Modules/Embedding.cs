using TorchSharp.Interop;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp
{
    namespace Modules
    {
        public sealed class Embedding : nn.Module<Tensor, Tensor>
        {
            private static readonly Operator lookUp = new("aten::embedding"), renormalise = new("aten::embedding_renorm_");

            private readonly long padding_idx;
            private readonly double? max_norm;
            private readonly double norm_type;
            private readonly bool scale_grad_by_freq, sparse;
            [ComponentName(Name = nameof(weight))]
            private Parameter? _weight;

            internal Embedding(Parameter weight, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse) : base(nameof(Embedding))
            {
                this.padding_idx = padding_idx is { } index ? index < 0 ? index + weight.shape[0] : index : -1;
                this.max_norm = max_norm;
                this.norm_type = norm_type;
                this.scale_grad_by_freq = scale_grad_by_freq;
                this.sparse = sparse;
                this.weight = weight;
            }

            public Parameter? weight
            {
                get => _weight;
                set => SetParameter(nameof(weight), ref _weight, value);
            }

            public override Tensor forward(Tensor input)
            {
                if (max_norm is { } limit)
                {
                    using var _ = no_grad();
                    using var indices = input.contiguous();
                    renormalise.CallInPlace(weight, indices, limit, norm_type);
                }
                return lookUp.Call(weight, input, padding_idx, scale_grad_by_freq, sparse);
            }
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Embedding Embedding(long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null)
            {
                var weight = new Modules.Parameter(empty([num_embeddings, embedding_dims], dtype: dtype, device: device));
                init.normal_(weight);
                if (padding_idx is { } index)
                {
                    using var _ = no_grad();
                    using var row = weight.narrow(0, index < 0 ? index + num_embeddings : index, 1);
                    row.zero_();
                }
                return new(weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);
            }

            /// <summary>Works on a copy of <paramref name="embeddings"/> where that has to change its device or type, otherwise on the same memory.</summary>
            public static Modules.Embedding Embedding_from_pretrained(Tensor embeddings, bool freeze = true, long? padding_idx = null, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null)
            {
                var weight = new Modules.Parameter(embeddings.detach().to(dtype ?? get_default_dtype(), device ?? get_default_device()), !freeze);
                return new(weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);
            }
        }
    }
}
