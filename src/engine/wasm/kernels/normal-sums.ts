// The two sums over a batch that the gradient of batch normalization needs for each channel of x [rows, C], in two stages
// as the moments of batch-moments.ts, whose blocks, folded rows and chunks these are:
//
//   normalSumsOfBlocks  s = sum g and q = sum g (x - mean) of each block, kept in memory as [blocks, 2, columns]
//   combineNormalSums   their sums over the blocks, in float64, the second times 1 / sqrt(variance + epsilon)
//
// g is dy; or dy behind the gate of a rectifier, which is open where the rectifier's result y is positive (and below its
// ceiling, if it has one):
//
//   RECOMPUTED   y = gamma (x - mean) / sqrt(variance + epsilon) + beta as batchNormalize computes it: x is read anyway
//   WRITTEN      y comes from memory, and g goes there; with `other`, dy is the sum of two gradients
import { inverseDeviation } from "./batch-norm";
import { addBlocks, addFolds } from "./batch-moments";
import { isOpen, scratch } from "./tile";
import { multiplyAdd, storeLanes, zero } from "./vector";

/** What `gate` says. */
const OPEN: u32 = 0;
const RECOMPUTED: u32 = 1;
const WRITTEN: u32 = 2;
const WRITTEN_SUM: u32 = 3;

@unmanaged
export class NormalSumsOfBlocksArguments {
  x: u32;
  moments: u32;
  dy: u32;
  partial: u32;
  rows: u32;
  columns: u32;
  channels: u32;
  blockRows: u32;
  gate: u32;
  /** For RECOMPUTED. */
  gamma: u32;
  beta: u32;
  epsilon: f32;
  /** For WRITTEN and WRITTEN_SUM. */
  y: u32;
  gated: u32;
  /** For WRITTEN_SUM. */
  other: u32;
  /** The rectifier's greatest value, or infinity, as it always is for WRITTEN_SUM. */
  ceiling: f32;
}

@unmanaged
export class CombineNormalSumsArguments {
  partial: u32;
  moments: u32;
  y: u32;
  blocks: u32;
  columns: u32;
  channels: u32;
  epsilon: f32;
  columnsPerChunk: u32;
}

/** Tables for all columns in scratch: means, and for RECOMPUTED factors and offsets behind them. */
// @ts-ignore: decorator
@inline
function tableBytes(columns: u32): usize {
  return 4 * columns + 16;
}

/** Works the tables out for the channels and repeats them where rows are folded. */
function fillTables(x: NormalSumsOfBlocksArguments): void {
  const channels = x.channels;
  const bytes = tableBytes(x.columns);
  const epsilon = f32x4.splat(x.epsilon);
  const recomputed = x.gate == RECOMPUTED;
  for (let c: u32 = 0; c < channels; c += 4) {
    const at = scratch + 4 * c;
    v128.store(at, v128.load(x.moments + 4 * c));
    if (!recomputed) continue;
    const inverse = inverseDeviation(x.moments, channels, c, epsilon);
    v128.store(at + bytes, f32x4.mul(v128.load(x.gamma + 4 * c), inverse));
    v128.store(at + 2 * bytes, v128.load(x.beta + 4 * c));
  }
  const tables: u32 = recomputed ? 3 : 1;
  for (let table: u32 = 0; table < tables; table++) {
    const at = scratch + table * bytes;
    for (let c = channels; c < x.columns; c++) store<f32>(at + 4 * c, load<f32>(at + 4 * (c - channels)));
  }
}

/**
 * g of four columns, written where it has to be. `x` is their value, `at` its address, from which all other operands are
 * at fixed distances; `tables` is the address of their mean.
 */
// @ts-ignore: decorator
@inline
function gradientAt(
  gate: u32, limited: bool, centered: v128, at: usize, toDy: usize, toY: usize, toGated: usize, toOther: usize,
  tables: usize, bytes: usize, valid: u32, highest: v128,
): v128 {
  let g = v128.load(at + toDy);
  if (gate == OPEN) return g;
  if (gate == RECOMPUTED) {
    const y = multiplyAdd(centered, v128.load(tables + bytes), v128.load(tables + 2 * bytes));
    return v128.and(g, isOpen(limited, y, highest));
  }
  if (gate == WRITTEN_SUM) g = f32x4.add(g, v128.load(at + toOther));
  g = v128.and(g, isOpen(limited, v128.load(at + toY), highest));
  storeLanes(at + toGated, g, valid);
  return g;
}

