// Element by element: arithmetic, rounding, exponentials, trigonometry, bits.

using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.abs.Call(this);
        public Tensor abs_() => Aten.abs_.CallInPlace(this);

        public Tensor absolute() => Aten.absolute.Call(this);
        public Tensor absolute_() => Aten.absolute_.CallInPlace(this);

        public Tensor acos() => Aten.acos.Call(this);
        public Tensor acos_() => Aten.acos_.CallInPlace(this);

        public Tensor acosh() => Aten.acosh.Call(this);
        public Tensor acosh_() => Aten.acosh_.CallInPlace(this);

        public Tensor add(Scalar scalar) => Aten.add_Scalar.Call(this, scalar);
        public Tensor add(Scalar scalar, Scalar alpha) => Aten.add_Scalar.Call(this, scalar, alpha);
        public Tensor add(Tensor target) => Aten.add_Tensor.Call(this, target);
        public Tensor add(Tensor target, Scalar alpha) => Aten.add_Tensor.Call(this, target, alpha);
        public Tensor add_(Scalar scalar) => Aten.add_Scalar_.CallInPlace(this, scalar);
        public Tensor add_(Scalar scalar, Scalar alpha) => Aten.add_Scalar_.CallInPlace(this, scalar, alpha);
        public Tensor add_(Tensor target) => Aten.add_Tensor_.CallInPlace(this, target);
        public Tensor add_(Tensor target, Scalar alpha) => Aten.add_Tensor_.CallInPlace(this, target, alpha);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.addcdiv.Call(this, tensor1, tensor2);
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcdiv.Call(this, tensor1, tensor2, value);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => Aten.addcdiv_.CallInPlace(this, tensor1, tensor2);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcdiv_.CallInPlace(this, tensor1, tensor2, value);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcmul.Call(this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcmul_.CallInPlace(this, tensor1, tensor2, value);

        public Tensor angle() => Aten.angle.Call(this);

        public Tensor arccos() => Aten.arccos.Call(this);
        public Tensor arccos_() => Aten.arccos_.CallInPlace(this);

        public Tensor arccosh() => Aten.arccosh.Call(this);
        public Tensor arccosh_() => Aten.arccosh_.CallInPlace(this);

        public Tensor arcsin() => Aten.arcsin.Call(this);
        public Tensor arcsin_() => Aten.arcsin_.CallInPlace(this);

        public Tensor arcsinh() => Aten.arcsinh.Call(this);
        public Tensor arcsinh_() => Aten.arcsinh_.CallInPlace(this);

        public Tensor arctan() => Aten.arctan.Call(this);

        public Tensor arctan2(Tensor other) => Aten.arctan2.Call(this, other);
        public Tensor arctan2_(Tensor other) => Aten.arctan2_.CallInPlace(this, other);

        public Tensor arctan_() => Aten.arctan_.CallInPlace(this);

        public Tensor arctanh() => Aten.arctanh.Call(this);
        public Tensor arctanh_() => Aten.arctanh_.CallInPlace(this);

        public Tensor asin() => Aten.asin.Call(this);
        public Tensor asin_() => Aten.asin_.CallInPlace(this);

        public Tensor asinh() => Aten.asinh.Call(this);
        public Tensor asinh_() => Aten.asinh_.CallInPlace(this);

        public Tensor atan() => Aten.atan.Call(this);

        public Tensor atan2(Tensor other) => Aten.atan2.Call(this, other);
        public Tensor atan2_(Tensor other) => Aten.atan2_.CallInPlace(this, other);

        public Tensor atan_() => Aten.atan_.CallInPlace(this);

        public Tensor atanh() => Aten.atanh.Call(this);
        public Tensor atanh_() => Aten.atanh_.CallInPlace(this);

        public Tensor bitwise_and(Tensor other) => Aten.bitwise_and_Tensor.Call(this, other);
        public Tensor bitwise_and_(Tensor other) => Aten.bitwise_and_Tensor_.CallInPlace(this, other);

        public Tensor bitwise_left_shift(Tensor other) => Aten.bitwise_left_shift_Tensor.Call(this, other);
        public Tensor bitwise_left_shift_(Tensor other) => Aten.bitwise_left_shift_Tensor_.CallInPlace(this, other);

        public Tensor bitwise_not() => Aten.bitwise_not.Call(this);
        public Tensor bitwise_not_() => Aten.bitwise_not_.CallInPlace(this);

        public Tensor bitwise_or(Tensor other) => Aten.bitwise_or_Tensor.Call(this, other);
        public Tensor bitwise_or_(Tensor other) => Aten.bitwise_or_Tensor_.CallInPlace(this, other);

        public Tensor bitwise_right_shift(Tensor other) => Aten.bitwise_right_shift_Tensor.Call(this, other);
        public Tensor bitwise_right_shift_(Tensor other) => Aten.bitwise_right_shift_Tensor_.CallInPlace(this, other);

        public Tensor bitwise_xor(Tensor other) => Aten.bitwise_xor_Tensor.Call(this, other);
        public Tensor bitwise_xor_(Tensor other) => Aten.bitwise_xor_Tensor_.CallInPlace(this, other);

        public Tensor ceil() => Aten.ceil.Call(this);
        public Tensor ceil_() => Aten.ceil_.CallInPlace(this);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor.Call(this, min, max);
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Aten.clamp_.CallInPlace(this, min, max);
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor_.CallInPlace(this, min, max);

        public Tensor clamp_max(Scalar max) => Aten.clamp_max.Call(this, max);
        public Tensor clamp_max_(Scalar max) => Aten.clamp_max_.CallInPlace(this, max);

        public Tensor clamp_min(Scalar min) => Aten.clamp_min.Call(this, min);
        public Tensor clamp_min_(Scalar min) => Aten.clamp_min_.CallInPlace(this, min);

        public Tensor clip(Scalar? min = null, Scalar? max = null) => Aten.clip.Call(this, min, max);

        public Tensor copy_(Tensor source, bool nonBlocking = false) => Aten.copy_.CallInPlace(this, source, nonBlocking);

        public Tensor copysign(Tensor other) => Aten.copysign_Tensor.Call(this, other);
        public Tensor copysign_(Tensor other) => Aten.copysign_Tensor_.CallInPlace(this, other);

        public Tensor cos() => Aten.cos.Call(this);
        public Tensor cos_() => Aten.cos_.CallInPlace(this);

        public Tensor cosh() => Aten.cosh.Call(this);
        public Tensor cosh_() => Aten.cosh_.CallInPlace(this);

        public Tensor deg2rad() => Aten.deg2rad.Call(this);
        public Tensor deg2rad_() => Aten.deg2rad_.CallInPlace(this);

        public Tensor digamma() => Aten.digamma.Call(this);
        public Tensor digamma_() => Aten.digamma_.CallInPlace(this);

        public Tensor erf() => Aten.erf.Call(this);
        public Tensor erf_() => Aten.erf_.CallInPlace(this);

        public Tensor erfc() => Aten.erfc.Call(this);
        public Tensor erfc_() => Aten.erfc_.CallInPlace(this);

        public Tensor erfinv() => Aten.erfinv.Call(this);
        public Tensor erfinv_() => Aten.erfinv_.CallInPlace(this);

        public Tensor exp() => Aten.exp.Call(this);

        public Tensor exp2() => Aten.exp2.Call(this);
        public Tensor exp2_() => Aten.exp2_.CallInPlace(this);

        public Tensor exp_() => Aten.exp_.CallInPlace(this);

        public Tensor expm1() => Aten.expm1.Call(this);
        public Tensor expm1_() => Aten.expm1_.CallInPlace(this);

        public Tensor fill_(Scalar value) => Aten.fill_Scalar_.CallInPlace(this, value);

        public Tensor fix() => Aten.fix.Call(this);
        public Tensor fix_() => Aten.fix_.CallInPlace(this);

        public Tensor float_power(Tensor target) => Aten.float_power_Tensor_Tensor.Call(this, target);
        public Tensor float_power_(Tensor target) => Aten.float_power_Tensor_.CallInPlace(this, target);

        public Tensor floor() => Aten.floor.Call(this);
        public Tensor floor_() => Aten.floor_.CallInPlace(this);

        public Tensor floor_divide(Scalar other) => Aten.floor_divide_Scalar.Call(this, other);
        public Tensor floor_divide(Tensor other) => Aten.floor_divide.Call(this, other);
        public Tensor floor_divide_(Scalar other) => Aten.floor_divide_Scalar_.CallInPlace(this, other);
        public Tensor floor_divide_(Tensor other) => Aten.floor_divide_Tensor_.CallInPlace(this, other);

        public Tensor fmod(Scalar scalar) => Aten.fmod_Scalar.Call(this, scalar);
        public Tensor fmod(Tensor target) => Aten.fmod_Tensor.Call(this, target);
        public Tensor fmod_(Scalar scalar) => Aten.fmod_Scalar_.CallInPlace(this, scalar);
        public Tensor fmod_(Tensor target) => Aten.fmod_Tensor_.CallInPlace(this, target);

        public Tensor frac() => Aten.frac.Call(this);
        public Tensor frac_() => Aten.frac_.CallInPlace(this);

        public Tensor heaviside(Tensor other) => Aten.heaviside.Call(this, other);
        public Tensor heaviside_(Tensor other) => Aten.heaviside_.CallInPlace(this, other);

        public Tensor hypot(Tensor other) => Aten.hypot.Call(this, other);

        public Tensor i0() => Aten.i0.Call(this);
        public Tensor i0_() => Aten.i0_.CallInPlace(this);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.lerp_Tensor.Call(this, end, weight);
        public Tensor lerp_(Tensor end, Tensor weight) => Aten.lerp_Tensor_.CallInPlace(this, end, weight);

        public Tensor lgamma() => Aten.lgamma.Call(this);
        public Tensor lgamma_() => Aten.lgamma_.CallInPlace(this);

        public Tensor log() => Aten.log.Call(this);

        public Tensor log10() => Aten.log10.Call(this);
        public Tensor log10_() => Aten.log10_.CallInPlace(this);

        public Tensor log1p() => Aten.log1p.Call(this);
        public Tensor log1p_() => Aten.log1p_.CallInPlace(this);

        public Tensor log2() => Aten.log2.Call(this);
        public Tensor log2_() => Aten.log2_.CallInPlace(this);

        public Tensor log_() => Aten.log_.CallInPlace(this);

        public Tensor logaddexp(Tensor other) => Aten.logaddexp.Call(this, other);

        public Tensor logit(double? eps = null) => Aten.logit.Call(this, eps);
        public Tensor logit_(double? eps = null) => Aten.logit_.CallInPlace(this, eps);

        public Tensor mul(Scalar target) => Aten.mul_Scalar.Call(this, target);
        public Tensor mul(Tensor target) => Aten.mul_Tensor.Call(this, target);
        public Tensor mul_(Scalar target) => Aten.mul_Scalar_.CallInPlace(this, target);
        public Tensor mul_(Tensor target) => Aten.mul_Tensor_.CallInPlace(this, target);

        public Tensor multiply(Scalar target) => Aten.multiply_Scalar.Call(this, target);
        public Tensor multiply(Tensor target) => Aten.multiply_Tensor.Call(this, target);

        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null) => Aten.nan_to_num.Call(this, nan, posinf, neginf);
        public Tensor nan_to_num_(double nan = 0, double? posinf = null, double? neginf = null) => Aten.nan_to_num_.CallInPlace(this, nan, posinf, neginf);

        public Tensor neg() => Aten.neg.Call(this);
        public Tensor neg_() => Aten.neg_.CallInPlace(this);

        public Tensor negative() => Aten.negative.Call(this);

        public Tensor nextafter(Tensor other) => Aten.nextafter.Call(this, other);
        public Tensor nextafter_(Tensor other) => Aten.nextafter_.CallInPlace(this, other);

        public Tensor positive() => Aten.positive.Call(this);

        public Tensor pow(Scalar exponent) => Aten.pow_Tensor_Scalar.Call(this, exponent);
        public Tensor pow(Tensor exponent) => Aten.pow_Tensor_Tensor.Call(this, exponent);
        public Tensor pow_(Scalar exponent) => Aten.pow_Scalar_.CallInPlace(this, exponent);
        public Tensor pow_(Tensor exponent) => Aten.pow_Tensor_.CallInPlace(this, exponent);

        public Tensor rad2deg() => Aten.rad2deg.Call(this);
        public Tensor rad2deg_() => Aten.rad2deg_.CallInPlace(this);

        public Tensor reciprocal() => Aten.reciprocal.Call(this);
        public Tensor reciprocal_() => Aten.reciprocal_.CallInPlace(this);

        public Tensor remainder(Scalar scalar) => Aten.remainder_Scalar.Call(this, scalar);
        public Tensor remainder(Tensor target) => Aten.remainder_Tensor.Call(this, target);
        public Tensor remainder_(Scalar scalar) => Aten.remainder_Scalar_.CallInPlace(this, scalar);
        public Tensor remainder_(Tensor target) => Aten.remainder_Tensor_.CallInPlace(this, target);

        public Tensor rsqrt() => Aten.rsqrt.Call(this);
        public Tensor rsqrt_() => Aten.rsqrt_.CallInPlace(this);

        public Tensor sgn() => Aten.sgn.Call(this);
        public Tensor sgn_() => Aten.sgn_.CallInPlace(this);

        public Tensor sign() => Aten.sign.Call(this);
        public Tensor sign_() => Aten.sign_.CallInPlace(this);

        public Tensor signbit() => Aten.signbit.Call(this);

        public Tensor sin() => Aten.sin.Call(this);
        public Tensor sin_() => Aten.sin_.CallInPlace(this);

        public Tensor sinc() => Aten.sinc.Call(this);
        public Tensor sinc_() => Aten.sinc_.CallInPlace(this);

        public Tensor sinh() => Aten.sinh.Call(this);
        public Tensor sinh_() => Aten.sinh_.CallInPlace(this);

        public Tensor sqrt() => Aten.sqrt.Call(this);
        public Tensor sqrt_() => Aten.sqrt_.CallInPlace(this);

        public Tensor square() => Aten.square.Call(this);

        public Tensor sub(Scalar target) => Aten.sub_Scalar.Call(this, target);
        public Tensor sub(Tensor target) => Aten.sub_Tensor.Call(this, target);
        public Tensor sub_(Scalar target) => Aten.sub_Scalar_.CallInPlace(this, target);
        public Tensor sub_(Tensor target) => Aten.sub_Tensor_.CallInPlace(this, target);

        public Tensor subtract(Scalar target) => Aten.subtract_Scalar.Call(this, target);
        public Tensor subtract(Tensor target) => Aten.subtract_Tensor.Call(this, target);
        public Tensor subtract_(Scalar target) => Aten.subtract_Scalar_.CallInPlace(this, target);
        public Tensor subtract_(Tensor target) => Aten.subtract_Tensor_.CallInPlace(this, target);

        public Tensor tan() => Aten.tan.Call(this);
        public Tensor tan_() => Aten.tan_.CallInPlace(this);

        public Tensor tanh() => Aten.tanh.Call(this);
        public Tensor tanh_() => Aten.tanh_.CallInPlace(this);

        public Tensor true_divide(Scalar other) => Aten.true_divide_Scalar.Call(this, other);
        public Tensor true_divide(Tensor other) => Aten.true_divide_Tensor.Call(this, other);
        public Tensor true_divide_(Scalar other) => Aten.true_divide_Scalar_.CallInPlace(this, other);
        public Tensor true_divide_(Tensor other) => Aten.true_divide_Tensor_.CallInPlace(this, other);

        public Tensor trunc() => Aten.trunc.Call(this);
        public Tensor trunc_() => Aten.trunc_.CallInPlace(this);

        public Tensor type_as(Tensor tensor) => Aten.type_as.Call(this, tensor);

        public Tensor xlogy(Scalar y) => Aten.xlogy_Scalar_Other.Call(this, y);
        public Tensor xlogy(Tensor y) => Aten.xlogy_Tensor.Call(this, y);
        public Tensor xlogy_(Scalar y) => Aten.xlogy_Scalar_Other_.CallInPlace(this, y);
        public Tensor xlogy_(Tensor y) => Aten.xlogy_Tensor_.CallInPlace(this, y);

        public Tensor zero_() => Aten.zero_.CallInPlace(this);
    }
}
