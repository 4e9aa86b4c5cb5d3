// The maps of winograd-transform.ts along one side of a tile of activations, for up to STRIP channels at a time: value i of
// all channels lies at source + i * step, and result i at target + i * targetStep, both channel by channel.
//
// Each is a loop of its own over the channels. What a loop needs stays in registers: the addresses of its rows, and the
// factors, which are loaded, since V8 makes a constant of 256 bits anew wherever it is used (seven instructions). Rows of
// pixels are read and written from end to end, which the processor's prefetching understands. With tiles of 16 columns a
// loop takes two vectors at once. V8 joins them where loads, operations and stores of both are side by side, all loads come
// before the stores, and addresses are sums of variables: steps that it knew when compiling it would fold into one half.
import { TILE_COLUMNS } from "./generated/tiles";
import { ADD_RESIDUAL, ceiling, factors, isOpen, MASK, maskDelta, RECTIFY, residualDelta, SWISH } from "./tile";
import { swish } from "./pieces";
import { multiplyAdd, storeLanes, zero } from "./vector";
import { restored } from "./winograd-transform";

/** Channels that go through both passes of a transform at a time, so that what is between them stays in L1. */
export const STRIP: u32 = 64;

/** Whether two vectors at once pay: elsewhere they would not fit the registers. */
const PAIRS: bool = TILE_COLUMNS >= 16;

/** A factor of the maps in all lanes, by its place in `setFactors` of tile.ts. */
// @ts-ignore: decorator
@inline
function factor(index: u32): v128 {
  return f32x4.splat(load<f32>(factors + 4 * index));
}

/** Bytes of the channels that are taken two vectors at a time. */
// @ts-ignore: decorator
@inline
function pairedBytes(channels: u32): u32 {
  return PAIRS ? 4 * (channels & ~7) : 0;
}

/** Bt: 6 -> 6, an input tile; `channels` is a multiple of 4. */
export function transformInput(source: u32, step: u32, target: u32, targetStep: u32, channels: u32): void {
  const four = factor(0);
  const minusFour = factor(1);
  const minusFive = factor(2);
  const s1 = source + step;
  const s2 = s1 + step;
  const s3 = s2 + step;
  const s4 = s3 + step;
  const s5 = s4 + step;
  const t1 = target + targetStep;
  const t2 = t1 + targetStep;
  const t3 = t2 + targetStep;
  const t4 = t3 + targetStep;
  const t5 = t4 + targetStep;
  const end: u32 = 4 * channels;
  let at: u32 = 0;
  for (const pairs: u32 = pairedBytes(channels); at < pairs; at += 32) {
    const d0 = v128.load(source + at);
    const e0 = v128.load(source + at, 16);
    const d1 = v128.load(s1 + at);
    const e1 = v128.load(s1 + at, 16);
    const d2 = v128.load(s2 + at);
    const e2 = v128.load(s2 + at, 16);
    const d3 = v128.load(s3 + at);
    const e3 = v128.load(s3 + at, 16);
    const d4 = v128.load(s4 + at);
    const e4 = v128.load(s4 + at, 16);
    const d5 = v128.load(s5 + at);
    const e5 = v128.load(s5 + at, 16);
    const even = multiplyAdd(minusFour, d2, d4);
    const evenE = multiplyAdd(minusFour, e2, e4);
    const odd = multiplyAdd(minusFour, d1, d3);
    const oddE = multiplyAdd(minusFour, e1, e3);
    const even2 = f32x4.sub(d4, d2);
    const even2E = f32x4.sub(e4, e2);
    const odd2 = twice(f32x4.sub(d3, d1));
    const odd2E = twice(f32x4.sub(e3, e1));
    v128.store(target + at, multiplyAdd(four, d0, multiplyAdd(minusFive, d2, d4)));
    v128.store(target + at, multiplyAdd(four, e0, multiplyAdd(minusFive, e2, e4)), 16);
    v128.store(t1 + at, f32x4.add(even, odd));
    v128.store(t1 + at, f32x4.add(evenE, oddE), 16);
    v128.store(t2 + at, f32x4.sub(even, odd));
    v128.store(t2 + at, f32x4.sub(evenE, oddE), 16);
    v128.store(t3 + at, f32x4.add(even2, odd2));
    v128.store(t3 + at, f32x4.add(even2E, odd2E), 16);
    v128.store(t4 + at, f32x4.sub(even2, odd2));
    v128.store(t4 + at, f32x4.sub(even2E, odd2E), 16);
    v128.store(t5 + at, multiplyAdd(four, d1, multiplyAdd(minusFive, d3, d5)));
    v128.store(t5 + at, multiplyAdd(four, e1, multiplyAdd(minusFive, e3, e5)), 16);
  }
  for (; at < end; at += 16) {
    const d0 = v128.load(source + at);
    const d1 = v128.load(s1 + at);
    const d2 = v128.load(s2 + at);
    const d3 = v128.load(s3 + at);
    const d4 = v128.load(s4 + at);
    const d5 = v128.load(s5 + at);
    const even = multiplyAdd(minusFour, d2, d4);
    const odd = multiplyAdd(minusFour, d1, d3);
    const even2 = f32x4.sub(d4, d2);
    const odd2 = twice(f32x4.sub(d3, d1));
    v128.store(target + at, multiplyAdd(four, d0, multiplyAdd(minusFive, d2, d4)));
    v128.store(t1 + at, f32x4.add(even, odd));
    v128.store(t2 + at, f32x4.sub(even, odd));
    v128.store(t3 + at, f32x4.add(even2, odd2));
    v128.store(t4 + at, f32x4.sub(even2, odd2));
    v128.store(t5 + at, multiplyAdd(four, d1, multiplyAdd(minusFive, d3, d5)));
  }
}

