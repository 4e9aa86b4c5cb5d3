// Tiles of a convolution with 3 x 3 or 5 x 5 taps and stride 1: an output tile of m x m, m = 4 or 2, sees 6 x 6 inputs.
// Between the plain and the transformed domain, for stretches of tiles counted over images, rows and columns:
//
//   V [36][tile][channel]   transformed inputs          transformTiles
//   Z [36][tile][channel]   transformed output gradients  transformGradients
//   M [36][tile][channel]   products, taken back to y   restoreTiles
//
// Each frequency's matrix lies `frequencyBytes` from the next one, an odd number of cache lines: at a power of two, the 36
// places that a tile is written to would share a few sets of the cache.
import { TILE_COLUMNS } from "./generated/tiles";
import { ADD_RESIDUAL, MASK, maskDelta, RECTIFY, residualDelta, scratch, zeros } from "./tile";
import { storeLanes, zero } from "./vector";
import { FREQUENCIES, restore, restored, transformInput, transformTaps } from "./winograd-transform";

/** Geometry of a tiled convolution; NHWC. */
@unmanaged
export class Tiling {
  inputHeight: u32;
  inputWidth: u32;
  inputChannels: u32;
  outputHeight: u32;
  outputWidth: u32;
  outputChannels: u32;
  padTop: i32;
  padLeft: i32;
  /** Height and width of an output tile: 4 for 3 x 3 taps, 2 for 5 x 5. */
  outputTile: u32;
  /** Tiles of all images. */
  tiles: u32;
}

/** Height and width of an input tile. */
const INPUT_TILE: u32 = 6;
/** Vectors of a transform's temporaries: a tile in both passes, two vectors wide. */
const TEMPORARY_BYTES: usize = 2 * 16 * FREQUENCIES;

/** Scratch that the functions here take, before what a kernel has for itself. */
// @ts-ignore: decorator
@inline
export function tileScratchBytes(channels: u32): usize {
  return 2 * TEMPORARY_BYTES + 4 * FREQUENCIES * (channels + 4);
}

// @ts-ignore: decorator
@inline
function tilesAcross(tiling: Tiling): u32 {
  return (tiling.outputWidth + tiling.outputTile - 1) / tiling.outputTile;
}

// @ts-ignore: decorator
@inline
function tilesOfImage(tiling: Tiling): u32 {
  return tilesAcross(tiling) * ((tiling.outputHeight + tiling.outputTile - 1) / tiling.outputTile);
}

/**
 * Transforms the inputs of `count` tiles from `first` on; tile i is written at target + i * rowBytes, for each frequency
 * `frequencyBytes` further on.
 */
export function transformTiles(
  tiling: Tiling, x: u32, first: u32, count: u32, target: u32, rowBytes: u32, frequencyBytes: u32,
): void {
  const depth = tiling.inputChannels;
  const across = tilesAcross(tiling);
  const ofImage = tilesOfImage(tiling);
  const size = tiling.outputTile;
  const patch = scratch + 2 * TEMPORARY_BYTES;
  for (let tile: u32 = 0; tile < count; tile++) {
    const image = (first + tile) / ofImage;
    const inImage = (first + tile) % ofImage;
    const top = <i32>(size * (inImage / across)) - tiling.padTop;
    const left = <i32>(size * (inImage % across)) - tiling.padLeft;
    const origin = x + 4 * image * tiling.inputHeight * tiling.inputWidth * depth;
    const inside = top >= 0 && left >= 0
      && top + <i32>INPUT_TILE <= <i32>tiling.inputHeight && left + <i32>INPUT_TILE <= <i32>tiling.inputWidth;
    let source = <u32>patch;
    let pixelStep = 4 * depth;
    let rowStep = INPUT_TILE * pixelStep;
    if (inside) {
      source = origin + (<u32>top * tiling.inputWidth + <u32>left) * pixelStep;
      rowStep = tiling.inputWidth * pixelStep;
    } else {
      gather(origin, tiling.inputHeight, tiling.inputWidth, depth, top, left, INPUT_TILE, source);
    }
    let c: u32 = 0;
    // Two vectors at a time where V8 may join them; elsewhere they would not fit the registers.
    if (TILE_COLUMNS >= 16) {
      for (; c + 8 <= depth; c += 8) {
        transformTile(source + 4 * c, pixelStep, rowStep, target + 4 * c, frequencyBytes, true);
      }
    }
    for (; c < depth; c += 4) {
      transformTile(source + 4 * c, pixelStep, rowStep, target + 4 * c, frequencyBytes, false);
    }
    target += rowBytes;
  }
}

