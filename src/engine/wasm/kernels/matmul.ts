// c [M, N] = a [M, K] b [K, N] + bias, then relu; a and b may be transposed in memory.
//
// A chunk is a block of c. For each block of K it packs its part of b into panels [k][TILE_COLUMNS] in this thread's
// scratch (L2), then walks rows of tiles: a's tile rows stay in L1 while the panels stream past. This is the loop order
// of Goto and van de Geijn (2008), with b in the role of the packed operand and a read in place.
//
// Where a is said to be sparse (images: four fifths of MNIST's pixels are black), each tile first lists the k at which any
// of its elements is not zero, and walks only those if they are few. What is left out is a sum of zeros, so the result has
// the same bits (were an element of b infinite or not a number, 0 * b would have been NaN).
import {
  COLUMN_TILE, ROW_TILE, TILE_COLUMNS, tileColumns, tileColumnsSparse, tileRows, tileRowsSparse,
} from "./generated/tiles";
import { packColumns, packRows } from "./pack";
import { positions, rowPointers, scratch } from "./tile";
import { zero } from "./vector";

/** Rows of b in a packed block: a panel of 256 x 8 floats is a quarter of a 32 KiB L1 cache. */
const BLOCK_K: u32 = 256;

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
  for (let k: u32 = 0; k < x.k; k += BLOCK_K) {
    const kCount = min(BLOCK_K, x.k - k);
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
  const listed = x.sparse ? listRows(kCount) : kCount;
  const few = isFew(listed, kCount);
  let panel = scratch;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const c = x.c + row * cStride + 4 * (column + j);
    const bias = x.bias ? x.bias + 4 * (column + j) : 0;
    const valid = min(TILE_COLUMNS, columns - j);
    if (few) {
      tileRowsSparse(rowPointers, positions, listed, panel, c, cStride, rowsValid, valid, accumulate, bias, rectify);
    } else {
      tileRows(rowPointers, kCount, panel, c, cStride, rowsValid, valid, accumulate, bias, rectify);
    }
    panel += 4 * TILE_COLUMNS * kCount;
  }
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

/** Lists the k at which any row of the tile has an element that is not zero; returns their number. */
function listRows(kCount: u32): u32 {
  const magnitude = i32x4.splat(0x7fffffff);
  let count: u32 = 0;
  for (let k: u32 = 0; k < kCount; k += 4) {
    let any = zero();
    for (let i: u32 = 0; i < ROW_TILE; i++) any = v128.or(any, v128.load(load<u32>(rowPointers + 4 * i) + 4 * k));
    let mask = i32x4.bitmask(i32x4.ne(v128.and(any, magnitude), zero()));
    if (kCount - k < 4) mask &= (1 << (kCount - k)) - 1;
    while (mask) {
      count = listPosition(count, 4 * (k + ctz(mask)), 4 * TILE_COLUMNS * (k + ctz(mask)));
      mask &= mask - 1;
    }
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
