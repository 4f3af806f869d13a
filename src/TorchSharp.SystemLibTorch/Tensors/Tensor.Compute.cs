// Arithmetic and reductions whose arguments need more than passing on.

using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Tensor.Call(this, target) : Aten.div_Tensor_mode.Call(this, target, Name(rounding_mode));

        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Scalar.Call(this, target) : Aten.div_Scalar_mode.Call(this, target, Name(rounding_mode));

        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Tensor_.CallInPlace(this, target) : Aten.div_Tensor_mode_.CallInPlace(this, target, Name(rounding_mode));

        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Scalar_.CallInPlace(this, target) : Aten.div_Scalar_mode_.CallInPlace(this, target, Name(rounding_mode));

        public Tensor divide(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);

        public Tensor divide(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);

        public Tensor divide_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);

        public Tensor divide_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);

        public Tensor round(long decimals = 0) => decimals == 0 ? Aten.round.Call(this) : Aten.round_decimals.Call(this, decimals);

        public Tensor round_(long decimals = 0) => decimals == 0 ? Aten.round_.CallInPlace(this) : Aten.round_decimals_.CallInPlace(this, decimals);

        public Tensor random_(double from, double to, Generator? generator = null) => Aten.random_from_.CallInPlace(this, from, to, generator);

        // This tensor where the condition holds, y elsewhere.
        public Tensor where(Tensor condition, Tensor y) => Aten.where_self.Call(condition, this, y);

        public Tensor equal(Tensor target) => eq(target);

        public Tensor gelu(Modules.GELU.Approximate approximate) => Aten.gelu.Call(this, approximate.ToString());

        public Tensor gelu_(Modules.GELU.Approximate approximate) => Aten.gelu_.CallInPlace(this, approximate.ToString());

        public Tensor histc(long bins = 100, long min = 0, long max = 0) => Aten.histc.Call(this, bins, min, max);

        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => Aten.amax.Call(this, dims, keepdim).Into(@out);

        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => Aten.amax.Call(this, dims, keepdim).Into(@out);

        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => Aten.amin.Call(this, dims, keepdim).Into(@out);

        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => Aten.amin.Call(this, dims, keepdim).Into(@out);

        public Tensor norm(int dim, bool keepdim = false, float p = 2) => Aten.norm_ScalarOpt_dim.Call(this, p, dim, keepdim);

        public Tensor nanmean(int? dim = null, bool keepdim = false, ScalarType? dtype = null) => Aten.nanmean.Call(this, dim, keepdim, dtype);

        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => Aten.sum_dim_IntList.Call(this, (dim0, dim1), keepdim, type);

        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) => Aten.sum_dim_IntList.Call(this, (dim0, dim1, dim2), keepdim, type);

        // TorchSharp takes a type for the following and leaves it unused; so it is here.
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.std_dim.Call(this, dim, unbiased, keepdim);

        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.std_dim.Call(this, dimensions, unbiased, keepdim);

        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.std_dim.Call(this, dimensions, unbiased, keepdim);

        public Tensor std((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.std_dim.Call(this, dim, unbiased, keepdim);

        public Tensor std((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.std_dim.Call(this, dim, unbiased, keepdim);

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.var_dim.Call(this, dim, unbiased, keepdim);

        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.var_dim.Call(this, dimensions, unbiased, keepdim);

        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.var_dim.Call(this, dimensions, unbiased, keepdim);

        public Tensor var((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.var_dim.Call(this, dim, unbiased, keepdim);

        public Tensor var((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Aten.var_dim.Call(this, dim, unbiased, keepdim);

        public (Tensor std, Tensor mean) std_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Pair(Aten.std_mean_dim.CallMany(this, dim, unbiased, keepdim));

        public (Tensor std, Tensor mean) std_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Pair(Aten.std_mean_dim.CallMany(this, dimensions, unbiased, keepdim));

        public (Tensor @var, Tensor mean) var_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Pair(Aten.var_mean_dim.CallMany(this, dim, unbiased, keepdim));

        public (Tensor std, Tensor mean) var_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Pair(Aten.var_mean_dim.CallMany(this, dimensions, unbiased, keepdim));

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) => Pair(Aten.sort_stable.CallMany(this, stable, dim, descending));

        public (Tensor values, Tensor indices) kthvalue(long k, long? dim, bool keepdim = false) => Pair(Aten.kthvalue.CallMany(this, k, dim ?? -1, keepdim));

        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            Distinct(dim is { } d ? Aten.unique_dim.CallMany(this, d, sorted, return_inverse, return_counts) : Aten._unique2.CallMany(this, sorted, return_inverse, return_counts), return_inverse, return_counts);

        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique_consecutive(bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            Distinct(Aten.unique_consecutive.CallMany(this, return_inverse, return_counts, dim), return_inverse, return_counts);

        public Tensor tensordot(Tensor b, long dims = 2)
        {
            var rank = ndim;
            var own = new long[dims];
            var other = new long[dims];
            for (var i = 0; i < dims; i++) (own[i], other[i]) = (rank - dims + i, i);
            return tensordot(b, own, other);
        }

        public Tensor tensordot(Tensor b, (long, long)[] dims) => tensordot(b, Array.ConvertAll(dims, d => d.Item1), Array.ConvertAll(dims, d => d.Item2));

        private static string Name(RoundingMode mode) => mode == RoundingMode.floor ? "floor" : "trunc";

        private static (Tensor, Tensor) Pair(Tensor[] results) => (results[0], results[1]);

        // libtorch returns empty tensors for what was not asked for.
        private static (Tensor, Tensor?, Tensor?) Distinct(Tensor[] results, bool inverse, bool counts)
        {
            if (!inverse) results[1].Dispose();
            if (!counts) results[2].Dispose();
            return (results[0], inverse ? results[1] : null, counts ? results[2] : null);
        }

        private Tensor Into(Tensor? target)
        {
            if (target is null) return this;
            target.copy_(this);
            Dispose();
            return target;
        }
    }

    public static Tensor norm(Tensor input) => input.norm();

    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => Aten.softmax_int.Call(input, dim, dtype);

    public static Tensor tensordot(Tensor a, Tensor b, long dims = 2) => a.tensordot(b, dims);

    public static Tensor tensordot(Tensor a, Tensor b, (long, long)[] dims) => a.tensordot(b, dims);

    public static Tensor trapezoid(Tensor y, double dx = 1, long dim = -1) => Aten.trapezoid_dx.Call(y, dx, dim);

    public static Tensor trapezoid(Tensor y, Tensor x, long dim = -1) => Aten.trapezoid_x.Call(y, x, dim);

    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false, Tensor? sorter = null) =>
        Aten.searchsorted_Tensor.Call(sorted_sequence, values, out_int32, right, Arg.Default, sorter);

    public static Tensor multiply_(Tensor left, Tensor right) => left.mul_(right);

    public static Tensor multiply_(Tensor left, Scalar right) => left.mul_(right);

    public static Tensor divide_(Tensor left, Scalar right) => left.div_(right);

    public static Tensor negative_(Tensor input) => input.neg_();

    public static Tensor hann_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Finish(Aten.hann_window_periodic.Call(len, periodic, dtype ?? get_default_dtype(), Arg.Default, InitializeDevice(device)), requires_grad);

    public static Tensor hamming_window(long len, bool periodic = true, float alpha = 0.54f, float beta = 0.46f, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Finish(Aten.hamming_window_periodic_alpha_beta.Call(len, periodic, alpha, beta, dtype ?? get_default_dtype(), Arg.Default, InitializeDevice(device)), requires_grad);

    public static int randint_int(int high, Generator? generator = null) => (int)randint_long(0, high, generator);

    public static int randint_int(int low, int high, Generator? generator = null) => (int)randint_long(low, high, generator);

    public static long randint_long(long high, Generator? generator = null) => randint_long(0, high, generator);

    public static long randint_long(long low, long high, Generator? generator = null)
    {
        using var one = randint(low, high, [1], generator: generator);
        return one.ToInt64();
    }

    public static bool randint_bool(Generator? generator = null) => randint_long(0, 2, generator) == 1;

    public static double rand_float(Generator? generator = null)
    {
        using var one = rand(1L, ScalarType.Float64, generator: generator);
        return one.ToDouble();
    }

    public static double randn_float(Generator? generator = null)
    {
        using var one = randn(1L, ScalarType.Float64, generator: generator);
        return one.ToDouble();
    }

    public static ScalarType promote_types(ScalarType type1, ScalarType type2)
    {
        using var first = empty(0L, type1);
        using var second = empty(0L, type2);
        return result_type(first, second);
    }

    public static partial class linalg
    {
        public static Tensor det(Tensor input) => Aten.linalg_det.Call(input);

        public static Tensor inv(Tensor input) => Aten.linalg_inv.Call(input);

        public static Tensor pinv(Tensor input, double? atol = null, double? rtol = null, bool hermitian = false) => Aten.linalg_pinv_atol_rtol_float.Call(input, atol, rtol, hermitian);

        public static Tensor solve(Tensor A, Tensor B, bool left = true) => Aten.linalg_solve.Call(A, B, left);

        public static Tensor cholesky(Tensor input) => Aten.linalg_cholesky.Call(input);

        public static Tensor svdvals(Tensor input) => Aten.linalg_svdvals.Call(input);

        public static (Tensor U, Tensor S, Tensor Vh) svd(Tensor input, bool fullMatrices = true)
        {
            var parts = Aten.linalg_svd.CallMany(input, fullMatrices);
            return (parts[0], parts[1], parts[2]);
        }

        public static (Tensor, Tensor) eigh(Tensor input, char UPLO = 'L')
        {
            var parts = Aten.linalg_eigh.CallMany(input, UPLO.ToString());
            return (parts[0], parts[1]);
        }

        public static Tensor eigvalsh(Tensor input, char UPLO = 'L') => Aten.linalg_eigvalsh.Call(input, UPLO.ToString());

        public static Tensor multi_dot(IList<Tensor> tensors) => Aten.linalg_multi_dot.Call(tensors.ToArray());

        public static Tensor cross(Tensor input, Tensor other, long dim = -1) => Aten.linalg_cross.Call(input, other, dim);

        public static Tensor matrix_exp(Tensor input) => input.matrix_exp();

        public static Tensor norm(Tensor input, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, Arg.None, dims, keepdim);

        public static Tensor norm(Tensor input, double ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, int ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, string ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm_ord_str.Call(input, ord, dims, keepdim);

        public static Tensor vector_norm(Tensor input, double ord = 2, long[]? dims = null, bool keepdim = false) => Aten.linalg_vector_norm.Call(input, ord, dims, keepdim);

        public static Tensor matrix_norm(Tensor input, string ord = "fro", long[]? dims = null, bool keepdim = false) => Aten.linalg_matrix_norm_str_ord.Call(input, ord, dims ?? [-2, -1], keepdim);

        public static Tensor matrix_norm(Tensor input, double ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_matrix_norm.Call(input, ord, dims ?? [-2, -1], keepdim);
    }
}