// @ts-ignore: decorator
@inline
function twice(x: v128): v128 {
  return f32x4.add(x, x);
}

/** G: 4 -> 6, output gradients in the role of a filter; `channels` is a multiple of 4. */
export function transformFour(source: u32, step: u32, target: u32, targetStep: u32, channels: u32): void {
  transformGradient(source, step, target, targetStep, channels, true);
}

/** G: 2 -> 6. */
export function transformTwo(source: u32, step: u32, target: u32, targetStep: u32, channels: u32): void {
  transformGradient(source, step, target, targetStep, channels, false);
}

// @ts-ignore: decorator
@inline
function transformGradient(
  source: u32, step: u32, target: u32, targetStep: u32, channels: u32, isFour: bool,
): void {
  const quarter = factor(3);
  const minusSixth = factor(4);
  const sixth = factor(5);
  const third = factor(6);
  const twelfth = factor(7);
  const twentyFourth = factor(8);
  const s1 = source + step;
  const s2 = s1 + step;
  const s3 = s2 + step;
  const t1 = target + targetStep;
  const t2 = t1 + targetStep;
  const t3 = t2 + targetStep;
  const t4 = t3 + targetStep;
  const t5 = t4 + targetStep;
  const end: u32 = 4 * channels;
  let at: u32 = 0;
  for (const pairs: u32 = pairedBytes(channels); at < pairs; at += 32) {
    const g0 = v128.load(source + at);
    const h0 = v128.load(source + at, 16);
    const g1 = v128.load(s1 + at);
    const h1 = v128.load(s1 + at, 16);
    const g2 = isFour ? v128.load(s2 + at) : g1;
    const h2 = isFour ? v128.load(s2 + at, 16) : h1;
    const g3 = isFour ? v128.load(s3 + at) : g1;
    const h3 = isFour ? v128.load(s3 + at, 16) : h1;
    const even = f32x4.mul(minusSixth, isFour ? f32x4.add(g0, g2) : g0);
    const evenH = f32x4.mul(minusSixth, isFour ? f32x4.add(h0, h2) : h0);
    const odd = f32x4.mul(minusSixth, isFour ? f32x4.add(g1, g3) : g1);
    const oddH = f32x4.mul(minusSixth, isFour ? f32x4.add(h1, h3) : h1);
    const even2 = isFour ? multiplyAdd(sixth, g2, f32x4.mul(twentyFourth, g0)) : f32x4.mul(twentyFourth, g0);
    const even2H = isFour ? multiplyAdd(sixth, h2, f32x4.mul(twentyFourth, h0)) : f32x4.mul(twentyFourth, h0);
    const odd2 = isFour ? multiplyAdd(third, g3, f32x4.mul(twelfth, g1)) : f32x4.mul(twelfth, g1);
    const odd2H = isFour ? multiplyAdd(third, h3, f32x4.mul(twelfth, h1)) : f32x4.mul(twelfth, h1);
    v128.store(target + at, f32x4.mul(quarter, g0));
    v128.store(target + at, f32x4.mul(quarter, h0), 16);
    v128.store(t1 + at, f32x4.add(even, odd));
    v128.store(t1 + at, f32x4.add(evenH, oddH), 16);
    v128.store(t2 + at, f32x4.sub(even, odd));
    v128.store(t2 + at, f32x4.sub(evenH, oddH), 16);
    v128.store(t3 + at, f32x4.add(even2, odd2));
    v128.store(t3 + at, f32x4.add(even2H, odd2H), 16);
    v128.store(t4 + at, f32x4.sub(even2, odd2));
    v128.store(t4 + at, f32x4.sub(even2H, odd2H), 16);
    v128.store(t5 + at, g3);
    v128.store(t5 + at, h3, 16);
  }
  for (; at < end; at += 16) {
    const g0 = v128.load(source + at);
    const g1 = v128.load(s1 + at);
    const g2 = isFour ? v128.load(s2 + at) : g1;
    const g3 = isFour ? v128.load(s3 + at) : g1;
    const even = f32x4.mul(minusSixth, isFour ? f32x4.add(g0, g2) : g0);
    const odd = f32x4.mul(minusSixth, isFour ? f32x4.add(g1, g3) : g1);
    const even2 = isFour ? multiplyAdd(sixth, g2, f32x4.mul(twentyFourth, g0)) : f32x4.mul(twentyFourth, g0);
    const odd2 = isFour ? multiplyAdd(third, g3, f32x4.mul(twelfth, g1)) : f32x4.mul(twelfth, g1);
    v128.store(target + at, f32x4.mul(quarter, g0));
    v128.store(t1 + at, f32x4.add(even, odd));
    v128.store(t2 + at, f32x4.sub(even, odd));
    v128.store(t3 + at, f32x4.add(even2, odd2));
    v128.store(t4 + at, f32x4.sub(even2, odd2));
    v128.store(t5 + at, g3);
  }
}

