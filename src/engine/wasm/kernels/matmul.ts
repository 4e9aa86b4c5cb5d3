// c [M, N] = a [M, K] b [K, N] + bias, then finished (see tile.ts); a and b may be transposed in memory.
//
// A chunk is a block of c. For each block of K it has its part of b in panels [k][TILE_COLUMNS] (packed in this thread's
// scratch, or all of b packed ahead of the call), and a's part, where a is transposed, in panels [k][COLUMN_TILE]. Then it
// walks the tile rows of a: one stays in L1 while the panels of b stream past it from L2, and c is touched line after line
// (Goto and van de Geijn, 2008, who let the panel stay: as fast while everything is in the cache, and slower where c, or a
// residual that is added to it, comes from memory).
import { COLUMN_TILE, ROW_TILE, TILE_COLUMNS, tileColumns, tileRows } from "./generated/tiles";
import { PACKED_COLUMNS_SLACK, packColumns, packRows, packTransposed } from "./pack";
import { scratch, setFinish } from "./tile";

/** Rows of b in a block: a panel of 256 x 16 floats is half of a 32 KiB L1 cache. */
const BLOCK_K: u32 = 256;

@unmanaged
export class MatmulArguments {
  a: u32;
  b: u32;
  c: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  m: u32;
  n: u32;
  k: u32;
  /** Floats from a row to the next, as they lie in memory. */
  aStride: u32;
  bStride: u32;
  cStride: u32;
  transposeA: u32;
  transposeB: u32;
  /** 1 where b is packed already: panels [K][TILE_COLUMNS] side by side. */
  packed: u32;
  rectify: u32;
  ceiling: f32;
  accumulate: u32;
  /** Rows and columns of c in a chunk; multiples of the tile where they do not reach the edge. */
  blockRows: u32;
  blockColumns: u32;
  /** Stretches of k; each has its chunks, and sums into a c [M, N] of its own. */
  parts: u32;
  /** Floats from a product's a, b and c to the next one's, where a call makes several of one shape. */
  aBatch: u32;
  bBatch: u32;
  cBatch: u32;
}

/** Where the operands and the result of the block at work lie, and whether it is added to what is there. */
let a: usize = 0;
let b: usize = 0;
let c: usize = 0;
let accumulate: bool = false;
let panels: usize = 0;
let panelBytes: usize = 0;
let aPanels: usize = 0;

export function matmul(x: MatmulArguments, chunk: u32): void {
  const chunksAcross = (x.n + x.blockColumns - 1) / x.blockColumns;
  const chunksOfPart = chunksAcross * ((x.m + x.blockRows - 1) / x.blockRows);
  const batch = chunk / (chunksOfPart * x.parts);
  const part = (chunk / chunksOfPart) % x.parts;
  const inPart = chunk % chunksOfPart;
  const row0 = (inPart / chunksAcross) * x.blockRows;
  const column0 = (inPart % chunksAcross) * x.blockColumns;
  const kBegin = <u32>((<u64>x.k * part) / x.parts);
  const kEnd = <u32>((<u64>x.k * (part + 1)) / x.parts);
  a = x.a + 4 * batch * x.aBatch;
  b = x.b + 4 * batch * x.bBatch;
  c = x.c + 4 * (batch * x.cBatch + part * x.m * x.cStride);
  const rows = min(x.blockRows, x.m - row0);
  const columns = min(x.blockColumns, x.n - column0);
  const finish = setFinish(x.c, x.residual, x.rectify, x.mask, x.ceiling);
  for (let k = kBegin; k < kEnd; k += BLOCK_K) {
    const kCount = min(BLOCK_K, kEnd - k);
    accumulate = k > kBegin || x.accumulate != 0;
    providePanels(x, k, kCount, column0, columns);
    if (x.transposeA) {
      packTransposed(a + 4 * (k * x.aStride + row0), 4 * x.aStride, aPanels, kCount, rows);
    }
    const isLast = k + kCount == kEnd;
    multiplyBlock(x, row0, rows, column0, columns, k, kCount, isLast ? finish : 0);
  }
}

