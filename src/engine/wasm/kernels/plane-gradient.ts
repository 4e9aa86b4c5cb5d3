// dFilter[k, o] = sum over images n and output pixels p of x[n, p + offset(k)] dy[n, p, o] for a convolution with stride 1
// and few output channels, whose vectors run along the image: x and dy of a band both lie in planes with rows of the same
// width, so that a whole band is one stretch of products. Behind each row of dy come zeros, where x is whatever the window
// has there. A tile has planes of dy as its rows and places in the planes of x as its columns; each of its sums is 8 sums,
// of every eighth pixel, which are added up when all bands of a part are done.
//
// A chunk is a part: a stretch of the bands of all images, with its own copy of the gradient; `sumParts` adds the parts.
import { ROW_TILE, TILE_COLUMNS, tileDotsAdd } from "./generated/tiles";
import { openPlanes, splitRows } from "./planes";
import { rowPointers, scratch } from "./tile";
import { sumLanes } from "./vector";
import { clearFloats, Walk } from "./window";

/** Sums of one row of a tile. */
const SUMS: u32 = TILE_COLUMNS / 8;

@unmanaged
export class PlaneGradientArguments {
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
  /** Byte offset of each k in the planes of x; the last is there twice. */
  offsets: u32;
  k: u32;
  /** Bytes from a plane of x to the next, with `padFloats` floats between them that a tile reads. */
  planeBytes: u32;
  padFloats: u32;
  /** Bytes from a plane of dy to the next; 12 floats lie between them. */
  gradientBytes: u32;
}

export function planeGradient(f: PlaneGradientArguments, part: u32): void {
  const walk = changetype<Walk>(f.walk);
  const outputs = walk.outputChannels;
  const bands = (walk.outputHeight + f.bandRows - 1) / f.bandRows;
  const begin = <u32>((<u64>f.images * bands * part) / f.parts);
  const end = <u32>((<u64>f.images * bands * (part + 1)) / f.parts);
  const planes = scratch;
  const gradients = planes + walk.inputChannels * f.planeBytes;
  const sums = gradients + outputs * f.gradientBytes;
  memory.fill(sums, 0, sumsBytes(f.k, outputs));
  for (let band = begin; band < end; band++) {
    const image = band / bands;
    const row = (band % bands) * f.bandRows;
    const rows = min(f.bandRows, walk.outputHeight - row);
    const x = f.x + 4 * image * walk.inputHeight * walk.inputWidth * walk.inputChannels;
    openPlanes(walk, x, row, rows, planes, f.planeBytes);
    const planeFloats = (rows - 1 + walk.extentHeight) * walk.windowWidth;
    for (let c: u32 = 0; c < walk.inputChannels; c++) {
      clearFloats(planes + c * f.planeBytes + 4 * planeFloats, f.padFloats);
    }
    const dy = f.dy + 4 * image * walk.outputHeight * walk.outputWidth * outputs;
    splitRows(
      dy, walk.outputHeight, walk.outputWidth, outputs, row, rows, 0, walk.windowWidth, gradients, f.gradientBytes,
    );
    const pixels = rows * walk.windowWidth;
    for (let o: u32 = 0; o < outputs; o++) clearFloats(gradients + o * f.gradientBytes + 4 * pixels, 8);
    addBand(f, planes, gradients, outputs, (pixels + 7) / 8, sums);
  }
  addLanes(f, outputs, sums, f.partial + 4 * part * f.k * outputs);
}

/** Bytes of the sums of all tiles: [tiles of outputs][tiles of k][ROW_TILE][TILE_COLUMNS]. */
function sumsBytes(k: u32, outputs: u32): u32 {
  const tiles = ((outputs + ROW_TILE - 1) / ROW_TILE) * ((k + SUMS - 1) / SUMS);
  return 4 * tiles * ROW_TILE * TILE_COLUMNS;
}

/** Adds a band's products to the sums. */
function addBand(
  f: PlaneGradientArguments, planes: usize, gradients: usize, outputs: u32, steps: u32, sums: usize,
): void {
  const columnPointers = rowPointers + 64;
  let target = sums;
  for (let o: u32 = 0; o < outputs; o += ROW_TILE) {
    for (let i: u32 = 0; i < ROW_TILE; i++) {
      store<u32>(rowPointers + 4 * i, gradients + min(o + i, outputs - 1) * f.gradientBytes);
    }
    for (let k: u32 = 0; k < f.k; k += SUMS) {
      v128.store(columnPointers, i32x4.add(v128.load(f.offsets + 4 * k), i32x4.splat(<i32>planes)));
      tileDotsAdd(rowPointers, columnPointers, steps, target, 4 * TILE_COLUMNS);
      target += 4 * ROW_TILE * TILE_COLUMNS;
    }
  }
}

/** Adds up the 8 sums of each element of the gradient. */
function addLanes(f: PlaneGradientArguments, outputs: u32, sums: usize, partial: usize): void {
  let tile = sums;
  for (let o: u32 = 0; o < outputs; o += ROW_TILE) {
    const rows = min(ROW_TILE, outputs - o);
    for (let k: u32 = 0; k < f.k; k += SUMS) {
      for (let j: u32 = 0; j < min(SUMS, f.k - k); j++) {
        for (let i: u32 = 0; i < rows; i++) {
          const at = tile + 4 * (i * TILE_COLUMNS + 8 * j);
          const lanes = f32x4.add(v128.load(at), v128.load(at, 16));
          store<f32>(partial + 4 * ((k + j) * outputs + o + i), sumLanes(lanes));
        }
      }
      tile += 4 * ROW_TILE * TILE_COLUMNS;
    }
  }
}