/** At: 6 -> 4, products on their way to outputs; `channels` is a multiple of 4. */
export function restoreFour(source: u32, step: u32, target: u32, targetStep: u32, channels: u32): void {
  restoreOutput(source, step, target, targetStep, channels, 4);
}

/** At: 6 -> 2. */
export function restoreTwo(source: u32, step: u32, target: u32, targetStep: u32, channels: u32): void {
  restoreOutput(source, step, target, targetStep, channels, 2);
}

// @ts-ignore: decorator
@inline
function restoreOutput(source: u32, step: u32, target: u32, targetStep: u32, channels: u32, size: u32): void {
  const four = factor(0);
  const eight = factor(9);
  const s1 = source + step;
  const s2 = s1 + step;
  const s3 = s2 + step;
  const s4 = s3 + step;
  const s5 = s4 + step;
  const t1 = target + targetStep;
  const t2 = t1 + targetStep;
  const t3 = t2 + targetStep;
  const end: u32 = 4 * channels;
  let at: u32 = 0;
  for (const pairs: u32 = pairedBytes(channels); at < pairs; at += 32) {
    const m0 = v128.load(source + at);
    const n0 = v128.load(source + at, 16);
    const m1 = v128.load(s1 + at);
    const n1 = v128.load(s1 + at, 16);
    const m2 = v128.load(s2 + at);
    const n2 = v128.load(s2 + at, 16);
    const m3 = v128.load(s3 + at);
    const n3 = v128.load(s3 + at, 16);
    const m4 = v128.load(s4 + at);
    const n4 = v128.load(s4 + at, 16);
    const m5 = v128.load(s5 + at);
    const n5 = v128.load(s5 + at, 16);
    const near = f32x4.add(m1, m2);
    const nearN = f32x4.add(n1, n2);
    const far = f32x4.add(m3, m4);
    const farN = f32x4.add(n3, n4);
    const odd = f32x4.sub(m1, m2);
    const oddN = f32x4.sub(n1, n2);
    const odd2 = f32x4.sub(m3, m4);
    const odd2N = f32x4.sub(n3, n4);
    v128.store(target + at, f32x4.add(f32x4.add(m0, near), far));
    v128.store(target + at, f32x4.add(f32x4.add(n0, nearN), farN), 16);
    if (size == 2) {
      v128.store(t1 + at, f32x4.add(f32x4.add(twice(odd2), odd), m5));
      v128.store(t1 + at, f32x4.add(f32x4.add(twice(odd2N), oddN), n5), 16);
    } else {
      v128.store(t1 + at, f32x4.add(twice(odd2), odd));
      v128.store(t1 + at, f32x4.add(twice(odd2N), oddN), 16);
      v128.store(t2 + at, multiplyAdd(four, far, near));
      v128.store(t2 + at, multiplyAdd(four, farN, nearN), 16);
      v128.store(t3 + at, f32x4.add(multiplyAdd(eight, odd2, odd), m5));
      v128.store(t3 + at, f32x4.add(multiplyAdd(eight, odd2N, oddN), n5), 16);
    }
  }
  for (; at < end; at += 16) {
    const m0 = v128.load(source + at);
    const m1 = v128.load(s1 + at);
    const m2 = v128.load(s2 + at);
    const m3 = v128.load(s3 + at);
    const m4 = v128.load(s4 + at);
    const m5 = v128.load(s5 + at);
    v128.store(target + at, restored(0, size, m0, m1, m2, m3, m4, m5));
    v128.store(t1 + at, restored(1, size, m0, m1, m2, m3, m4, m5));
    if (size == 4) {
      v128.store(t2 + at, restored(2, size, m0, m1, m2, m3, m4, m5));
      v128.store(t3 + at, restored(3, size, m0, m1, m2, m3, m4, m5));
    }
  }
}

