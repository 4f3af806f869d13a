using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator[] nearestOps = ByRank("aten::upsample_nearest{0}d"), nearestExactOps = ByRank("aten::_upsample_nearest_exact{0}d");
            private static readonly Operator upsampleLinearOp = new("aten::upsample_linear1d", "vec"), upsampleTrilinearOp = new("aten::upsample_trilinear3d", "vec");
            private static readonly Operator upsampleBilinearOp = new("aten::upsample_bilinear2d", "vec"), upsampleBilinearSmoothOp = new("aten::_upsample_bilinear2d_aa", "vec");
            private static readonly Operator upsampleBicubicOp = new("aten::upsample_bicubic2d", "vec"), upsampleBicubicSmoothOp = new("aten::_upsample_bicubic2d_aa", "vec");

            /// <summary>Resizes the spatial dimensions to a size, or by factors: one for each dimension.</summary>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                var rank = (int)x.ndim - 2;
                CheckResize(x, rank, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias);
                if (recompute_scale_factor && scale_factor is not null) (size, scale_factor) = (Scaled(x, scale_factor), null);
                var corners = align_corners ?? false;
                return (mode, rank) switch
                {
                    (InterpolationMode.Nearest, _) => Resize(nearestOps[rank - 1], x, size, scale_factor),
                    (InterpolationMode.NearestExact, _) => Resize(nearestExactOps[rank - 1], x, size, scale_factor),
                    (InterpolationMode.Area, 1) => adaptive_avg_pool1d(x, (size ?? Scaled(x, scale_factor!))[0]),
                    (InterpolationMode.Area, 2) => adaptive_avg_pool2d(x, size ?? Scaled(x, scale_factor!)),
                    (InterpolationMode.Area, _) => adaptive_avg_pool3d(x, size ?? Scaled(x, scale_factor!)),
                    (InterpolationMode.Linear, 1) => Resize(upsampleLinearOp, x, size, scale_factor, corners),
                    (InterpolationMode.Bilinear, 2) => Resize(antialias ? upsampleBilinearSmoothOp : upsampleBilinearOp, x, size, scale_factor, corners),
                    (InterpolationMode.Trilinear, 3) => Resize(upsampleTrilinearOp, x, size, scale_factor, corners),
                    (InterpolationMode.Bicubic, 2) => Resize(antialias ? upsampleBicubicSmoothOp : upsampleBicubicOp, x, size, scale_factor, corners),
                    _ => throw new ArgumentException($"{mode} interpolation doesn't accept a {x.ndim}D input.", nameof(mode)),
                };
            }

            public static Tensor upsample(Tensor input, long[]? size = null, double[]? scale_factor = null, UpsampleMode mode = UpsampleMode.Nearest, bool align_corners = false) =>
                interpolate(input, size, scale_factor, (InterpolationMode)mode, align_corners);

            public static Tensor upsample_nearest2d(Tensor input, long[]? outputSizes = null, double[]? scaleFactors = null) => Resize(nearestOps[1], input, outputSizes, scaleFactors);

            public static Tensor upsample_nearest3d(Tensor input, long[]? outputSizes = null, double[]? scaleFactors = null) => Resize(nearestOps[2], input, outputSizes, scaleFactors);

            private static Operator[] ByRank(string name) =>
                [.. Enumerable.Range(1, 3).Select(rank => new Operator(string.Format(System.Globalization.CultureInfo.InvariantCulture, name, rank), "vec"))];

            private static Tensor Resize(Operator op, Tensor x, long[]? size, double[]? scale) => op.Call(x, size, scale);

            private static Tensor Resize(Operator op, Tensor x, long[]? size, double[]? scale, bool corners) =>
                op.Call(x, size, corners, scale);

            private static long[] Scaled(Tensor x, double[] factors) => [.. factors.Select((factor, i) => (long)Math.Floor(x.shape[i + 2] * factor))];

            private static void CheckResize(Tensor x, int rank, long[]? size, double[]? scale, InterpolationMode mode, bool? corners, bool recompute, bool antialias)
            {
                if (rank is < 1 or > 3) throw new ArgumentException($"interpolate takes 3D, 4D or 5D input, but got {x.ndim}D.", nameof(x));
                if (size is null == scale is null) throw new ArgumentException("interpolate takes either size or scale_factor.", nameof(size));
                var length = size?.Length ?? scale!.Length;
                if (length != rank) throw new ArgumentException($"interpolate of {x.ndim}D input takes {rank} sizes or factors, but got {length}.", nameof(size));
                if (recompute && size is not null) throw new ArgumentException("recompute_scale_factor is not meaningful with an explicit size.", nameof(recompute));
                if (corners is not null && mode is InterpolationMode.Nearest or InterpolationMode.Area or InterpolationMode.NearestExact && corners is not null)
                    throw new ArgumentException("align_corners can only be set with the interpolating modes: Linear, Bilinear, Bicubic, Trilinear.", nameof(corners));
                if (antialias && mode is not (InterpolationMode.Bilinear or InterpolationMode.Bicubic))
                    throw new ArgumentException("antialias is restricted to Bilinear and Bicubic.", nameof(antialias));
            }
        }
    }
}
