// dFilter[k, o] = sum over images n and output pixels p of x[n, p + offset(k)] dy[n, p, o] for a convolution with stride 1,
// few output channels and many small images. As in plane-gradient.ts a tile has output channels as its rows and places of
// the kernel as its columns, but its vectors run across 8 images that lie abreast (abreast.ts): each of its sums is 8 sums,
// which are added up when all images of a part are done. That takes no planes: channels stay side by side.
//
// A band's x and dy have rows of the same `pitch` in pixels, so that all of it is one stretch of products. Behind each row
// of dy come zeros, and where x reaches beyond its row, the next one begins with the zeros of its padding.
//
// A chunk is a part: a stretch of all images, with its own copy of the gradient; `sumParts` adds the parts.
import { clearLanes, layAbreast } from "./abreast";
import { ROW_TILE, TILE_COLUMNS, tileAbreastAdd } from "./generated/tiles";
import { rowPointers, scratch } from "./tile";
import { sumLanes } from "./vector";
import { clearFloats, Walk } from "./window";

/** Images that lie abreast. */
const LANES: u32 = 8;
const LANE_BYTES: u32 = 4 * LANES;
/** Places of the kernel in a tile, and vectors of each: where tiles are narrow, half of the images take a turn. */
const TAPS: u32 = 2;
const VECTORS: u32 = TILE_COLUMNS / 8;
const TURNS: u32 = 2 / VECTORS;
const TILE_BYTES: u32 = 4 * ROW_TILE * TILE_COLUMNS;
/** From the first four of the 8 sums to the others. */
const HALF_BYTES: u32 = TURNS == 1 ? 16 : TILE_BYTES;

@unmanaged
export class AbreastGradientArguments {
  x: u32;
  dy: u32;
  /** [parts, K, outputChannels]. */
  partial: u32;
  /** A `Walk`. */
  walk: u32;
  images: u32;
  parts: u32;
  /** Output rows that are worked on at a time. */
  bandRows: u32;
  /** Pixels from a row to the next. */
  pitch: u32;
  kernelWidth: u32;
  /** Floats from a pixel's first place to each k, in rows of `pitch` pixels; the last is there twice. */
  offsets: u32;
  k: u32;
}

/** The images at work: so many from the `first` on. */
let first: u32 = 0;
let count: u32 = 0;

export function abreastGradient(f: AbreastGradientArguments, part: u32): void {
  const walk = changetype<Walk>(f.walk);
  const outputs = walk.outputChannels;
  const groups = (f.images + LANES - 1) / LANES;
  const begin = (groups * part) / f.parts;
  const end = (groups * (part + 1)) / f.parts;
  const windowRows = f.bandRows - 1 + walk.extentHeight;
  const x = scratch;
  const dy = x + LANE_BYTES * (windowRows * f.pitch + f.kernelWidth + 4) * walk.inputChannels;
  const sums = dy + LANE_BYTES * (f.bandRows * f.pitch * outputs + ROW_TILE);
  memory.fill(sums, 0, ((outputs + ROW_TILE - 1) / ROW_TILE) * ((f.k + TAPS - 1) / TAPS) * TURNS * TILE_BYTES);
  for (let group = begin; group < end; group++) {
    first = LANES * group;
    count = min(LANES, f.images - first);
    for (let row: u32 = 0; row < walk.outputHeight; row += f.bandRows) {
      const rows = min(f.bandRows, walk.outputHeight - row);
      layInput(f, walk, row, rows, x);
      layGradient(f, walk, row, rows, dy);
      addBand(f, walk, x, dy, (rows - 1) * f.pitch + walk.outputWidth, sums);
    }
  }
  addLanes(f, outputs, sums, f.partial + 4 * part * f.k * outputs);
}

