// Copies between strided blocks, and constants.
//
//   copy   target[offsetT(row) + i] = source[offsetS(row) + i]: slices, pieces of a concatenation, and broadcasts;
//          with `splat` the source has one number for all i
//   pad    target = source surrounded by `value`, in one pass over the target
//   fill   y[i] = value
//
// Rows are the indices of all axes but the innermost in row-major order. A chunk of `copy` is `rowsPerChunk` rows by
// `columnsPerChunk` columns, one of `pad` `rowsPerChunk` rows of the target, one of `fill` `perChunk` elements.
import { storeLanes } from "./vector";

@unmanaged
export class CopyArguments {
  source: u32;
  target: u32;
  /** For each axis but the innermost: size, bytes from one to the next in the source, the same in the target. */
  axes: u32;
  axisCount: u32;
  rows: u32;
  columns: u32;
  splat: u32;
  rowsPerChunk: u32;
  columnsPerChunk: u32;
}

@unmanaged
export class PadArguments {
  source: u32;
  target: u32;
  /** For each axis but the innermost: size in the target, elements before the source, size of the source, its bytes. */
  axes: u32;
  axisCount: u32;
  /** Rows and columns of the target. */
  rows: u32;
  columns: u32;
  /** Columns before the source's, and how many it has. */
  before: u32;
  inside: u32;
  value: f32;
  rowsPerChunk: u32;
}

@unmanaged
export class FillArguments {
  y: u32;
  count: u32;
  perChunk: u32;
  value: f32;
}

// @ts-ignore: decorator
@inline
function copyRow(source: usize, target: usize, count: u32): void {
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) v128.store(target + 4 * i, v128.load(source + 4 * i));
  if (i < count) storeLanes(target + 4 * i, v128.load(source + 4 * i), count - i);
}

// @ts-ignore: decorator
@inline
function fillRow(target: usize, value: v128, count: u32): void {
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) v128.store(target + 4 * i, value);
  if (i < count) storeLanes(target + 4 * i, value, count - i);
}

export function copy(x: CopyArguments, chunk: u32): void {
  const chunksAcross = (x.columns + x.columnsPerChunk - 1) / x.columnsPerChunk;
  const column = (chunk % chunksAcross) * x.columnsPerChunk;
  const columns = min(x.columnsPerChunk, x.columns - column);
  let row = (chunk / chunksAcross) * x.rowsPerChunk;
  const end = min(x.rows, row + x.rowsPerChunk);
  const last: usize = x.axes + 12 * (x.axisCount - 1);
  const sourceStep: usize = load<u32>(last, 4);
  const targetStep: usize = load<u32>(last, 8);
  while (row < end) {
    // Where this row lies, and how many more follow before an outer axis moves on.
    let source: usize = x.splat ? x.source : x.source + 4 * column;
    let target: usize = x.target + 4 * column;
    let rest = row;
    for (let axis = last; axis >= <usize>x.axes; axis -= 12) {
      const size = load<u32>(axis);
      const index = rest % size;
      rest /= size;
      source += index * load<u32>(axis, 4);
      target += index * load<u32>(axis, 8);
    }
    const stop = min(end, row + load<u32>(last) - (row % load<u32>(last)));
    for (; row < stop; row++) {
      if (x.splat) fillRow(target, v128.load32_splat(source), columns);
      else copyRow(source, target, columns);
      source += sourceStep;
      target += targetStep;
    }
  }
}

export function pad(x: PadArguments, chunk: u32): void {
  const value = f32x4.splat(x.value);
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  const first: usize = x.axes;
  let target: usize = x.target + 4 * chunk * x.rowsPerChunk * x.columns;
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    let source: usize = x.source;
    let rest = row;
    let outside = false;
    for (let axis = first + 16 * (x.axisCount - 1); axis >= first; axis -= 16) {
      const size = load<u32>(axis);
      // Wraps around to a great number before the source, so that one comparison tells both sides.
      const index = (rest % size) - load<u32>(axis, 4);
      rest /= size;
      outside = outside || index >= load<u32>(axis, 8);
      source += index * load<u32>(axis, 12);
    }
    if (outside) {
      fillRow(target, value, x.columns);
    } else {
      const after = x.before + x.inside;
      fillRow(target, value, x.before);
      copyRow(source, target + 4 * x.before, x.inside);
      fillRow(target + 4 * after, value, x.columns - after);
    }
    target += 4 * x.columns;
  }
}

export function fill(x: FillArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  fillRow(x.y + 4 * begin, f32x4.splat(x.value), min(x.perChunk, x.count - begin));
}