/** Adds the bias to a pixel's channels, finishes them (see tile.ts) and stores them in y. */
export function finishPixel(source: u32, bias: u32, y: u32, channels: u32, finish: u32): void {
  let at: u32 = 0;
  // What is usual has a loop without branches.
  if (finish == 0) at = finishPairs(source, bias, y, channels, false, false, false);
  else if (finish == RECTIFY) at = finishPairs(source, bias, y, channels, false, true, false);
  else if (finish == (ADD_RESIDUAL | RECTIFY)) at = finishPairs(source, bias, y, channels, true, true, false);
  else if (finish == (ADD_RESIDUAL | MASK)) at = finishPairs(source, bias, y, channels, true, false, true);
  for (const end: u32 = 4 * channels; at < end; at += 16) {
    let value = f32x4.add(v128.load(source + at), v128.load(bias + at));
    if (finish & ADD_RESIDUAL) value = f32x4.add(value, v128.load(y + at + residualDelta));
    if (finish & RECTIFY) value = f32x4.pmin(f32x4.pmax(value, zero()), f32x4.splat(ceiling));
    if (finish & SWISH) value = swish(value);
    if (finish & MASK) {
      value = v128.and(value, isOpen(true, v128.load(y + at + maskDelta), f32x4.splat(ceiling)));
    }
    storeLanes(y + at, value, channels - (at >> 2));
  }
}

/** Of `finishPixel`, the channels that are taken two vectors at a time; returns their bytes. */
// @ts-ignore: decorator
@inline
function finishPairs(
  source: u32, bias: u32, y: u32, channels: u32, adds: bool, rectifies: bool, masks: bool,
): u32 {
  const floor = zero();
  const residual = <u32>(y + residualDelta);
  const mask = <u32>(y + maskDelta);
  let at: u32 = 0;
  for (const pairs: u32 = 4 * (channels & ~7); at < pairs; at += 32) {
    let x0 = f32x4.add(v128.load(source + at), v128.load(bias + at));
    let x1 = f32x4.add(v128.load(source + at, 16), v128.load(bias + at, 16));
    if (adds) {
      x0 = f32x4.add(x0, v128.load(residual + at));
      x1 = f32x4.add(x1, v128.load(residual + at, 16));
    }
    if (rectifies) {
      x0 = f32x4.pmax(x0, floor);
      x1 = f32x4.pmax(x1, floor);
    }
    if (masks) {
      x0 = v128.and(x0, f32x4.lt(floor, v128.load(mask + at)));
      x1 = v128.and(x1, f32x4.lt(floor, v128.load(mask + at, 16)));
    }
    v128.store(y + at, x0);
    v128.store(y + at, x1, 16);
  }
  return at;
}
