// y = conv2d(x, filter) + bias, then finished (see tile.ts), for 3 x 3 taps with stride 1 by F(4 x 4, 3 x 3), and for 5 x 5
// by F(2 x 2, 5 x 5). In the transformed domain a tile is 36 numbers a channel, and the convolution 36 matrix products over
// the channels, M[f] [tiles, O] = V[f] [tiles, C] x U[f] [C, O]: a quarter of the multiply-adds of the direct sum (5 x 5:
// 2.8 times fewer). An input gradient is the same over dy, with the filter turned.
//
// Two ways to run them. Where U is small, `winograd` takes a block of tiles through all three steps in this thread's
// scratch (L2), and U streams past. Where U is large, that would read it from memory once a block: then the steps are calls
// of their own over many tiles (`winogradInput`, a batched `matmul`, `winogradOutput`), and U is read once.
//
// U comes transformed and packed: for each f panels [c][TILE_COLUMNS].
import { ROW_TILE, TILE_COLUMNS, tileRowsFrom } from "./generated/tiles";
import { transpose4x4 } from "./pack";
import { scratch, setFinish, zeros } from "./tile";
import { restoreTiles, tileScratchBytes, Tiling, transformTiles } from "./winograd-tiles";
import { FREQUENCIES, transformTaps } from "./winograd-transform";

@unmanaged
export class WinogradArguments {
  x: u32;
  /** As `winogradFilter` leaves it. */
  filter: u32;
  y: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  ceiling: f32;
  /** A `Tiling`. */
  tiling: u32;
  /** Tiles in a chunk; a multiple of the tile's rows. */
  block: u32;
  /** Floats of a row of V and of M, and from a frequency to the next in each. */
  vRow: u32;
  vFrequency: u32;
  mRow: u32;
  mFrequency: u32;
  /** Bytes between the panels of a frequency and those of the next. */
  filterGap: u32;
}

