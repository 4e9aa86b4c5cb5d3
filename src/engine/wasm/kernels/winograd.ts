// y = conv2d(x, filter) + bias, then relu, for 3 x 3 kernels with stride 1 by F(4 x 4, 3 x 3): the output is cut into tiles
// of 4 x 4, each of which sees 6 x 6 inputs. In the transformed domain a tile is 36 numbers a channel, and the convolution
// 36 matrix products over the channels, V[f] [tiles, C] x U[f] [C, O]: a quarter of the multiply-adds of the direct sum.
//
// A chunk is a stretch of tiles, counted over images, rows and columns. V, the products and the patches at the edges lie
// in the thread's scratch; U comes transformed and packed: for each f panels [c][TILE_COLUMNS].
import { ROW_TILE, TILE_COLUMNS, tileRows } from "./generated/tiles";
import { rowPointers, scratch } from "./tile";
import { storeLanes, zero } from "./vector";
import { FREQUENCIES, restoreOutput, transformFilter, transformInput } from "./winograd-transform";

/** Geometry of a tiled convolution; NHWC. */
@unmanaged
export class Tiling {
  images: u32;
  inputHeight: u32;
  inputWidth: u32;
  inputChannels: u32;
  outputHeight: u32;
  outputWidth: u32;
  outputChannels: u32;
  padTop: i32;
  padLeft: i32;
  /** Tiles that are worked on at a time. */
  block: u32;
}

/** Bytes of the temporaries of one transform (36 vectors), ahead of everything else in scratch. */
export const TEMPORARY_BYTES: u32 = 16 * FREQUENCIES;

