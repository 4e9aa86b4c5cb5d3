// exp, log, tanh, the logistic function and the normal distribution, four at a time; log of one number in double precision.
//
//   exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2, exp(r) by a minimax polynomial of degree 6
//
// Errors are relative and about those of float32 itself (a few 1e-7); the ends of the range saturate to 0 and
// infinity, and NaN stays NaN.
import { multiplyAdd } from "./vector";

/** Every x beyond these is 0 or infinity in float32. */
const EXP_LOWEST: f32 = -104;
const EXP_HIGHEST: f32 = 89;

/** 1.5 * 2^23. */
const ROUNDER: f32 = 12582912;

/** ln 2 in two parts; n times the first is exact for every n that occurs. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/** 2^n for whole n from -126 to 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), f32x4.splat(1));
}

/** exp(x). */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const limited = f32x4.pmin(f32x4.pmax(x, f32x4.splat(EXP_LOWEST)), f32x4.splat(EXP_HIGHEST));
  // A float this large has no digits left behind the point: the sum is rounded to whole n, which its low bits hold.
  const rounded = multiplyAdd(limited, f32x4.splat(1.44269504), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  let r = multiplyAdd(n, f32x4.splat(-LN2_HIGH), limited);
  r = multiplyAdd(n, f32x4.splat(-LN2_LOW), r);
  let p = multiplyAdd(r, f32x4.splat(0.00137513888), f32x4.splat(0.00836892147));
  p = multiplyAdd(p, r, f32x4.splat(0.0416695327));
  p = multiplyAdd(p, r, f32x4.splat(0.166665182));
  p = multiplyAdd(p, r, f32x4.splat(0.499999881));
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.add(r, f32x4.splat(1)));
  // In two factors, since n reaches from -150 to 128 and the exponent of one float does not.
  const whole = i32x4.sub(rounded, f32x4.splat(ROUNDER));
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** 1 / (1 + exp(-x)). */
// @ts-ignore: decorator
@inline
export function logistic(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** tanh(x): an odd polynomial near zero (Moshier's Cephes), elsewhere 1 - 2 / (exp(2 |x|) + 1) with the sign of x. */
// @ts-ignore: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  const one = f32x4.splat(1);
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = multiplyAdd(square, f32x4.splat(-5.70498872745e-3), f32x4.splat(2.06390887954e-2));
  p = multiplyAdd(p, square, f32x4.splat(-5.37397155531e-2));
  p = multiplyAdd(p, square, f32x4.splat(1.33314422036e-1));
  p = multiplyAdd(p, square, f32x4.splat(-3.33332819422e-1));
  const near = multiplyAdd(f32x4.mul(p, square), x, x);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(magnitude, magnitude)), one)));
  const signed = v128.or(far, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(0.625)));
}

/**
 * Phi(-|x|) / exp(-x^2 / 2), the scaled tail of the normal distribution: a polynomial in t = 1 / (1 + 0.3 |x|) fitted
 * for the least greatest relative error. As a product with the exponential it keeps its digits far out in the tail,
 * where (1 + erf) / 2 has none left.
 */
// @ts-ignore: decorator
@inline
function scaledTail(magnitude: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, multiplyAdd(magnitude, f32x4.splat(0.3), one));
  let p = multiplyAdd(t, f32x4.splat(0.00637771282), f32x4.splat(0.00631018355));
  p = multiplyAdd(p, t, f32x4.splat(-0.0999975055));
  p = multiplyAdd(p, t, f32x4.splat(0.144941077));
  p = multiplyAdd(p, t, f32x4.splat(-0.0140605951));
  p = multiplyAdd(p, t, f32x4.splat(0.112871841));
  p = multiplyAdd(p, t, f32x4.splat(0.103628062));
  p = multiplyAdd(p, t, f32x4.splat(0.120274112));
  p = multiplyAdd(p, t, f32x4.splat(0.11965517));
  return f32x4.mul(p, t);
}

/** exp(-x^2 / 2). */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

/** Phi(x), the standard normal distribution (1 + erf(x / sqrt 2)) / 2; `bellOfX` is `bell(x)`. */
// @ts-ignore: decorator
@inline
export function normalDistribution(x: v128, bellOfX: v128): v128 {
  const tail = f32x4.mul(scaledTail(f32x4.abs(x)), bellOfX);
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
}

/**
 * ln(x) of positive normal numbers: n ln 2 + ln m as in `logarithm` below, with one term less, since what is left out
 * lies below float32's last digit.
 */
// @ts-ignore: decorator
@inline
export function naturalLogarithm(x: v128): v128 {
  const one = f32x4.splat(1);
  const n = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(n, 23));
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const z = f32x4.mul(s, s);
  let p = multiplyAdd(z, f32x4.splat(1.0 / 9.0), f32x4.splat(1.0 / 7.0));
  p = multiplyAdd(p, z, f32x4.splat(1.0 / 5.0));
  p = multiplyAdd(p, z, f32x4.splat(1.0 / 3.0));
  p = multiplyAdd(p, z, one);
  const whole = f32x4.convert_i32x4_s(n);
  const mantissa = multiplyAdd(f32x4.add(s, s), p, f32x4.mul(whole, f32x4.splat(LN2_LOW)));
  return multiplyAdd(whole, f32x4.splat(LN2_HIGH), mantissa);
}

/**
 * ln(x) of one positive normal number: x = 2^n m with m in [sqrt(1/2), sqrt 2), and
 * ln m = 2 artanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...) with s = (m - 1) / (m + 1), |s| < 0.172. In double precision,
 * where the series to s^11 is good to 1e-11; it is needed once a row.
 */
export function logarithm(x: f32): f64 {
  if (!(x > 0 && x < f32.MAX_VALUE)) return x == 0 ? -Infinity : x < 0 ? NaN : <f64>x;
  const bits = reinterpret<i32>(x);
  // 0x3f3504f3 is sqrt(1/2): what lies above it in the mantissa belongs to the next n.
  const n = (bits - 0x3f3504f3) >> 23;
  const m: f64 = reinterpret<f32>(bits - (n << 23));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series = 1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11)))));
  return <f64>n * 0.6931471805599453 + 2 * s * series;
}