/** All three steps for a block of tiles; chunk = block. */
export function winograd(w: WinogradArguments, chunk: u32): void {
  const tiling = changetype<Tiling>(w.tiling);
  const first = chunk * w.block;
  const count = min(w.block, tiling.tiles - first);
  const depth = tiling.inputChannels;
  const v = scratch + tileScratchBytes(max(depth, tiling.outputChannels));
  const m = v + 4 * FREQUENCIES * w.vFrequency;
  transformTiles(tiling, w.x, first, count, v, 4 * w.vRow, 4 * w.vFrequency);
  const panels = (tiling.outputChannels + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const panelBytes = 4 * TILE_COLUMNS * depth;
  let u = w.filter;
  for (let f: u32 = 0; f < FREQUENCIES; f++) {
    // Rows beyond the last tile are in the block all the same: what is computed there is not taken back.
    for (let row: u32 = 0; row < count; row += ROW_TILE) {
      const a = v + 4 * (f * w.vFrequency + row * w.vRow);
      let at = m + 4 * (f * w.mFrequency + row * w.mRow);
      for (let j: u32 = 0; j < panels; j++) {
        tileRowsFrom(a, 4 * w.vRow, ROW_TILE - 1, depth, u + j * panelBytes, at, 4 * w.mRow, zeros);
        at += 4 * TILE_COLUMNS;
      }
    }
    u += panels * panelBytes + w.filterGap;
  }
  const finish = setFinish(w.y, w.residual, w.rectify, w.mask, w.ceiling);
  restoreTiles(tiling, m, 4 * w.mRow, 4 * w.mFrequency, first, count, w.y, w.bias, finish);
}

@unmanaged
export class WinogradInputArguments {
  x: u32;
  /** V. */
  target: u32;
  /** A `Tiling`. */
  tiling: u32;
  /** The stretch of tiles that the call transforms, and how many of them are in a chunk. */
  firstTile: u32;
  count: u32;
  perChunk: u32;
  /** Floats of a row of V, and from a frequency to the next. */
  row: u32;
  frequency: u32;
}

/** Transforms inputs into V. */
export function winogradInput(w: WinogradInputArguments, chunk: u32): void {
  const begin = chunk * w.perChunk;
  const count = min(w.perChunk, w.count - begin);
  const target = w.target + 4 * begin * w.row;
  transformTiles(
    changetype<Tiling>(w.tiling), w.x, w.firstTile + begin, count, target, 4 * w.row, 4 * w.frequency,
  );
}

@unmanaged
export class WinogradOutputArguments {
  /** M. */
  source: u32;
  y: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  ceiling: f32;
  /** A `Tiling`. */
  tiling: u32;
  /** The stretch of tiles that the call takes back, and how many of them are in a chunk. */
  firstTile: u32;
  count: u32;
  perChunk: u32;
  /** Floats of a row of M, and from a frequency to the next. */
  row: u32;
  frequency: u32;
}

/** Takes products back to y. */
export function winogradOutput(w: WinogradOutputArguments, chunk: u32): void {
  const begin = chunk * w.perChunk;
  const count = min(w.perChunk, w.count - begin);
  const source = w.source + 4 * begin * w.row;
  const finish = setFinish(w.y, w.residual, w.rectify, w.mask, w.ceiling);
  restoreTiles(
    changetype<Tiling>(w.tiling), source, 4 * w.row, 4 * w.frequency, w.firstTile + begin, count, w.y, w.bias, finish,
  );
}

@unmanaged
export class WinogradFilterArguments {
  /** [size, size, I, O]. */
  filter: u32;
  /** U: [36][panel][k][TILE_COLUMNS]: k counts the channels that are summed over, panels hold the others. */
  transformed: u32;
  /** Floats from a frequency to the next. */
  frequency: u32;
  filterInputs: u32;
  filterOutputs: u32;
  /** 3 or 5. */
  size: u32;
  /** 1 for an input gradient: the kernel turned by 180 degrees, with inputs and outputs exchanged. */
  turn: u32;
  /** The column that the first panel begins with. */
  firstColumn: u32;
  /** Channels k in a chunk; a multiple of 4. */
  perChunk: u32;
}

/** Transforms and packs a stretch of k of one panel; chunk = panel * stretches + stretch. */
export function winogradFilter(f: WinogradFilterArguments, chunk: u32): void {
  if (f.size == 3) transformPanel(f, chunk, 3);
  else transformPanel(f, chunk, 5);
}

// @ts-ignore: decorator
@inline
function transformPanel(f: WinogradFilterArguments, chunk: u32, size: u32): void {
  const depth = f.turn ? f.filterOutputs : f.filterInputs;
  const stretches = (depth + f.perChunk - 1) / f.perChunk;
  const begin = (chunk % stretches) * f.perChunk;
  const end = min(depth, begin + f.perChunk);
  const column = f.firstColumn + (chunk / stretches) * TILE_COLUMNS;
  const frequencyBytes = 4 * f.frequency;
  const temporary: u32 = scratch;
  const kernels = temporary + 16 * FREQUENCIES;
  const panel = f.transformed + 4 * (chunk / stretches) * depth * TILE_COLUMNS;
  for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
    for (let k = begin; k < end; k += 4) {
      const count = min(4, end - k);
      loadKernels(f, k, count, column + j, kernels, size);
      for (let at: u32 = 0; at < count; at++) {
        const kernel = kernels + 16 * size * size * at;
        // Columns first: temporary [6][size], then rows.
        for (let i: u32 = 0; i < size; i++) {
          transformTaps(kernel + 16 * i, 16 * size, temporary + 16 * i, 16 * size, size);
        }
        const target = panel + 4 * ((k + at) * TILE_COLUMNS + j);
        for (let i: u32 = 0; i < 6; i++) {
          transformTaps(temporary + 16 * size * i, 16, target + 6 * i * frequencyBytes, frequencyBytes, size);
        }
      }
    }
  }
}

/**
 * The kernels from `count` (up to four) channels k to four columns: for each k, size x size vectors. Missing columns are
 * zero.
 */
// @ts-ignore: decorator
@inline
function loadKernels(f: WinogradFilterArguments, k: u32, count: u32, column: u32, target: u32, size: u32): void {
  const columns = f.turn ? f.filterInputs : f.filterOutputs;
  const plane = 4 * f.filterInputs * f.filterOutputs;
  const kernelBytes = 16 * size * size;
  const valid = column < columns ? min(4, columns - column) : 0;
  for (let position: u32 = 0; position < size * size; position++) {
    const base = f.filter + (f.turn ? size * size - 1 - position : position) * plane;
    const to = target + 16 * position;
    if (valid == 4 && f.turn && count == 4) {
      transpose4x4(base + 4 * (column * f.filterOutputs + k), 4 * f.filterOutputs, to, kernelBytes);
      continue;
    }
    for (let at: u32 = 0; at < count; at++) {
      if (valid == 4 && !f.turn) {
        v128.store(to + at * kernelBytes, v128.load(base + 4 * ((k + at) * f.filterOutputs + column)));
        continue;
      }
      for (let i: u32 = 0; i < 4; i++) {
        const index = f.turn ? (column + i) * f.filterOutputs + k + at : (k + at) * f.filterOutputs + column + i;
        store<f32>(to + at * kernelBytes + 4 * i, i < valid ? load<f32>(base + 4 * index) : 0);
      }
    }
  }
}
