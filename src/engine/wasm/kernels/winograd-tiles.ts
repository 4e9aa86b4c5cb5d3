// Tiles of a convolution with 3 x 3 or 5 x 5 taps and stride 1: an output tile of m x m, m = 4 or 2, sees 6 x 6 inputs.
// Between the plain and the transformed domain, for stretches of tiles counted over images, rows and columns:
//
//   V [36][tile][channel]   transformed inputs          transformTiles
//   Z [36][tile][channel]   transformed output gradients  transformGradients
//   M [36][tile][channel]   products, taken back to y   restoreTiles
//
// Each frequency's matrix lies `frequencyBytes` from the next one, an odd number of cache lines: at a power of two, the 36
// places that a tile is written to would share a few sets of the cache.
import { scratch, zeros } from "./tile";
import { zero } from "./vector";
import {
  finishPixel, restoreFour, restoreTwo, STRIP, transformFour, transformInput, transformTwo,
} from "./winograd-passes";
import { FREQUENCIES } from "./winograd-transform";

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
  /** Floats from one pixel of y to the next: more than it has channels where y is a part of something wider. */
  outputStride: u32;
}

/** Height and width of an input tile. */
const INPUT_TILE: u32 = 6;
/** What is between the passes of a transform. */
const TEMPORARY_BYTES: usize = 4 * STRIP * FREQUENCIES;
/** A row of outputs that is on its way to y. */
const ROW_BYTES: usize = 4 * STRIP * 4;

/** Scratch that the functions here take, before what a kernel has for itself. */
// @ts-ignore: decorator
@inline
export function tileScratchBytes(channels: u32): usize {
  return TEMPORARY_BYTES + ROW_BYTES + 4 * FREQUENCIES * (channels + 4);
}

/** Channels of a strip, up to a whole vector: what lies beyond is computed, too, and not used. */
// @ts-ignore: decorator
@inline
function wholeVectors(channels: u32): u32 {
  return (channels + 3) & ~3;
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
  const patch = scratch + TEMPORARY_BYTES + ROW_BYTES;
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
    for (let c: u32 = 0; c < depth; c += STRIP) {
      const channels = wholeVectors(min(STRIP, depth - c));
      transformTile(source + 4 * c, pixelStep, rowStep, target + 4 * c, frequencyBytes, channels);
    }
    target += rowBytes;
  }
}

/** Some channels of a tile: columns first, temporary [6][6][channels], then rows. */
// @ts-ignore: decorator
@inline
function transformTile(
  source: u32, pixelStep: u32, rowStep: u32, target: u32, frequencyBytes: u32, channels: u32,
): void {
  const temporary = <u32>scratch;
  const vector = 4 * channels;
  for (let j: u32 = 0; j < 6; j++) {
    transformInput(source + j * pixelStep, rowStep, temporary + vector * j, 6 * vector, channels);
  }
  for (let i: u32 = 0; i < 6; i++) {
    transformInput(temporary + 6 * vector * i, vector, target + 6 * i * frequencyBytes, frequencyBytes, channels);
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
  const patch = <u32>(scratch + TEMPORARY_BYTES + ROW_BYTES);
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
    for (let c: u32 = 0; c < depth; c += STRIP) {
      const channels = wholeVectors(min(STRIP, depth - c));
      const vector = 4 * channels;
      // Columns first: temporary [6][m][channels], then rows.
      for (let j: u32 = 0; j < size; j++) {
        const from = source + 4 * c + j * pixelStep;
        if (size == 4) transformFour(from, rowStep, temporary + vector * j, size * vector, channels);
        else transformTwo(from, rowStep, temporary + vector * j, size * vector, channels);
      }
      for (let i: u32 = 0; i < 6; i++) {
        const from = temporary + size * vector * i;
        const to = target + 4 * c + 6 * i * frequencyBytes;
        if (size == 4) transformFour(from, vector, to, frequencyBytes, channels);
        else transformTwo(from, vector, to, frequencyBytes, channels);
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
  const pixelBytes = 4 * tiling.outputStride;
  const y = output + ((image * tiling.outputHeight + top) * tiling.outputWidth + left) * pixelBytes;
  const rowBytes = tiling.outputWidth * pixelBytes;
  const temporary = <u32>scratch;
  const row = <u32>(scratch + TEMPORARY_BYTES);
  for (let c: u32 = 0; c < depth; c += STRIP) {
    const channels = min(STRIP, depth - c);
    const vectors = wholeVectors(channels);
    const vector = 4 * vectors;
    // Columns of the 6 x 6 first: temporary [m][6][channels], then rows.
    for (let j: u32 = 0; j < 6; j++) {
      const from = source + 4 * c + j * frequencyBytes;
      if (size == 4) restoreFour(from, 6 * frequencyBytes, temporary + vector * j, 6 * vector, vectors);
      else restoreTwo(from, 6 * frequencyBytes, temporary + vector * j, 6 * vector, vectors);
    }
    for (let i: u32 = 0; i < rows; i++) {
      const from = temporary + 6 * vector * i;
      if (size == 4) restoreFour(from, vector, row, vector, vectors);
      else restoreTwo(from, vector, row, vector, vectors);
      let at = y + i * rowBytes + 4 * c;
      for (let j: u32 = 0; j < columns; j++) {
        finishPixel(row + vector * j, bias ? bias + 4 * c : <u32>zeros, at, channels, finish);
        at += pixelBytes;
      }
    }
  }
}
