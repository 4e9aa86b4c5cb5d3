// c [M, N] = a [M, K] b [K, N] + bias, then relu; a and b may be transposed in memory.
//
// A chunk is a block of c. For each block of K it packs its part of b into panels [k][TILE_COLUMNS] in this thread's
// scratch (L2), then walks rows of tiles: a's tile rows stay in L1 while the panels stream past. This is the loop order
// of Goto and van de Geijn (2008), with b in the role of the packed operand and a read in place.
//
// Where a is said to be sparse (images: four fifths of MNIST's pixels are black; what a rectifier lets through), each tile
// first lists the k at which any of its elements is not zero, and walks only those if they are few; rows whose zeros lie
// at different places are walked one by one. What is left out is a sum of zeros, so the result has the same bits (were an
// element of b infinite or not a number, 0 * b would have been NaN).
import {
  COLUMN_TILE, ROW_TILE, TILE_COLUMNS, tileColumns, tileColumnsSparse, tileRows, tileRowsSparse,
} from "./generated/tiles";
import { packColumns, packRows } from "./pack";
import { positions, rowPointers, scratch } from "./tile";
import { multiplyAdd, zero } from "./vector";

/** Rows of b in a packed block: a panel of 256 x 8 floats is a quarter of a 32 KiB L1 cache. */
const BLOCK_K: u32 = 256;

/** The same where rows are walked one by one: then four panels must stay in L1. */
const SPARSE_BLOCK_K: u32 = 128;

@unmanaged
export class MatmulArguments {
  a: u32;
  b: u32;
  c: u32;
  /** 0 for none. */
  bias: u32;
  m: u32;
  n: u32;
  k: u32;
  /** Floats from a row to the next, as they lie in memory. */
  aStride: u32;
  bStride: u32;
  cStride: u32;
  transposeA: u32;
  transposeB: u32;
  rectify: u32;
  accumulate: u32;
  /** Whether a is worth a search for zeros. */
  sparse: u32;
  /** Rows and columns of c in a chunk; multiples of the tile where they do not reach the edge. */
  blockRows: u32;
  blockColumns: u32;
}

/** Packs rows [kStart, kStart + kCount) and columns [column, column + columns) of b. */
function packBlock(x: MatmulArguments, kStart: u32, kCount: u32, column: u32, columns: u32): void {
  const stride = 4 * x.bStride;
  let panel = scratch;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const valid = min(TILE_COLUMNS, columns - j);
    if (x.transposeB) {
      packColumns(x.b + (column + j) * stride + 4 * kStart, stride, panel, kCount, valid);
    } else {
      packRows(x.b + kStart * stride + 4 * (column + j), stride, panel, kCount, valid);
    }
    panel += 4 * TILE_COLUMNS * kCount;
  }
}

export function matmul(x: MatmulArguments, chunk: u32): void {
  const chunksAcross = (x.n + x.blockColumns - 1) / x.blockColumns;
  const row0 = (chunk / chunksAcross) * x.blockRows;
  const column0 = (chunk % chunksAcross) * x.blockColumns;
  const rows = min(x.blockRows, x.m - row0);
  const columns = min(x.blockColumns, x.n - column0);
  const tileHeight = x.transposeA ? COLUMN_TILE : ROW_TILE;
  const block = x.sparse ? SPARSE_BLOCK_K : BLOCK_K;
  for (let k: u32 = 0; k < x.k; k += block) {
    const kCount = min(block, x.k - k);
    packBlock(x, k, kCount, column0, columns);
    for (let i: u32 = 0; i < rows; i += tileHeight) {
      const valid = min(tileHeight, rows - i);
      if (x.transposeA) multiplyColumns(x, row0 + i, valid, column0, columns, k, kCount);
      else multiplyRows(x, row0 + i, valid, column0, columns, k, kCount);
    }
  }
}

