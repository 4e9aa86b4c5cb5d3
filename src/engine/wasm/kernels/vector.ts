// Four floats at a time: the operations that all kernels are written in.

/** a * b + c in each lane: fused (one rounding) where relaxed SIMD is on, two roundings otherwise. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function zero(): v128 {
  return f32x4.splat(0);
}

/** Sum of the four lanes, in a fixed order. */
// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Greatest of the four lanes. */
// @ts-ignore: decorator
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** Stores the first `count` (1 to 4) lanes. */
// @ts-ignore: decorator
@inline
export function storeLanes(address: usize, x: v128, count: u32): void {
  if (count >= 4) {
    v128.store(address, x);
  } else if (count == 3) {
    v128.store64_lane(address, x, 0);
    v128.store32_lane(address, x, 2, 8);
  } else if (count == 2) {
    v128.store64_lane(address, x, 0);
  } else if (count == 1) {
    v128.store32_lane(address, x, 0);
  }
}
