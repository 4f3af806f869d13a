using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Fills tensors in place, outside autograd, and returns them.</summary>
        public static class init
        {
            private static readonly Operator uniformOp = new("aten::uniform_"), normalOp = new("aten::normal_"), fillOp = new("aten::fill_", "Scalar"), copyOp = new("aten::copy_");

            public enum NonlinearityType
            {
                Linear = 0,
                Conv1D = 1,
                Conv2D = 2,
                Conv3D = 3,
                ConvTranspose1D = 4,
                ConvTranspose2D = 5,
                ConvTranspose3D = 6,
                Sigmoid = 7,
                Tanh = 8,
                ReLU = 9,
                LeakyReLU = 10,
            }

            public enum FanInOut
            {
                FanIn = 0,
                FanOut = 1,
            }

            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + param * param)),
                _ => 1,
            };

            public static (long fanIn, long fanOut) CalculateFanInAndFanOut(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length < 2) throw new ArgumentException("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
                var field = shape.Skip(2).Aggregate(1L, (product, size) => product * size);
                return (shape[1] * field, shape[0] * field);
            }

            public static Tensor zeros_(Tensor tensor) => Fill(tensor, 0);

            public static Tensor ones_(Tensor tensor) => Fill(tensor, 1);

            public static Tensor constant_(Tensor tensor, Scalar val)
            {
                using var _ = no_grad();
                fillOp.CallInPlace(tensor, val);
                return tensor;
            }

            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null)
            {
                using var _ = no_grad();
                uniformOp.CallInPlace(tensor, low, high, generator);
                return tensor;
            }

            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null)
            {
                using var _ = no_grad();
                normalOp.CallInPlace(tensor, mean, std, generator);
                return tensor;
            }

            /// <summary>A normal distribution cut off at <paramref name="a"/> and <paramref name="b"/>, by inverting its cumulative function.</summary>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Generator? generator = null)
            {
                using var _ = no_grad();
                double low = NormalCdf((a - mean) / std), high = NormalCdf((b - mean) / std);
                uniformOp.CallInPlace(tensor, 2 * low - 1, 2 * high - 1, generator);
                new Operator("aten::erfinv_").CallInPlace(tensor);
                new Operator("aten::mul_", "Scalar").CallInPlace(tensor, std * Math.Sqrt(2));
                new Operator("aten::add_", "Scalar").CallInPlace(tensor, mean);
                new Operator("aten::clamp_").CallInPlace(tensor, a, b);
                return tensor;
            }

            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
            {
                var bound = Math.Sqrt(3) * KaimingDeviation(tensor, a, mode, nonlinearity);
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU) =>
                normal_(tensor, 0, KaimingDeviation(tensor, a, mode, nonlinearity));

            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                var bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor glorot_uniform_(Tensor tensor, double gain = 1) => xavier_uniform_(tensor, gain);

            /// <summary>TorchSharp 0.107 draws from the uniform distribution here, too; so does this.</summary>
            public static Tensor xavier_normal_(Tensor tensor, double gain = 1) => xavier_uniform_(tensor, gain);

            public static Tensor glorot_normal_(Tensor tensor, double gain = 1) => xavier_normal_(tensor, gain);

            public static Tensor eye_(Tensor tensor)
            {
                if (tensor.ndim != 2) throw new ArgumentException("Only tensors with 2 dimensions are supported", nameof(tensor));
                using var _ = no_grad();
                using var identity = eye(tensor.shape[0], tensor.shape[1], dtype: tensor.dtype, device: tensor.device);
                copyOp.CallInPlace(tensor, identity);
                return tensor;
            }

            /// <summary>The kernel that passes each channel on unchanged.</summary>
            public static Tensor dirac_(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length is < 3 or > 5) throw new ArgumentException("Only tensors with 3, 4, or 5 dimensions are supported", nameof(tensor));
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                tensor.zero_();
                for (var channel = 0L; channel < Math.Min(shape[0], shape[1]); channel++)
                {
                    var centre = tensor.select(0, channel).select(0, channel);
                    foreach (var size in shape.Skip(2)) centre = centre.select(0, size / 2);
                    centre.fill_(1);
                }
                return tensor;
            }

            /// <summary>Orthogonal rows or columns, from the QR decomposition of a random matrix.</summary>
            public static Tensor orthogonal_(Tensor tensor, double gain = 1)
            {
                if (tensor.ndim < 2) throw new ArgumentException("Only tensors with 2 or more dimensions are supported", nameof(tensor));
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                var rows = tensor.shape[0];
                var columns = tensor.shape.Skip(1).Aggregate(1L, (product, size) => product * size);
                var noise = normal_(empty([rows, columns], dtype: tensor.dtype, device: tensor.device));
                if (rows < columns) noise = noise.t();
                var factors = new Operator("aten::linalg_qr").CallMany(noise);
                var signs = new Operator("aten::sign").Call(new Operator("aten::diag").Call(factors[1], 0L));
                var basis = factors[0].mul(signs);
                if (rows < columns) basis = basis.t();
                copyOp.CallInPlace(tensor, basis.reshape(tensor.shape).mul(gain));
                return tensor;
            }

            /// <summary>Normal noise with the given share of each column set to zero.</summary>
            public static Tensor sparse_(Tensor tensor, double sparsity, double std = 0.01)
            {
                if (tensor.ndim != 2) throw new ArgumentException("Only tensors with 2 dimensions are supported", nameof(tensor));
                using var _ = no_grad();
                using var scope = NewDisposeScope();
                normal_(tensor, 0, std);
                var zeroed = (long)Math.Ceiling(sparsity * tensor.shape[0]);
                for (var column = 0L; column < tensor.shape[1]; column++)
                {
                    var rows = randperm(tensor.shape[0], device: tensor.device).narrow(0, 0, zeroed);
                    tensor.select(1, column).index_fill_(0, rows, 0);
                }
                return tensor;
            }

            private static Tensor Fill(Tensor tensor, double value)
            {
                using var _ = no_grad();
                fillOp.CallInPlace(tensor, value);
                return tensor;
            }

            private static double KaimingDeviation(Tensor tensor, double a, FanInOut mode, NonlinearityType nonlinearity)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return calculate_gain(nonlinearity, a) / Math.Sqrt(mode == FanInOut.FanIn ? fanIn : fanOut);
            }

            private static double NormalCdf(double x)
            {
                using var value = tensor(x / Math.Sqrt(2), dtype: ScalarType.Float64);
                using var error = value.erf();
                return (1 + error.ToDouble()) / 2;
            }
        }
    }
}