/** A row of tiles where the rows of a are rows in memory. */
function multiplyRows(
  x: MatmulArguments, row: u32, rowsValid: u32, column: u32, columns: u32, k: u32, kCount: u32,
): void {
  const cStride = 4 * x.cStride;
  const accumulate = k > 0 || x.accumulate != 0;
  const rectify = x.rectify != 0 && k + kCount == x.k;
  setRowPointers(x.a + 4 * (row * x.aStride + k), 4 * x.aStride, rowsValid);
  let listed = x.sparse ? listRows(kCount) : kCount;
  let j: u32 = 0;
  // Rows whose zeros lie at different places are better taken one by one (a row alone is a quarter slower for each k).
  if (x.sparse && columns >= WIDE_COLUMNS && 5 * entries < 4 * ROW_TILE * listed) {
    const wide = columns / WIDE_COLUMNS * WIDE_COLUMNS;
    for (let i: u32 = 0; i < rowsValid; i++) {
      const a = load<u32>(rowPointers + 4 * i);
      const count = listRow(a, kCount);
      for (j = 0; j < wide; j += WIDE_COLUMNS) {
        const c = x.c + (row + i) * cStride + 4 * (column + j);
        const bias = x.bias ? x.bias + 4 * (column + j) : 0;
        multiplySparseRow(a, count, scratch + 4 * j * kCount, 4 * TILE_COLUMNS * kCount, c, accumulate, bias, rectify);
      }
    }
    if (j < columns) listed = listRows(kCount);
  }
  const few = isFew(listed, kCount);
  for (; j < columns; j += TILE_COLUMNS) {
    const panel = scratch + 4 * j * kCount;
    const c = x.c + row * cStride + 4 * (column + j);
    const bias = x.bias ? x.bias + 4 * (column + j) : 0;
    const valid = min(TILE_COLUMNS, columns - j);
    if (few) {
      tileRowsSparse(rowPointers, positions, listed, panel, c, cStride, rowsValid, valid, accumulate, bias, rectify);
    } else {
      tileRows(rowPointers, kCount, panel, c, cStride, rowsValid, valid, accumulate, bias, rectify);
    }
  }
}

/** Columns of c that `multiplySparseRow` computes: four panels. */
const WIDE_COLUMNS: u32 = 32;

/** One row of c for four panels of b: only the listed k, whose elements of a are not zero. */
function multiplySparseRow(
  a: u32, count: u32, b: u32, panelBytes: u32, c: u32, accumulate: bool, bias: u32, rectify: bool,
): void {
  const start = accumulate ? c : bias;
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero(), c5 = zero(), c6 = zero(), c7 = zero();
  if (start) {
    c0 = v128.load(start);
    c1 = v128.load(start, 16);
    c2 = v128.load(start, 32);
    c3 = v128.load(start, 48);
    c4 = v128.load(start, 64);
    c5 = v128.load(start, 80);
    c6 = v128.load(start, 96);
    c7 = v128.load(start, 112);
  }
  let position: u32 = positions;
  for (let left = count; left != 0; left--) {
    const value = v128.load32_splat(a + load<u32>(position));
    let at = b + load<u32>(position, 4);
    c0 = multiplyAdd(value, v128.load(at), c0);
    c1 = multiplyAdd(value, v128.load(at, 16), c1);
    at += panelBytes;
    c2 = multiplyAdd(value, v128.load(at), c2);
    c3 = multiplyAdd(value, v128.load(at, 16), c3);
    at += panelBytes;
    c4 = multiplyAdd(value, v128.load(at), c4);
    c5 = multiplyAdd(value, v128.load(at, 16), c5);
    at += panelBytes;
    c6 = multiplyAdd(value, v128.load(at), c6);
    c7 = multiplyAdd(value, v128.load(at, 16), c7);
    position += 8;
  }
  if (rectify) {
    const none = zero();
    c0 = f32x4.max(c0, none);
    c1 = f32x4.max(c1, none);
    c2 = f32x4.max(c2, none);
    c3 = f32x4.max(c3, none);
    c4 = f32x4.max(c4, none);
    c5 = f32x4.max(c5, none);
    c6 = f32x4.max(c6, none);
    c7 = f32x4.max(c7, none);
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(c, c4, 64);
  v128.store(c, c5, 80);
  v128.store(c, c6, 96);
  v128.store(c, c7, 112);
}

/** A row of tiles where the rows of a are columns in memory. */
function multiplyColumns(
  x: MatmulArguments, row: u32, rowsValid: u32, column: u32, columns: u32, k: u32, kCount: u32,
): void {
  const cStride = 4 * x.cStride;
  const aStride = 4 * x.aStride;
  const accumulate = k > 0 || x.accumulate != 0;
  const a = x.a + k * aStride + 4 * row;
  const listed = x.sparse ? listColumns(a, aStride, kCount) : kCount;
  const few = isFew(listed, kCount);
  let panel = scratch;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const c = x.c + row * cStride + 4 * (column + j);
    const valid = min(TILE_COLUMNS, columns - j);
    if (few) tileColumnsSparse(a, positions, listed, panel, c, cStride, rowsValid, valid, accumulate);
    else tileColumns(a, aStride, kCount, panel, 4 * TILE_COLUMNS, c, cStride, rowsValid, valid, accumulate);
    panel += 4 * TILE_COLUMNS * kCount;
  }
}

