// c [M, N] = a [M, K] b [K, N] + bias, then finished (see tile.ts), where many elements of a are zero: images on black
// (four fifths of MNIST's pixels). a and b may be transposed in memory.
//
// `listNonzero` lists for each row of a the elements that are not zero, each with the place of its row in b's panels
// [K][SPARSE_COLUMNS]. `sparseProduct` runs through a row's list with the sums of a whole panel in registers: only one
// row at a time, since the rows of a tile have few zeros in common. That costs a load for every multiply-add, so it
// is no faster than the blocked product where only half of a is zero, as it is after a ReLU. What is left out is a sum of zeros, so the result has the bits of the whole sum
// (were an element of b infinite or not a number, 0 * b would have been NaN).
import { SPARSE_COLUMNS, tileSparse, tileSparseHalf } from "./generated/tiles";
import { finishTile, setFinish, spill, zeros } from "./tile";

@unmanaged
export class ListNonzeroArguments {
  /** [M, K], or [K, M] with `transpose`. */
  a: u32;
  /** [M, K] pairs of an element and a byte offset. */
  entries: u32;
  /** [M]: how many entries there are. */
  counts: u32;
  m: u32;
  k: u32;
  transpose: u32;
  /** Rows in a chunk; a multiple of 4. */
  perChunk: u32;
}

export function listNonzero(x: ListNonzeroArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.m, begin + x.perChunk);
  if (x.transpose) listColumns(x, begin, end);
  else for (let row = begin; row < end; row++) listRow(x, row);
}

function listRow(x: ListNonzeroArguments, row: u32): void {
  const a = x.a + 4 * row * x.k;
  const first = x.entries + 8 * row * x.k;
  let entry = first;
  for (let k: u32 = 0; k < x.k; k += 4) {
    if (isBlack(a + 4 * k)) continue;
    const last = min(x.k, k + 4);
    for (let at = k; at < last; at++) entry = append(entry, load<f32>(a + 4 * at), at);
  }
  store<u32>(x.counts + 4 * row, (entry - first) / 8);
}

function listColumns(x: ListNonzeroArguments, begin: u32, end: u32): void {
  for (let row = begin; row < end; row++) store<u32>(x.counts + 4 * row, 0);
  for (let k: u32 = 0; k < x.k; k++) {
    const a = x.a + 4 * k * x.m;
    for (let row = begin; row < end; row += 4) {
      if (isBlack(a + 4 * row)) continue;
      const last = min(end, row + 4);
      for (let at = row; at < last; at++) {
        const count = load<u32>(x.counts + 4 * at);
        const entry = x.entries + 8 * (at * x.k + count);
        store<u32>(x.counts + 4 * at, count + (append(entry, load<f32>(a + 4 * at), k) - entry) / 8);
      }
    }
  }
}

/** Whether four elements are all zero. */
// @ts-ignore: decorator
@inline
function isBlack(a: usize): bool {
  return !v128.any_true(v128.and(v128.load(a), i32x4.splat(0x7fffffff)));
}

/** Writes an entry, and returns where the next one goes: behind it unless the value is zero. No branch to mispredict. */
// @ts-ignore: decorator
@inline
function append(entry: usize, value: f32, k: u32): usize {
  store<f32>(entry, value);
  store<u32>(entry, 4 * SPARSE_COLUMNS * k, 4);
  return entry + 8 * u32(value != 0);
}

@unmanaged
export class SparseProductArguments {
  entries: u32;
  counts: u32;
  /** [panels][K][SPARSE_COLUMNS]. */
  packed: u32;
  c: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  m: u32;
  n: u32;
  k: u32;
  rectify: u32;
  ceiling: f32;
  /** Rows in a chunk. */
  perChunk: u32;
}

/** chunk = panel * stretches of rows + stretch: who has the panel in cache goes on with it. */
export function sparseProduct(x: SparseProductArguments, chunk: u32): void {
  const stretches = (x.m + x.perChunk - 1) / x.perChunk;
  const column = (chunk / stretches) * SPARSE_COLUMNS;
  const valid = min(SPARSE_COLUMNS, x.n - column);
  const panel = x.packed + 4 * column * x.k;
  const initial: usize = x.bias ? x.bias + 4 * column : zeros;
  const begin = (chunk % stretches) * x.perChunk;
  const end = min(x.m, begin + x.perChunk);
  const finish = setFinish(x.c, x.residual, x.rectify, x.mask, x.ceiling);
  const isHalf = valid <= SPARSE_COLUMNS / 2;
  const isWhole = isHalf ? valid == SPARSE_COLUMNS / 2 : valid == SPARSE_COLUMNS;
  for (let row = begin; row < end; row++) {
    const c = x.c + 4 * (row * x.n + column);
    const target = isWhole ? c : spill;
    const entries = x.entries + 8 * row * x.k;
    const count = load<u32>(x.counts + 4 * row);
    if (isHalf) tileSparseHalf(entries, count, panel, target, initial);
    else tileSparse(entries, count, panel, target, initial);
    if (!isWhole || finish) finishTile(target, 0, c, 0, 1, valid, finish);
  }
}
