// y[i] = 0 where a random word is below `threshold`, else scale * x[i].
//
// Element i is decided by word i & 1 of threefry2x32(key, i >>> 1, stream): four counters decide eight elements, and the
// mask is computed again from the key for the gradient, never stored.
// A chunk is a stretch of `perChunk` elements, a multiple of 8.
import { threefryLanes, words0, words1 } from "./threefry";
import { storeLanes } from "./vector";

@unmanaged
export class DropoutArguments {
  x: u32;
  /** Two words that change from step to step. */
  key: u32;
  y: u32;
  count: u32;
  perChunk: u32;
  stream: u32;
  threshold: u32;
  scale: f32;
}

export function dropout(x: DropoutArguments, chunk: u32): void {
  const key0 = load<u32>(x.key);
  const key1 = load<u32>(x.key, 4);
  const threshold = i32x4.splat(x.threshold);
  const scale = f32x4.splat(x.scale);
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  for (let i = begin; i < end; i += 8) {
    threefryLanes(key0, key1, i >> 1, x.stream);
    // Words in the order of elements: both of counter 0, both of counter 1, ...
    const low = i32x4.shuffle(words0, words1, 0, 4, 1, 5);
    const high = i32x4.shuffle(words0, words1, 2, 6, 3, 7);
    const source: usize = x.x + 4 * i;
    const target: usize = x.y + 4 * i;
    const kept0 = f32x4.mul(v128.load(source), scale);
    const kept1 = f32x4.mul(v128.load(source, 16), scale);
    storeLanes(target, v128.andnot(kept0, i32x4.lt_u(low, threshold)), end - i);
    if (i + 4 < end) storeLanes(target + 16, v128.andnot(kept1, i32x4.lt_u(high, threshold)), end - i - 4);
  }
}
