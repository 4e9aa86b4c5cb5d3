// What the two pool gradients of pool-gradient.ts share: which element of a window gets dy, and vectors over channels, whole
// or in lanes.
import { storeLanes, zero } from "./vector";

/**
 * Where x is the greatest element y of its window; a NaN always is. Where only positive windows pass anything on, neither
 * NaN nor a zero of either sign needs care.
 */
// @ts-ignore: decorator
@inline
export function isGreatest(rectify: bool, x: v128, y: v128): v128 {
  return rectify ? f32x4.eq(x, y) : v128.or(f32x4.eq(x, y), f32x4.ne(x, x));
}

export function clearFloats(target: usize, count: u32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, zero());
    target += 16;
  }
  storeLanes(target, zero(), count);
}

/**
 * Where the vector at channel c starts. With at least 4 channels the last vector ends with the last channel and does
 * some lanes twice, so that all vectors are stored whole; with fewer there is one vector, and `put` stores its lanes.
 */
// @ts-ignore: decorator
@inline
export function vectorAt(whole: bool, c: u32, channels: u32): usize {
  return whole ? 4 * <usize>min(c, channels - 4) : 0;
}

// @ts-ignore: decorator
@inline
export function put(whole: bool, address: usize, x: v128, channels: u32): void {
  if (whole) v128.store(address, x);
  else storeLanes(address, x, channels);
}

/** What a window passes on to its greatest element. */
// @ts-ignore: decorator
@inline
export function passedOn(rectify: bool, dy: usize, greatest: v128): v128 {
  const gradient = v128.load(dy);
  return rectify ? v128.and(gradient, f32x4.gt(greatest, zero())) : gradient;
}