/** Floats of a row of channels in scratch: a multiple of the tile's columns. */
// @ts-ignore: decorator
@inline
export function paddedChannels(channels: u32): u32 {
  return (channels + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
}

export function tilesAcross(tiling: Tiling): u32 {
  return (tiling.outputWidth + 3) / 4;
}

export function tilesOfImage(tiling: Tiling): u32 {
  return tilesAcross(tiling) * ((tiling.outputHeight + 3) / 4);
}

/**
 * Transforms the inputs of `count` tiles from `first` on: V[f][tile][channel] at `target`, `channels` floats a row.
 * `patch` has room for a tile of inputs.
 */
export function transformTiles(
  tiling: Tiling, x: u32, first: u32, count: u32, target: u32, channels: u32, temporary: u32, patch: u32,
): void {
  const pixelBytes = 4 * tiling.inputChannels;
  const rowBytes = tiling.inputWidth * pixelBytes;
  const across = tilesAcross(tiling);
  const ofImage = tilesOfImage(tiling);
  const frequencyBytes = 4 * count * channels;
  for (let tile: u32 = 0; tile < count; tile++) {
    const image = (first + tile) / ofImage;
    const inImage = (first + tile) % ofImage;
    const top = <i32>(4 * (inImage / across)) - tiling.padTop;
    const left = <i32>(4 * (inImage % across)) - tiling.padLeft;
    const origin = x + image * tiling.inputHeight * rowBytes;
    const inside = top >= 0 && left >= 0
      && top + 6 <= <i32>tiling.inputHeight && left + 6 <= <i32>tiling.inputWidth;
    let source = patch;
    let pixelStep = 4 * channels;
    let rowStep = 6 * pixelStep;
    if (inside) {
      source = origin + <u32>top * rowBytes + <u32>left * pixelBytes;
      pixelStep = pixelBytes;
      rowStep = rowBytes;
    } else {
      gather(origin, tiling.inputHeight, tiling.inputWidth, tiling.inputChannels, top, left, 6, patch, channels);
    }
    const to = target + 4 * tile * channels;
    for (let c: u32 = 0; c < tiling.inputChannels; c += 4) {
      for (let i: u32 = 0; i < 6; i++) transformInput(source + i * pixelStep + 4 * c, rowStep, temporary + 16 * i, 96);
      for (let i: u32 = 0; i < 6; i++) {
        transformInput(temporary + 96 * i, 16, to + 6 * i * frequencyBytes + 4 * c, frequencyBytes);
      }
    }
  }
}

/** Copies a square of pixels, zero where it reaches beyond the image, to rows of `channels` floats a pixel. */
export function gather(
  origin: u32, height: u32, width: u32, depth: u32, top: i32, left: i32, size: u32, target: u32, channels: u32,
): void {
  for (let i: u32 = 0; i < size; i++) {
    const y = top + <i32>i;
    for (let j: u32 = 0; j < size; j++) {
      const x = left + <i32>j;
      const to = target + 4 * (i * size + j) * channels;
      if (y >= 0 && x >= 0 && y < <i32>height && x < <i32>width) {
        const from = origin + 4 * (<u32>y * width + <u32>x) * depth;
        for (let c: u32 = 0; c < depth; c += 4) v128.store(to + 4 * c, v128.load(from + 4 * c));
      } else {
        for (let c: u32 = 0; c < depth; c += 4) v128.store(to + 4 * c, zero());
      }
    }
  }
}

@unmanaged
export class WinogradArguments {
  x: u32;
  /** As `winogradFilter` leaves it. */
  filter: u32;
  y: u32;
  /** 0 for none. */
  bias: u32;
  rectify: u32;
  /** A `Tiling`. */
  tiling: u32;
}

export function winograd(w: WinogradArguments, chunk: u32): void {
  const tiling = changetype<Tiling>(w.tiling);
  const first = chunk * tiling.block;
  const count = min(tiling.block, tiling.images * tilesOfImage(tiling) - first);
  const depth = tiling.inputChannels;
  const channels = paddedChannels(depth);
  const outputs = paddedChannels(tiling.outputChannels);
  const temporary: u32 = scratch;
  const patch = temporary + TEMPORARY_BYTES;
  const v = patch + 4 * FREQUENCIES * channels;
  const products = v + 4 * FREQUENCIES * count * channels;
  transformTiles(tiling, w.x, first, count, v, channels, temporary, patch);
  for (let f: u32 = 0; f < FREQUENCIES; f++) {
    const a = v + 4 * f * count * channels;
    const b = w.filter + 4 * f * depth * outputs;
    const c = products + 4 * f * count * outputs;
    for (let row: u32 = 0; row < count; row += ROW_TILE) {
      const valid = min(ROW_TILE, count - row);
      for (let i: u32 = 0; i < ROW_TILE; i++) {
        store<u32>(rowPointers + 4 * i, a + 4 * (row + min(i, valid - 1)) * channels);
      }
      for (let j: u32 = 0; j < outputs; j += TILE_COLUMNS) {
        const panel = b + 4 * j * depth;
        const at = c + 4 * (row * outputs + j);
        tileRows(rowPointers, depth, panel, at, 4 * outputs, valid, TILE_COLUMNS, false, 0, false);
      }
    }
  }
  for (let tile: u32 = 0; tile < count; tile++) {
    restoreTile(w, tiling, first + tile, products + 4 * tile * outputs, 4 * count * outputs, temporary, patch);
  }
}

/** Takes one tile back from the transformed domain, with bias and relu, and stores what lies inside the output. */
function restoreTile(
  w: WinogradArguments, tiling: Tiling, tile: u32, products: u32, frequencyBytes: u32, temporary: u32, square: u32,
): void {
  const inImage = tile % tilesOfImage(tiling);
  const top = 4 * (inImage / tilesAcross(tiling));
  const left = 4 * (inImage % tilesAcross(tiling));
  const rows = min(4, tiling.outputHeight - top);
  const columns = min(4, tiling.outputWidth - left);
  const depth = tiling.outputChannels;
  const image = tile / tilesOfImage(tiling);
  const y = w.y + 4 * ((image * tiling.outputHeight + top) * tiling.outputWidth + left) * depth;
  for (let c: u32 = 0; c < depth; c += 4) {
    const source = products + 4 * c;
    // Columns of the 6 x 6 first: temporary [4][6], then rows: square [4][4].
    for (let j: u32 = 0; j < 6; j++) {
      restoreOutput(source + j * frequencyBytes, 6 * frequencyBytes, temporary + 16 * j, 96);
    }
    const bias = w.bias ? v128.load(w.bias + 4 * c) : zero();
    for (let i: u32 = 0; i < rows; i++) {
      restoreOutput(temporary + 96 * i, 16, square, 16);
      const at = y + 4 * (i * tiling.outputWidth * depth + c);
      for (let j: u32 = 0; j < columns; j++) {
        let value = f32x4.add(v128.load(square + 16 * j), bias);
        if (w.rectify) value = f32x4.max(value, zero());
        storeLanes(at + 4 * j * depth, value, depth - c);
      }
    }
  }
}

@unmanaged
export class WinogradFilterArguments {
  /** [3, 3, I, O]. */
  filter: u32;
  /** [36][panel][k][TILE_COLUMNS]: k counts the channels that are summed over, panels hold the others. */
  transformed: u32;
  filterInputs: u32;
  filterOutputs: u32;
  /** 1 for an input gradient: the kernel turned by 180 degrees, with inputs and outputs exchanged. */
  turn: u32;
}

/** Transforms and packs one panel of a filter; chunk = panel. */
export function winogradFilter(f: WinogradFilterArguments, chunk: u32): void {
  const depth = f.turn ? f.filterOutputs : f.filterInputs;
  const columns = f.turn ? f.filterInputs : f.filterOutputs;
  const frequencyBytes = 4 * depth * paddedChannels(columns);
  const temporary: u32 = scratch;
  const kernel = temporary + TEMPORARY_BYTES;
  const panel = f.transformed + 4 * chunk * depth * TILE_COLUMNS;
  for (let k: u32 = 0; k < depth; k++) {
    for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
      loadKernel(f, k, chunk * TILE_COLUMNS + j, kernel);
      // Columns of the 3 x 3 first: temporary [6][3], then rows.
      for (let i: u32 = 0; i < 3; i++) transformFilter(kernel + 16 * i, 48, temporary + 16 * i, 48);
      const target = panel + 4 * (k * TILE_COLUMNS + j);
      for (let i: u32 = 0; i < 6; i++) {
        transformFilter(temporary + 48 * i, 16, target + 6 * i * frequencyBytes, frequencyBytes);
      }
    }
  }
}

/** The 3 x 3 kernels from channel k to four columns from `column` on, as nine vectors. Missing columns are zero. */
function loadKernel(f: WinogradFilterArguments, k: u32, column: u32, target: u32): void {
  const columns = f.turn ? f.filterInputs : f.filterOutputs;
  const plane = f.filterInputs * f.filterOutputs;
  for (let position: u32 = 0; position < 9; position++) {
    const base = f.filter + 4 * (f.turn ? 8 - position : position) * plane;
    for (let i: u32 = 0; i < 4; i++) {
      const other = column + i;
      const index = f.turn ? other * f.filterOutputs + k : k * f.filterOutputs + other;
      store<f32>(target + 16 * position + 4 * i, other < columns ? load<f32>(base + 4 * index) : 0);
    }
  }
}
