// c [M, N] = a [M, K] b [K, N] + bias, then relu; a and b may be transposed in memory.
//
// A chunk is a block of c. For each block of K it packs its part of b into panels [k][TILE_COLUMNS] in this thread's
// scratch (L2), then walks rows of tiles: a's tile rows stay in L1 while the panels stream past. This is the loop order
// of Goto and van de Geijn (2008), with b in the role of the packed operand and a read in place.
import { COLUMN_TILE, ROW_TILE, TILE_COLUMNS, tileColumns, tileRows } from "./generated/tiles";
import { packColumns, packRows } from "./pack";
import { rowPointers, scratch } from "./tile";

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
  /** Rows and columns of c in a chunk; multiples of the tile where they do not reach the edge. */
  blockRows: u32;
  blockColumns: u32;
}

/** Packs rows [kStart, kStart + kCount) and columns [column, column + columns) of b. */
function packBlock(x: MatmulArguments, kStart: u32, kCount: u32, column: u32, columns: u32): void {
  const stride: usize = 4 * <usize>x.bStride;
  let panel = scratch;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const valid = min(TILE_COLUMNS, columns - j);
    if (x.transposeB) {
      packColumns(x.b + (column + j) * stride + 4 * <usize>kStart, stride, panel, kCount, valid);
    } else {
      packRows(x.b + kStart * stride + 4 * <usize>(column + j), stride, panel, kCount, valid);
    }
    panel += 4 * <usize>(TILE_COLUMNS * kCount);
  }
}

export function matmul(x: MatmulArguments, chunk: u32): void {
  const chunksAcross = (x.n + x.blockColumns - 1) / x.blockColumns;
  const row0 = (chunk / chunksAcross) * x.blockRows;
  const column0 = (chunk % chunksAcross) * x.blockColumns;
  const rows = min(x.blockRows, x.m - row0);
  const columns = min(x.blockColumns, x.n - column0);
  const cStride: usize = 4 * <usize>x.cStride;
  const aStride: usize = 4 * <usize>x.aStride;
  for (let k0: u32 = 0; k0 < x.k; k0 += BLOCK_K) {
    const kCount = min(BLOCK_K, x.k - k0);
    packBlock(x, k0, kCount, column0, columns);
    const accumulate = k0 > 0 || x.accumulate != 0;
    const last = k0 + kCount == x.k;
    const tileHeight = x.transposeA ? COLUMN_TILE : ROW_TILE;
    for (let i: u32 = 0; i < rows; i += tileHeight) {
      const rowsValid = min(tileHeight, rows - i);
      let c: usize = x.c + (row0 + i) * cStride + 4 * <usize>column0;
      let panel = scratch;
      if (!x.transposeA) setRowPointers(x.a + (row0 + i) * aStride + 4 * <usize>k0, aStride, rowsValid);
      for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
        const valid = min(TILE_COLUMNS, columns - j);
        if (x.transposeA) {
          const a: usize = x.a + k0 * aStride + 4 * <usize>(row0 + i);
          tileColumns(a, aStride, kCount, panel, 4 * TILE_COLUMNS, c, cStride, rowsValid, valid, accumulate);
        } else {
          const bias: usize = x.bias ? x.bias + 4 * <usize>(column0 + j) : 0;
          const rectify = last && x.rectify != 0;
          tileRows(rowPointers, kCount, panel, c, cStride, rowsValid, valid, accumulate, bias, rectify);
        }
        c += 4 * TILE_COLUMNS;
        panel += 4 * <usize>(TILE_COLUMNS * kCount);
      }
    }
  }
}

/** Rows beyond the valid ones repeat the last: they are computed and not stored. */
function setRowPointers(first: usize, stride: usize, rowsValid: u32): void {
  for (let i: u32 = 0; i < ROW_TILE; i++) {
    store<u32>(rowPointers + 4 * i, <u32>(first + min(i, rowsValid - 1) * stride));
  }
}
