// Sums of x seen as [outer, reduced, inner]:
//
//   reduceRows      inner = 1: y[row] = sum over i of x[row, i]
//   reduceColumns   inner > 1: y[o, block, c] = sum over the rows of the block of x[o, row, c]
//   gatedSums       outer = 1: dx = dy where y is positive, or 0, and of each block sum over its rows of dx[row, c]
//
// The order of every sum is fixed by the shape. A long sum is made of blocks: the lowering reduces blocks into partial
// sums, and these again, so rounding errors grow with the length of a block, not of the sum.
// A chunk of `reduceRows` is `rowsPerChunk` rows. One of the others is one block of one o, and `columnsPerChunk` of its
// columns (a multiple of 4).
import { storeLanes, sumLanes, zero } from "./vector";

@unmanaged
export class ReduceRowsArguments {
  x: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class ReduceColumnsArguments {
  x: u32;
  y: u32;
  /** Rows of x for each o, in blocks of `blockRows`; the last block may have fewer. */
  rows: u32;
  columns: u32;
  blockRows: u32;
  columnsPerChunk: u32;
}

@unmanaged
export class GatedSumsArguments {
  y: u32;
  dy: u32;
  dx: u32;
  /** Sums of each block: [blocks, columns]. */
  sums: u32;
  rows: u32;
  columns: u32;
  blockRows: u32;
  columnsPerChunk: u32;
}

export function reduceRows(x: ReduceRowsArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const source: usize = x.x + 4 * row * columns;
    let sum0 = zero();
    let sum1 = zero();
    let i: u32 = 0;
    for (; i + 8 <= columns; i += 8) {
      sum0 = f32x4.add(sum0, v128.load(source + 4 * i));
      sum1 = f32x4.add(sum1, v128.load(source + 4 * i, 16));
    }
    let sum = sumLanes(f32x4.add(sum0, sum1));
    for (; i < columns; i++) sum += load<f32>(source + 4 * i);
    store<f32>(x.y + 4 * row, sum);
  }
}

/** Sums of 16 neighbouring columns, or of 4. */
// @ts-ignore: decorator
@inline
function sumColumns16(source: usize, stride: usize, rows: u32, target: usize): void {
  let sum0 = zero();
  let sum1 = zero();
  let sum2 = zero();
  let sum3 = zero();
  for (let row = rows; row != 0; row--) {
    sum0 = f32x4.add(sum0, v128.load(source));
    sum1 = f32x4.add(sum1, v128.load(source, 16));
    sum2 = f32x4.add(sum2, v128.load(source, 32));
    sum3 = f32x4.add(sum3, v128.load(source, 48));
    source += stride;
  }
  v128.store(target, sum0);
  v128.store(target, sum1, 16);
  v128.store(target, sum2, 32);
  v128.store(target, sum3, 48);
}

// @ts-ignore: decorator
@inline
function sumColumns4(source: usize, stride: usize, rows: u32, target: usize, valid: u32): void {
  let sum = zero();
  for (let row = rows; row != 0; row--) {
    sum = f32x4.add(sum, v128.load(source));
    source += stride;
  }
  storeLanes(target, sum, valid);
}

export function reduceColumns(x: ReduceColumnsArguments, chunk: u32): void {
  const chunksAcross = (x.columns + x.columnsPerChunk - 1) / x.columnsPerChunk;
  const blocks = (x.rows + x.blockRows - 1) / x.blockRows;
  // Blocks of one o after another: also the rows of y.
  const block = chunk / chunksAcross;
  const firstRow = (block % blocks) * x.blockRows;
  const rows = min(x.blockRows, x.rows - firstRow);
  const first = (chunk % chunksAcross) * x.columnsPerChunk;
  const end = min(x.columns, first + x.columnsPerChunk);
  const stride: usize = 4 * <usize>x.columns;
  const source: usize = x.x + ((block / blocks) * x.rows + firstRow) * stride;
  const target: usize = x.y + block * stride;
  let column = first;
  for (; column + 16 <= end; column += 16) sumColumns16(source + 4 * column, stride, rows, target + 4 * column);
  for (; column < end; column += 4) {
    sumColumns4(source + 4 * column, stride, rows, target + 4 * column, end - column);
  }
}

/** dx of four columns. */
// @ts-ignore: decorator
@inline
function gate(y: usize, dy: usize): v128 {
  return v128.and(f32x4.gt(v128.load(y), zero()), v128.load(dy));
}

export function gatedSums(x: GatedSumsArguments, chunk: u32): void {
  const chunksAcross = (x.columns + x.columnsPerChunk - 1) / x.columnsPerChunk;
  const block = chunk / chunksAcross;
  const firstRow = block * x.blockRows;
  const first = (chunk % chunksAcross) * x.columnsPerChunk;
  const columns = min(x.columns - first, x.columnsPerChunk);
  const stride: usize = 4 * <usize>x.columns;
  const begin = firstRow * stride + 4 * first;
  const toDy: usize = x.dy - x.y;
  const toDx: usize = x.dx - x.y;
  const vectors: usize = 4 * (columns & ~3);
  const valid = columns & 3;
  // Rows are read from end to end and their sums kept in memory; what fills no vector at the end, in a register.
  const sums: usize = x.sums + block * stride + 4 * first;
  memory.fill(sums, 0, vectors);
  let sum = zero();
  let at: usize = x.y + begin;
  for (let rows = min(x.blockRows, x.rows - firstRow); rows != 0; rows--) {
    for (let i: usize = 0; i < vectors; i += 16) {
      const g = gate(at + i, at + i + toDy);
      v128.store(at + i + toDx, g);
      v128.store(sums + i, f32x4.add(v128.load(sums + i), g));
    }
    if (valid != 0) {
      const g = gate(at + vectors, at + vectors + toDy);
      storeLanes(at + vectors + toDx, g, valid);
      sum = f32x4.add(sum, g);
    }
    at += stride;
  }
  storeLanes(sums + vectors, sum, valid);
}
