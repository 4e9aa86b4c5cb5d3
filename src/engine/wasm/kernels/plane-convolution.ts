// A convolution with few output channels, or an input gradient of few input channels: y[n, p, o] = sum over k of
// x[n, p + offset(k)] filter[k, o] + bias[o], finished as tile.ts says, with stride 1. A vector of output channels would be
// mostly empty, so the vectors run along the image: a tile has the output channels as its rows and pixels side by side as
// its columns. For that a band's window lies in planes [inputChannels][rows][windowWidth]; the filter is packed as
// [k][ROW_TILE], for each ROW_TILE output channels. What a tile has summed is turned around on its way to y, NHWC.
//
// A chunk is a band of output rows of one image.
import { ROW_TILE, TILE_COLUMNS, tilePlanes } from "./generated/tiles";
import { openPlanes } from "./planes";
import { finishTile, RECTIFY, scratch, setFinish, spill } from "./tile";
import { storeLanes, zero } from "./vector";
import { Walk } from "./window";

/** Columns of the narrowest tile: there are some of half the width where tiles are wide. */
export const NARROW_COLUMNS: u32 = TILE_COLUMNS > 8 ? TILE_COLUMNS / 2 : TILE_COLUMNS;

@unmanaged
export class PlaneConvolutionArguments {
  x: u32;
  filter: u32;
  y: u32;
  /** 0 for none, as are residual and mask (see tile.ts). */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  ceiling: f32;
  /** A `Walk`. */
  walk: u32;
  /** Byte offset of each k from a pixel's place in the first plane. */
  offsets: u32;
  k: u32;
  bandRows: u32;
  /** Bytes from a plane to the next; at least 16 lie between them. */
  planeBytes: u32;
  /** Rows of the kernel, and rows of the window from one to the next. */
  kernelRows: u32;
  rowStep: u32;
}

export function planeConvolution(c: PlaneConvolutionArguments, chunk: u32): void {
  const walk = changetype<Walk>(c.walk);
  const bands = (walk.outputHeight + c.bandRows - 1) / c.bandRows;
  const image = chunk / bands;
  const firstRow = (chunk % bands) * c.bandRows;
  const rows = min(c.bandRows, walk.outputHeight - firstRow);
  const x = c.x + 4 * image * walk.inputHeight * walk.inputWidth * walk.inputChannels;
  openPlanes(walk, x, firstRow, rows, scratch, c.planeBytes);
  const pixelBytes = 4 * walk.outputChannels;
  const finish = setFinish(c.y, c.residual, c.rectify, c.mask, c.ceiling);
  let y = c.y + (image * walk.outputHeight + firstRow) * walk.outputWidth * pixelBytes;
  const kRow = c.k / c.kernelRows;
  let row = scratch;
  for (let r: u32 = 0; r < rows; r++) {
    // Rows of the kernel that hang over the image's edge would add zeros.
    const inputRow = <i32>(firstRow + r) - walk.padTop;
    let tap: u32 = 0;
    while (tap < c.kernelRows && inputRow + <i32>(tap * c.rowStep) < 0) tap++;
    let tapEnd = c.kernelRows;
    while (tapEnd > tap && inputRow + <i32>((tapEnd - 1) * c.rowStep) >= <i32>walk.inputHeight) tapEnd--;
    const kBegin = tap * kRow;
    const kCount = (tapEnd - tap) * kRow;
    for (let p: u32 = 0; p < walk.outputWidth; p += TILE_COLUMNS) {
      const valid = min(TILE_COLUMNS, walk.outputWidth - p);
      const columns = valid <= NARROW_COLUMNS ? NARROW_COLUMNS : TILE_COLUMNS;
      for (let o: u32 = 0; o < walk.outputChannels; o += ROW_TILE) {
        tilePlanes(
          c.filter + 4 * (o * c.k + kBegin * ROW_TILE), c.offsets + 4 * kBegin, kCount, row + 4 * p,
          spill + 4 * o * TILE_COLUMNS, 4 * TILE_COLUMNS, ROW_TILE, columns, false, 0, 0,
        );
      }
      storePixels(y, pixelBytes, valid, walk.outputChannels, c.bias, finish);
      y += valid * pixelBytes;
    }
    row += 4 * walk.windowWidth;
  }
}

