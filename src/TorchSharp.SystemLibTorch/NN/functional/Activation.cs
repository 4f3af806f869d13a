using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Activation reluOp = new("relu"), relu6Op = new("relu6"), leakyReluOp = new("leaky_relu"), eluOp = new("elu"), celuOp = new("celu");
            private static readonly Activation seluOp = new("selu"), siluOp = new("silu"), mishOp = new("mish"), sigmoidOp = new("sigmoid"), tanhOp = new("tanh");
            private static readonly Activation hardswishOp = new("hardswish"), hardsigmoidOp = new("hardsigmoid"), hardtanhOp = new("hardtanh");
            private static readonly Operator softmaxOp = new("aten::softmax", "int"), logSoftmaxOp = new("aten::log_softmax", "int"), softplusOp = new("aten::softplus");
            private static readonly Operator preluOp = new("aten::prelu"), logSigmoidOp = new("aten::log_sigmoid"), gluOp = new("aten::glu");

            public static Tensor relu(Tensor x, bool inplace = false) => reluOp.Call(x, inplace);

            public static Tensor relu6(Tensor x, bool inplace = false) => relu6Op.Call(x, inplace);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) => leakyReluOp.Call(input, inplace, negative_slope);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) => eluOp.Call(x, inplace, alpha);

            public static Tensor celu(Tensor x, double alpha, bool inplace = false) => celuOp.Call(x, inplace, alpha);

            public static Tensor selu(Tensor x, bool inplace = false) => seluOp.Call(x, inplace);

            public static Tensor silu(Tensor x, bool inplace = false) => siluOp.Call(x, inplace);

            public static Tensor mish(Tensor x, bool inplace = false) => mishOp.Call(x, inplace);

            public static Tensor sigmoid(Tensor x) => sigmoidOp.Call(x, false);

            public static Tensor sigmoid(Tensor x, bool inplace) => sigmoidOp.Call(x, inplace);

            public static Tensor tanh(Tensor x, bool inplace = false) => tanhOp.Call(x, inplace);

            public static Tensor hardswish(Tensor input, bool inplace = false) => hardswishOp.Call(input, inplace);

            public static Tensor hardsigmoid(Tensor input, bool inplace = false) => hardsigmoidOp.Call(input, inplace);

            public static Tensor hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) => hardtanhOp.Call(x, inplace, min_val, max_val);

            public static Tensor gelu(Tensor x) => x.gelu();

            public static Tensor gelu(Tensor x, bool inplace) => gelu(x, Modules.GELU.Approximate.none, inplace);

            /// <summary>Always by way of <see cref="Tensor.gelu()"/>, which knows libtorch's faults in this operator's backward.</summary>
            public static Tensor gelu(Tensor x, Modules.GELU.Approximate approximate, bool inplace = false)
            {
                if (approximate == Modules.GELU.Approximate.none) return inplace ? x.gelu_().alias() : x.gelu();
                return inplace ? x.gelu_(approximate).alias() : x.gelu(approximate);
            }

            public static Tensor prelu(Tensor input, Tensor weight) => preluOp.Call(input, weight);

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => softplusOp.Call(x, beta, threshold);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => softmaxOp.Call(input, dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => logSoftmaxOp.Call(x, dim);

            public static Tensor logsigmoid(Tensor x) => logSigmoidOp.Call(x);

            public static Tensor glu(Tensor input, long dim = -1) => gluOp.Call(input, dim);

            /// <summary>An elementwise operator and its in-place twin, which changes the input and gives a fresh handle to it.</summary>
            private sealed class Activation(string name)
            {
                private readonly Operator fresh = new("aten::" + name), inPlace = new("aten::" + name + "_");

                public Tensor Call(Tensor x, bool inplace) => (inplace ? inPlace : fresh).Call(x);

                public Tensor Call(Tensor x, bool inplace, double first) => (inplace ? inPlace : fresh).Call(x, first);

                public Tensor Call(Tensor x, bool inplace, double first, double second) => (inplace ? inPlace : fresh).Call(x, first, second);
            }
        }
    }
}