/** Looking up positions costs a little: it pays when a quarter of them falls away. */
// @ts-ignore: decorator
@inline
function isFew(listed: u32, kCount: u32): bool {
  return 4 * listed <= 3 * kCount;
}

/** Elements that are not zero in all rows of the tile that was listed last. */
let entries: u32 = 0;

/** Which of four floats are not zero. */
// @ts-ignore: decorator
@inline
function nonZero(x: v128): u32 {
  return i32x4.bitmask(i32x4.ne(v128.and(x, i32x4.splat(0x7fffffff)), zero()));
}

/** Lists the k at which any row of the tile has an element that is not zero; returns their number. */
function listRows(kCount: u32): u32 {
  let count: u32 = 0;
  entries = 0;
  for (let k: u32 = 0; k < kCount; k += 4) {
    const inside = kCount - k < 4 ? (1 << (kCount - k)) - 1 : 15;
    let mask: u32 = 0;
    for (let i: u32 = 0; i < ROW_TILE; i++) {
      const own = nonZero(v128.load(load<u32>(rowPointers + 4 * i) + 4 * k)) & inside;
      entries += popcnt(own);
      mask |= own;
    }
    count = listMask(count, mask, k);
  }
  return count;
}

/** As `listRows` for one row. */
function listRow(a: u32, kCount: u32): u32 {
  let count: u32 = 0;
  for (let k: u32 = 0; k < kCount; k += 4) {
    const inside = kCount - k < 4 ? (1 << (kCount - k)) - 1 : 15;
    count = listMask(count, nonZero(v128.load(a + 4 * k)) & inside, k);
  }
  return count;
}

/** Lists the positions from `k` on that a mask names. */
// @ts-ignore: decorator
@inline
function listMask(count: u32, mask: u32, k: u32): u32 {
  while (mask) {
    const at = k + ctz(mask);
    count = listPosition(count, 4 * at, 4 * TILE_COLUMNS * at);
    mask &= mask - 1;
  }
  return count;
}

/** As `listRows`, where the tile's elements for one k lie side by side. */
function listColumns(a: u32, aStride: u32, kCount: u32): u32 {
  const magnitude = i32x4.splat(0x7fffffff);
  let count: u32 = 0;
  for (let k: u32 = 0; k < kCount; k++) {
    const at = a + k * aStride;
    const any = v128.and(v128.or(v128.load(at), v128.load(at + 4 * (COLUMN_TILE - 4))), magnitude);
    if (v128.any_true(any)) count = listPosition(count, k * aStride, 4 * TILE_COLUMNS * k);
  }
  return count;
}

// @ts-ignore: decorator
@inline
function listPosition(count: u32, aOffset: u32, bOffset: u32): u32 {
  store<u32>(positions + 8 * count, aOffset);
  store<u32>(positions + 8 * count, bOffset, 4);
  return count + 1;
}

/** Rows beyond the valid ones repeat the last: they are computed and not stored. */
function setRowPointers(first: u32, stride: u32, rowsValid: u32): void {
  for (let i: u32 = 0; i < ROW_TILE; i++) {
    store<u32>(rowPointers + 4 * i, first + min(i, rowsValid - 1) * stride);
  }
}