/** One tile of one vector of channels, or of two neighbouring ones: columns first, temporary [6][6], then rows. */
// @ts-ignore: decorator
@inline
function transformTile(
  source: u32, pixelStep: u32, rowStep: u32, target: u32, frequencyBytes: u32, pair: bool,
): void {
  const temporary = <u32>scratch;
  const vector: u32 = pair ? 32 : 16;
  for (let j: u32 = 0; j < 6; j++) {
    transformInput(source + j * pixelStep, rowStep, temporary + vector * j, 6 * vector, pair);
  }
  for (let i: u32 = 0; i < 6; i++) {
    transformInput(temporary + 6 * vector * i, vector, target + 6 * i * frequencyBytes, frequencyBytes, pair);
  }
}

/**
 * Transforms the output gradients of `count` tiles from `first` on, laid out as `transformTiles` has it: an m x m tile is
 * the filter of a convolution over the inputs that its outputs saw.
 */
export function transformGradients(
  tiling: Tiling, dy: u32, first: u32, count: u32, target: u32, rowBytes: u32, frequencyBytes: u32,
): void {
  if (tiling.outputTile == 4) transformGradientsOf(tiling, dy, first, count, target, rowBytes, frequencyBytes, 4);
  else transformGradientsOf(tiling, dy, first, count, target, rowBytes, frequencyBytes, 2);
}

// @ts-ignore: decorator
@inline
function transformGradientsOf(
  tiling: Tiling, dy: u32, first: u32, count: u32, target: u32, rowBytes: u32, frequencyBytes: u32, size: u32,
): void {
  const depth = tiling.outputChannels;
  const across = tilesAcross(tiling);
  const ofImage = tilesOfImage(tiling);
  const temporary = <u32>scratch;
  const patch = <u32>(scratch + 2 * TEMPORARY_BYTES);
  for (let tile: u32 = 0; tile < count; tile++) {
    const inImage = (first + tile) % ofImage;
    const image = (first + tile) / ofImage;
    const origin = dy + 4 * image * tiling.outputHeight * tiling.outputWidth * depth;
    const top = size * (inImage / across);
    const left = size * (inImage % across);
    let source = patch;
    let pixelStep = 4 * depth;
    let rowStep = size * pixelStep;
    if (top + size <= tiling.outputHeight && left + size <= tiling.outputWidth) {
      source = origin + (top * tiling.outputWidth + left) * pixelStep;
      rowStep = tiling.outputWidth * pixelStep;
    } else {
      gather(origin, tiling.outputHeight, tiling.outputWidth, depth, top, left, size, patch);
    }
    for (let c: u32 = 0; c < depth; c += 4) {
      // Columns first: temporary [6][m], then rows.
      for (let j: u32 = 0; j < size; j++) {
        transformTaps(source + 4 * c + j * pixelStep, rowStep, temporary + 16 * j, 16 * size, size);
      }
      for (let i: u32 = 0; i < 6; i++) {
        transformTaps(
          temporary + 16 * size * i, 16, target + 4 * c + 6 * i * frequencyBytes, frequencyBytes, size,
        );
      }
    }
    target += rowBytes;
  }
}

/** Copies a square of pixels, zero where it reaches beyond the image, to `depth` floats a pixel; writes up to 3 more. */
function gather(
  origin: u32, height: u32, width: u32, depth: u32, top: i32, left: i32, size: u32, target: u32,
): void {
  for (let i: u32 = 0; i < size; i++) {
    const y = top + <i32>i;
    for (let j: u32 = 0; j < size; j++) {
      const x = left + <i32>j;
      const to = target + 4 * (i * size + j) * depth;
      if (y >= 0 && x >= 0 && y < <i32>height && x < <i32>width) {
        const from = origin + 4 * (<u32>y * width + <u32>x) * depth;
        for (let c: u32 = 0; c < depth; c += 4) v128.store(to + 4 * c, v128.load(from + 4 * c));
      } else {
        for (let c: u32 = 0; c < depth; c += 4) v128.store(to + 4 * c, zero());
      }
    }
  }
}

/**
 * Takes `count` tiles from `first` on back from the transformed domain, adds the bias, finishes the values (see tile.ts)
 * and stores what lies inside y. Tile i lies at source + i * rowBytes.
 */
export function restoreTiles(
  tiling: Tiling, source: u32, rowBytes: u32, frequencyBytes: u32, first: u32, count: u32, y: u32, bias: u32,
  finish: u32,
): void {
  for (let tile: u32 = 0; tile < count; tile++) {
    const at = source + tile * rowBytes;
    if (tiling.outputTile == 4) restoreTile(tiling, at, frequencyBytes, first + tile, y, bias, finish, 4);
    else restoreTile(tiling, at, frequencyBytes, first + tile, y, bias, finish, 2);
  }
}

