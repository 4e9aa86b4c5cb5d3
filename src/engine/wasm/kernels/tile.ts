// What the generated register tiles share: the place where a tile is put that reaches beyond the edge of its matrix.
//
// A tile's values can be finished on their way from the registers to c: with a residual added, rectified, and kept only
// where a mask is positive (the gradient of a rectifier, whose output is the mask). In place of a rectifier there may be
// hard-swish. A rectifier may have a ceiling (ReLU6):
// values stay below it, and a mask must. Residual and mask are laid out as c is, so they are found by their distance from
// it.
import { swish } from "./pieces";
import { storeLanes, zero } from "./vector";

/** What is done to a tile's values, in this order; flags of `finish`. */
export const ADD_RESIDUAL: u32 = 1;
export const RECTIFY: u32 = 2;
export const MASK: u32 = 4;
/** The rectifier, or that of the mask, has a ceiling. */
export const LIMIT: u32 = 8;
/** Where RECTIFY is the rectifier, this is hard-swish (see pieces.ts). */
export const SWISH: u32 = 16;

/** What a call may ask for as `rectify`, beside 0 for nothing. */
const RECTIFIER: u32 = 1;
const HARD_SWISH: u32 = 2;

/** Bytes from an element of c to the element of the residual, and of the mask, that belongs to it. */
export let residualDelta: usize = 0;
export let maskDelta: usize = 0;

/** The rectifier's greatest value. */
export let ceiling: f32 = Infinity;

/** Sets what tiles do to the values of c, and returns the flags. Addresses of 0, and infinity, stand for none. */
export function setFinish(c: usize, residual: usize, rectify: u32, mask: usize, highest: f32): u32 {
  residualDelta = residual - c;
  maskDelta = mask - c;
  ceiling = highest;
  const bend = rectify == RECTIFIER ? RECTIFY : rectify == HARD_SWISH ? SWISH : 0;
  const limit = highest < Infinity ? LIMIT : 0;
  return (residual ? ADD_RESIDUAL : 0) | bend | (mask ? MASK : 0) | limit;
}

/** All bits set where the gate of a rectifier without a ceiling, or of one with it, is open. */
// @ts-ignore: decorator
@inline
export function isOpen(limited: bool, y: v128, highest: v128): v128 {
  const positive = f32x4.gt(y, zero());
  return limited ? v128.and(positive, f32x4.lt(y, highest)) : positive;
}

/** Scratch of this thread; `spill` comes first, then whatever a kernel needs. Set once for each thread. */
export let spill: usize = 0;
export let scratch: usize = 0;

/** Bytes at the start of a thread's scratch that `spill`, the zeros and a tile's row pointers take. */
export const RESERVED_BYTES: usize = 4096;

/** Row pointers of the tile at work. */
export let rowPointers: usize = 0;

/** A row of zeros: what a tile's sums start from where there is no bias. */
export let zeros: usize = 0;

/** Factors of Winograd's maps of activations, one float each. */
export let factors: usize = 0;

export function setScratch(address: usize): void {
  spill = address;
  zeros = address + 1024;
  memory.fill(zeros, 0, 512);
  rowPointers = address + 1536;
  factors = address + 2048;
  setFactors();
  scratch = address + RESERVED_BYTES;
}

/** In memory and not in the code, for the reason that winograd-passes.ts gives. */
function setFactors(): void {
  store<f32>(factors, 4);
  store<f32>(factors, -4, 4);
  store<f32>(factors, -5, 8);
  store<f32>(factors, 0.25, 12);
  store<f32>(factors, -1.0 / 6.0, 16);
  store<f32>(factors, 1.0 / 6.0, 20);
  store<f32>(factors, 1.0 / 3.0, 24);
  store<f32>(factors, 1.0 / 12.0, 28);
  store<f32>(factors, 1.0 / 24.0, 32);
  store<f32>(factors, 8, 36);
}

/** Copies `rows` rows of `columns` floats. The source must be readable up to the next multiple of 4 columns. */
export function copyTile(
  source: usize, sourceStride: usize, target: usize, targetStride: usize, rows: u32, columns: u32,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < columns; j += 4) {
      storeLanes(target + 4 * j, v128.load(source + 4 * j), columns - j);
    }
    source += sourceStride;
    target += targetStride;
  }
}

/**
 * Takes a tile from `source`, the spill or c itself, finishes its values and stores those inside c. The source, residual
 * and mask must be readable up to the next multiple of 4 columns.
 */
export function finishTile(
  source: usize, sourceStride: usize, c: usize, cStride: usize, rows: u32, columns: u32, finish: u32,
): void {
  if (!finish) {
    copyTile(source, sourceStride, c, cStride, rows, columns);
    return;
  }
  const floor = f32x4.splat(finish & RECTIFY ? 0 : -Infinity);
  const highest = f32x4.splat(ceiling);
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < columns; j += 4) {
      const at = c + 4 * j;
      let value = v128.load(source + 4 * j);
      if (finish & ADD_RESIDUAL) value = f32x4.add(value, v128.load(at + residualDelta));
      value = f32x4.pmax(value, floor);
      if (finish & RECTIFY) value = f32x4.pmin(value, highest);
      if (finish & SWISH) value = swish(value);
      if (finish & MASK) value = v128.and(value, isOpen(true, v128.load(at + maskDelta), highest));
      storeLanes(at, value, columns - j);
    }
    source += sourceStride;
    c += cStride;
  }
}