/** Sums of a block. Rows are read from end to end, two at a time, and the sums are kept in memory. */
// @ts-ignore: decorator
@inline
function sumRows(gate: u32, limited: bool, x: NormalSumsOfBlocksArguments, chunk: u32): void {
  const highest = f32x4.splat(x.ceiling);
  const columns = x.columns;
  const stride: usize = 4 * <usize>columns;
  const first = chunk * x.blockRows;
  const bytes = tableBytes(columns);
  const tables = scratch;
  const toDy: usize = x.dy - x.x;
  const toY: usize = x.y - x.x;
  const toGated: usize = x.gated - x.x;
  const toOther: usize = x.other - x.x;
  const s: usize = x.partial + 2 * chunk * stride;
  const q = s + stride;
  const vectors: usize = 4 * (columns & ~3);
  let rows = min(x.blockRows, x.rows - first);
  let at: usize = x.x + first * stride;
  // The last columns may fill no vector: their sums stay in registers.
  const begin = at + vectors;
  const allRows = rows;
  memory.fill(s, 0, vectors);
  memory.fill(q, 0, vectors);
  for (; rows >= 2; rows -= 2) {
    const next = at + stride;
    for (let i: usize = 0; i < vectors; i += 16) {
      const mean = v128.load(tables + i);
      const c0 = f32x4.sub(v128.load(at + i), mean);
      const c1 = f32x4.sub(v128.load(next + i), mean);
      const g0 = gradientAt(gate, limited, c0, at + i, toDy, toY, toGated, toOther, tables + i, bytes, 4, highest);
      const g1 = gradientAt(gate, limited, c1, next + i, toDy, toY, toGated, toOther, tables + i, bytes, 4, highest);
      v128.store(s + i, f32x4.add(v128.load(s + i), f32x4.add(g0, g1)));
      v128.store(q + i, multiplyAdd(g1, c1, multiplyAdd(g0, c0, v128.load(q + i))));
    }
    at = next + stride;
  }
  if (rows != 0) {
    for (let i: usize = 0; i < vectors; i += 16) {
      const c = f32x4.sub(v128.load(at + i), v128.load(tables + i));
      const g = gradientAt(gate, limited, c, at + i, toDy, toY, toGated, toOther, tables + i, bytes, 4, highest);
      v128.store(s + i, f32x4.add(v128.load(s + i), g));
      v128.store(q + i, multiplyAdd(g, c, v128.load(q + i)));
    }
  }
  const valid = columns & 3;
  if (valid == 0) return;
  let sum = zero();
  let products = zero();
  at = begin;
  for (let row = allRows; row != 0; row--) {
    const c = f32x4.sub(v128.load(at), v128.load(tables + vectors));
    const g = gradientAt(gate, limited, c, at, toDy, toY, toGated, toOther, tables + vectors, bytes, valid, highest);
    sum = f32x4.add(sum, g);
    products = multiplyAdd(g, c, products);
    at += stride;
  }
  storeLanes(s + vectors, sum, valid);
  storeLanes(q + vectors, products, valid);
}

export function normalSumsOfBlocks(x: NormalSumsOfBlocksArguments, chunk: u32): void {
  fillTables(x);
  const limited = x.ceiling < Infinity;
  if (x.gate == OPEN) {
    sumRows(OPEN, false, x, chunk);
  } else if (x.gate == RECOMPUTED) {
    if (limited) sumRows(RECOMPUTED, true, x, chunk);
    else sumRows(RECOMPUTED, false, x, chunk);
  } else if (x.gate == WRITTEN) {
    if (limited) sumRows(WRITTEN, true, x, chunk);
    else sumRows(WRITTEN, false, x, chunk);
  } else {
    sumRows(WRITTEN_SUM, false, x, chunk);
  }
}

export function combineNormalSums(x: CombineNormalSumsArguments, chunk: u32): void {
  const first = chunk * x.columnsPerChunk;
  const columns = min(x.columns - first, x.columnsPerChunk);
  const channels = min(x.channels, columns);
  const stride: usize = 8 * <usize>x.columns;
  const partial: usize = x.partial + 4 * first;
  addBlocks(partial, stride, x.blocks, columns, scratch);
  for (let c: u32 = 0; c < channels; c++) {
    store<f32>(x.y + 4 * (first + c), <f32>addFolds(scratch, c, channels, columns));
  }
  const products: usize = 4 * <usize>x.columns;
  addBlocks(partial + products, stride, x.blocks, columns, scratch);
  for (let c: u32 = 0; c < channels; c++) {
    const variance = load<f32>(x.moments + 4 * (x.channels + first + c));
    const sum = addFolds(scratch, c, channels, columns) / sqrt<f64>(<f64>variance + <f64>x.epsilon);
    store<f32>(x.y + 4 * (x.channels + first + c), <f32>sum);
  }
}