/** Lays what `rows` output rows from `firstRow` on see of the images abreast, and the padding around it. */
function layInput(f: AbreastGradientArguments, walk: Walk, firstRow: u32, rows: u32, target: usize): void {
  const channels = walk.inputChannels;
  const rowFloats: u32 = walk.inputWidth * channels;
  const imageFloats: u32 = walk.inputHeight * rowFloats;
  const pixelFloats = LANES * channels;
  const left = <u32>walk.padLeft;
  const right = f.pitch - left - walk.inputWidth;
  let at = target;
  for (let r: u32 = 0; r < rows - 1 + walk.extentHeight; r++) {
    const y = <i32>(firstRow + r) - walk.padTop;
    if (y >= 0 && <u32>y < walk.inputHeight) {
      // From left to right: what is laid may reach a little beyond its end.
      clearFloats(at, left * pixelFloats);
      const source = f.x + 4 * (first * imageFloats + y * rowFloats);
      layAbreast(source, 4 * imageFloats, rowFloats, count, LANES, at + 4 * left * pixelFloats);
      clearFloats(at + 4 * (left + walk.inputWidth) * pixelFloats, right * pixelFloats);
    } else {
      clearFloats(at, f.pitch * pixelFloats);
    }
    at += 4 * f.pitch * pixelFloats;
  }
  clearFloats(at, f.kernelWidth * pixelFloats);
}

/** Lays `rows` rows of dy abreast; lanes without an image are zero. */
function layGradient(f: AbreastGradientArguments, walk: Walk, firstRow: u32, rows: u32, target: usize): void {
  const rowFloats: u32 = walk.outputWidth * walk.outputChannels;
  const imageFloats: u32 = walk.outputHeight * rowFloats;
  const padFloats = LANES * (f.pitch - walk.outputWidth) * walk.outputChannels;
  let at = target;
  for (let r: u32 = 0; r < rows; r++) {
    const source = f.dy + 4 * (first * imageFloats + (firstRow + r) * rowFloats);
    layAbreast(source, 4 * imageFloats, rowFloats, count, LANES, at);
    if (count < LANES) clearLanes(at, rowFloats, count, LANES);
    at += LANE_BYTES * rowFloats;
    clearFloats(at, padFloats);
    at += 4 * padFloats;
  }
}

/** Adds a band's products to the sums, [tiles of outputs][tiles of k][TURNS][ROW_TILE][TAPS][lanes of a turn]. */
function addBand(f: AbreastGradientArguments, walk: Walk, x: usize, dy: usize, pixels: u32, sums: usize): void {
  let target = sums;
  for (let o: u32 = 0; o < walk.outputChannels; o += ROW_TILE) {
    for (let k: u32 = 0; k < f.k; k += TAPS) {
      for (let turn: u32 = 0; turn < TURNS; turn++) {
        const images = x + 16 * turn;
        store<u32>(rowPointers, images + LANE_BYTES * load<u32>(f.offsets + 4 * k));
        store<u32>(rowPointers, images + LANE_BYTES * load<u32>(f.offsets + 4 * k, 4), 4);
        tileAbreastAdd(
          dy + LANE_BYTES * o + 16 * turn, LANE_BYTES * walk.outputChannels, rowPointers,
          LANE_BYTES * walk.inputChannels, pixels, target, 4 * TILE_COLUMNS,
        );
        target += TILE_BYTES;
      }
    }
  }
}

/** Adds up the 8 sums of each element of the gradient. */
function addLanes(f: AbreastGradientArguments, outputs: u32, sums: usize, partial: usize): void {
  let tile = sums;
  for (let o: u32 = 0; o < outputs; o += ROW_TILE) {
    const rows = min(ROW_TILE, outputs - o);
    for (let k: u32 = 0; k < f.k; k += TAPS) {
      for (let j: u32 = 0; j < min(TAPS, f.k - k); j++) {
        for (let i: u32 = 0; i < rows; i++) {
          const at = tile + 4 * (i * TILE_COLUMNS + 4 * VECTORS * j);
          const lanes = f32x4.add(v128.load(at), v128.load(at + HALF_BYTES));
          store<f32>(partial + 4 * ((k + j) * outputs + o + i), sumLanes(lanes));
        }
      }
      tile += TURNS * TILE_BYTES;
    }
  }
}