/** Packs rows [kStart, kStart + kCount) and columns [column, column + columns) of b, unless they are packed. */
function providePanels(x: MatmulArguments, kStart: u32, kCount: u32, column: u32, columns: u32): void {
  if (x.packed) {
    panelBytes = 4 * TILE_COLUMNS * x.k;
    panels = b + (column / TILE_COLUMNS) * panelBytes + 4 * TILE_COLUMNS * kStart;
    aPanels = scratch;
    return;
  }
  panelBytes = 4 * TILE_COLUMNS * kCount;
  panels = scratch;
  const stride = 4 * x.bStride;
  let panel = panels;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const valid = min(TILE_COLUMNS, columns - j);
    if (x.transposeB) {
      packColumns(b + (column + j) * stride + 4 * kStart, stride, panel, kCount, valid);
    } else {
      packRows(b + kStart * stride + 4 * (column + j), stride, panel, kCount, valid);
    }
    panel += panelBytes;
  }
  aPanels = panel;
}

/** One block of k for all tiles of the chunk. */
function multiplyBlock(
  x: MatmulArguments, row0: u32, rows: u32, column: u32, columns: u32, k: u32, kCount: u32, finish: u32,
): void {
  const height = x.transposeA ? COLUMN_TILE : ROW_TILE;
  for (let i: u32 = 0; i < rows; i += height) {
    for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
      multiplyTile(x, row0, i, min(height, rows - i), column, columns, j, k, kCount, finish);
    }
  }
}

/** The panel of a's rows from `row` of the block on. */
// @ts-ignore: decorator
@inline
function aPanel(row: u32, kCount: u32): usize {
  return aPanels + (row / COLUMN_TILE) * (4 * COLUMN_TILE * kCount + PACKED_COLUMNS_SLACK);
}

function multiplyTile(
  x: MatmulArguments, row0: u32, i: u32, rowsValid: u32, column: u32, columns: u32, j: u32, k: u32, kCount: u32,
  finish: u32,
): void {
  const cStride = 4 * x.cStride;
  const at = c + (row0 + i) * cStride + 4 * (column + j);
  const bias = x.bias ? x.bias + 4 * (column + j) : 0;
  const panel = panels + (j / TILE_COLUMNS) * panelBytes;
  const columnsValid = min(TILE_COLUMNS, columns - j);
  if (x.transposeA) {
    tileColumns(
      aPanel(i, kCount), 4 * COLUMN_TILE, kCount, panel, 4 * TILE_COLUMNS, at, cStride, rowsValid, columnsValid,
      accumulate, bias, finish,
    );
  } else {
    const row = a + 4 * ((row0 + i) * x.aStride + k);
    tileRows(
      row, 4 * x.aStride, rowsValid - 1, kCount, panel, at, cStride, rowsValid, columnsValid, accumulate, bias, finish,
    );
  }
}

@unmanaged
export class PackMatrixArguments {
  /** [K, N], or [N, K] with `transpose`. */
  b: u32;
  /** [panels][K][width], zero beyond N. */
  packed: u32;
  k: u32;
  n: u32;
  transpose: u32;
  /** Columns of a panel. */
  width: u32;
  /** Rows k in a chunk. */
  perChunk: u32;
}

/** Packs the right operand of a product ahead of it; chunk = stretch of k * panels + panel. */
export function packMatrix(p: PackMatrixArguments, chunk: u32): void {
  const width = p.width;
  const panelCount = (p.n + width - 1) / width;
  const column = (chunk % panelCount) * width;
  const k = (chunk / panelCount) * p.perChunk;
  const kCount = min(p.perChunk, p.k - k);
  const valid = min(width, p.n - column);
  const panel = p.packed + 4 * width * ((chunk % panelCount) * p.k + k);
  if (p.transpose) packColumns(p.b + 4 * (column * p.k + k), 4 * p.k, panel, kCount, valid, width);
  else packRows(p.b + 4 * (k * p.n + column), 4 * p.n, panel, kCount, valid, width);
}