// @ts-ignore: decorator
@inline
function restoreTile(
  tiling: Tiling, source: u32, frequencyBytes: u32, tile: u32, output: u32, bias: u32, finish: u32, size: u32,
): void {
  const inImage = tile % tilesOfImage(tiling);
  const top = size * (inImage / tilesAcross(tiling));
  const left = size * (inImage % tilesAcross(tiling));
  const rows = min(size, tiling.outputHeight - top);
  const columns = min(size, tiling.outputWidth - left);
  const depth = tiling.outputChannels;
  const image = tile / tilesOfImage(tiling);
  const y = output + 4 * ((image * tiling.outputHeight + top) * tiling.outputWidth + left) * depth;
  const rowBytes = 4 * tiling.outputWidth * depth;
  let c: u32 = 0;
  if (TILE_COLUMNS >= 16) {
    for (; c + 8 <= depth; c += 8) {
      restoreChannels(
        source + 4 * c, frequencyBytes, y + 4 * c, rowBytes, 4 * depth, rows, columns, bias ? bias + 4 * c : zeros,
        finish, size, true, 4,
      );
    }
  }
  for (; c < depth; c += 4) {
    restoreChannels(
      source + 4 * c, frequencyBytes, y + 4 * c, rowBytes, 4 * depth, rows, columns, bias ? bias + 4 * c : zeros,
      finish, size, false, depth - c,
    );
  }
}

/** One vector of channels of a tile, of which `lanes` are stored, or two neighbouring ones. */
// @ts-ignore: decorator
@inline
function restoreChannels(
  source: u32, frequencyBytes: u32, y: u32, rowBytes: u32, pixelBytes: u32, rows: u32, columns: u32, bias: usize,
  finish: u32, size: u32, pair: bool, lanes: u32,
): void {
  const temporary = <u32>scratch;
  const vector: u32 = pair ? 32 : 16;
  // Columns of the 6 x 6 first: temporary [m][6], then rows.
  for (let j: u32 = 0; j < 6; j++) {
    restore(source + j * frequencyBytes, 6 * frequencyBytes, temporary + vector * j, 6 * vector, size, pair);
  }
  const whole = columns == size;
  const row = <u32>(scratch + TEMPORARY_BYTES);
  for (let i: u32 = 0; i < rows; i++) {
    const from = temporary + 6 * vector * i;
    // Whole rows stay in registers.
    if (whole && !pair) {
      const m0 = v128.load(from);
      const m1 = v128.load(from, 16);
      const m2 = v128.load(from, 32);
      const m3 = v128.load(from, 48);
      const m4 = v128.load(from, 64);
      const m5 = v128.load(from, 80);
      const offset = v128.load(bias);
      finishPixel(f32x4.add(restored(0, size, m0, m1, m2, m3, m4, m5), offset), y, finish, lanes);
      finishPixel(f32x4.add(restored(1, size, m0, m1, m2, m3, m4, m5), offset), y + pixelBytes, finish, lanes);
      if (size == 4) {
        finishPixel(f32x4.add(restored(2, size, m0, m1, m2, m3, m4, m5), offset), y + 2 * pixelBytes, finish, lanes);
        finishPixel(f32x4.add(restored(3, size, m0, m1, m2, m3, m4, m5), offset), y + 3 * pixelBytes, finish, lanes);
      }
    } else {
      restore(from, vector, row, vector, size, pair);
      let at = y;
      for (let j: u32 = 0; j < columns; j++) {
        if (pair) finishPair(row + vector * j, bias, at, finish);
        else finishPixel(f32x4.add(v128.load(row + vector * j), v128.load(bias)), at, finish, lanes);
        at += pixelBytes;
      }
    }
    y += rowBytes;
  }
}

// @ts-ignore: decorator
@inline
function finishPixel(value: v128, at: u32, finish: u32, lanes: u32): void {
  if (finish & ADD_RESIDUAL) value = f32x4.add(value, v128.load(at + residualDelta));
  if (finish & RECTIFY) value = f32x4.pmax(value, zero());
  if (finish & MASK) value = v128.and(value, f32x4.gt(v128.load(at + maskDelta), zero()));
  storeLanes(at, value, lanes);
}

/** As `finishPixel`, for two vectors at `source`. */
// @ts-ignore: decorator
@inline
function finishPair(source: u32, bias: usize, at: u32, finish: u32): void {
  let value = f32x4.add(v128.load(source), v128.load(bias));
  let value2 = f32x4.add(v128.load(source, 16), v128.load(bias, 16));
  if (finish & ADD_RESIDUAL) {
    value = f32x4.add(value, v128.load(at + residualDelta));
    value2 = f32x4.add(value2, v128.load(at + residualDelta, 16));
  }
  if (finish & RECTIFY) {
    value = f32x4.pmax(value, zero());
    value2 = f32x4.pmax(value2, zero());
  }
  if (finish & MASK) {
    value = v128.and(value, f32x4.gt(v128.load(at + maskDelta), zero()));
    value2 = v128.and(value2, f32x4.gt(v128.load(at + maskDelta, 16), zero()));
  }
  v128.store(at, value);
  v128.store(at, value2, 16);
}