/**
 * Turns the tile in the spill around, finishes it and stores `pixels` pixels of `channels` channels, `pixelBytes` from one
 * to the next.
 */
export function storePixels(
  y: usize, pixelBytes: usize, pixels: u32, channels: u32, bias: usize, finish: u32,
): void {
  const rectifiesOnly = finish == RECTIFY;
  const floor = f32x4.splat(rectifiesOnly ? 0 : -Infinity);
  for (let c: u32 = 0; c < channels; c += 4) {
    const added = bias ? v128.load(bias + 4 * c) : zero();
    const tile = spill + 4 * c * TILE_COLUMNS;
    const count = channels - c;
    for (let p: u32 = 0; p < pixels; p += 4) {
      const r0 = v128.load(tile + 4 * p);
      const r1 = v128.load(tile + 4 * p, 4 * TILE_COLUMNS);
      const r2 = v128.load(tile + 4 * p, 8 * TILE_COLUMNS);
      const r3 = v128.load(tile + 4 * p, 12 * TILE_COLUMNS);
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      const y0 = f32x4.pmax(f32x4.add(i64x2.shuffle(low01, low23, 0, 2), added), floor);
      const y1 = f32x4.pmax(f32x4.add(i64x2.shuffle(low01, low23, 1, 3), added), floor);
      const y2 = f32x4.pmax(f32x4.add(i64x2.shuffle(high01, high23, 0, 2), added), floor);
      const y3 = f32x4.pmax(f32x4.add(i64x2.shuffle(high01, high23, 1, 3), added), floor);
      const at = y + p * pixelBytes + 4 * c;
      if (p + 4 <= pixels && count >= 4) {
        v128.store(at, y0);
        v128.store(at + pixelBytes, y1);
        v128.store(at + 2 * pixelBytes, y2);
        v128.store(at + 3 * pixelBytes, y3);
      } else {
        storeLanes(at, y0, count);
        if (p + 1 < pixels) storeLanes(at + pixelBytes, y1, count);
        if (p + 2 < pixels) storeLanes(at + 2 * pixelBytes, y2, count);
        if (p + 3 < pixels) storeLanes(at + 3 * pixelBytes, y3, count);
      }
    }
  }
  if (finish && !rectifiesOnly) finishTile(y, pixelBytes, y, pixelBytes, pixels, channels, finish);
}

@unmanaged
export class PackPlaneFilterArguments {
  /** [positions, inputs, outputs] of the forward convolution. */
  filter: u32;
  packed: u32;
  /** Position of each tap. */
  order: u32;
  taps: u32;
  /** Channels that a tap sees, and floats from one to the next in the filter. */
  seen: u32;
  seenStride: u32;
  /** Channels that are made, and floats from one to the next. */
  made: u32;
  madeStride: u32;
}

/** Packs the filter of a plane convolution; chunk = tile of rows. */
export function packPlaneFilter(f: PackPlaneFilterArguments, chunk: u32): void {
  const first = chunk * ROW_TILE;
  let target = f.packed + 4 * first * f.taps * f.seen;
  for (let tap: u32 = 0; tap < f.taps; tap++) {
    const position = f.filter + 4 * load<u32>(f.order + 4 * tap) * f.seen * f.made;
    for (let channel: u32 = 0; channel < f.seen; channel++) {
      const source = position + 4 * channel * f.seenStride;
      for (let row: u32 = 0; row < ROW_TILE; row++) {
        const value: f32 = first + row < f.made ? load<f32>(source + 4 * (first + row) * f.madeStride) : 0;
        store<f32>(target + 4 * row, value);
      }
      target += 4 * ROW_TILE;
    }
  }
}
