// y[i] = 0 where a random word is below `threshold`, else scale * x[i].
//
// Element i is decided by word i & 1 of threefry2x32(key, i >>> 1, stream): eight counters decide sixteen elements, and the
// mask is computed again from the key for the gradient, never stored.
// A chunk is a stretch of `perChunk` elements, a multiple of 16.
import { threefryLanes, words0, words1, words2, words3 } from "./threefry";
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

/** Four elements, fewer at the end, by four words in the order of elements. */
// @ts-ignore: decorator
@inline
function keep(source: usize, target: usize, words: v128, threshold: v128, scale: v128, count: u32): void {
  const kept = f32x4.mul(v128.load(source), scale);
  storeLanes(target, v128.andnot(kept, i32x4.lt_u(words, threshold)), count);
}

export function dropout(x: DropoutArguments, chunk: u32): void {
  const key0 = load<u32>(x.key);
  const key1 = load<u32>(x.key, 4);
  const threshold = i32x4.splat(x.threshold);
  const scale = f32x4.splat(x.scale);
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  for (let i = begin; i < end; i += 16) {
    threefryLanes(key0, key1, i >> 1, x.stream);
    const source: usize = x.x + 4 * i;
    const target: usize = x.y + 4 * i;
    const left = end - i;
    // In the order of elements: both words of counter 0, both of counter 1, ...
    keep(source, target, i32x4.shuffle(words0, words1, 0, 4, 1, 5), threshold, scale, left);
    if (left <= 4) return;
    keep(source + 16, target + 16, i32x4.shuffle(words0, words1, 2, 6, 3, 7), threshold, scale, left - 4);
    if (left <= 8) return;
    keep(source + 32, target + 32, i32x4.shuffle(words2, words3, 0, 4, 1, 5), threshold, scale, left - 8);
    if (left <= 12) return;
    keep(source + 48, target + 48, i32x4.shuffle(words2, words3, 2, 6, 3, 7), threshold, scale, left - 12);
  }
}
