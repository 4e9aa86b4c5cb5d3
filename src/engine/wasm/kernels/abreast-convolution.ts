// A convolution with few output channels over many small images, or an input gradient of few input channels: y[n, p, o] =
// sum over k of x[n, p + offset(k)] filter[k, o] + bias[o], finished as tile.ts says, with stride 1. As in
// plane-convolution.ts a tile has output channels as its rows, but its columns are images that lie abreast (abreast.ts):
// each pixel takes those taps only that lie inside of the image, however many of them there are. Its sums are the same,
// since what is left out are products with zero.
//
// Pixels that see the same columns of the kernel follow each other: those columns are taken out of the filter, packed as
// [k][ROW_TILE] for each ROW_TILE output channels, and the rows that a pixel sees are then one stretch of k.
//
// A chunk is a TILE_COLUMNS of images.
import { layAbreast } from "./abreast";
import { ROW_TILE, TILE_COLUMNS, tilePlanes } from "./generated/tiles";
import { NARROW_COLUMNS, storePixels } from "./plane-convolution";
import { scratch, setFinish, spill } from "./tile";
import { copyFloats, Walk } from "./window";

@unmanaged
export class AbreastConvolutionArguments {
  x: u32;
  /** Packed by `packPlaneFilter`. */
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
  images: u32;
  /** Floats from a pixel's place in x to that of each k. */
  offsets: u32;
  kernelWidth: u32;
}

/** Where the images at work lie, and what has been taken out of the filter for them. */
let panel: usize = 0;
let seenOffsets: usize = 0;
let seenFilter: usize = 0;

export function abreastConvolution(c: AbreastConvolutionArguments, chunk: u32): void {
  const walk = changetype<Walk>(c.walk);
  const first = chunk * TILE_COLUMNS;
  const images = min(TILE_COLUMNS, c.images - first);
  const inputFloats: u32 = walk.inputHeight * walk.inputWidth * walk.inputChannels;
  panel = scratch;
  seenOffsets = panel + 4 * TILE_COLUMNS * (inputFloats + 4);
  seenFilter = seenOffsets + ((4 * walk.extentHeight * c.kernelWidth * walk.inputChannels + 63) & ~63);
  layAbreast(c.x + 4 * first * inputFloats, 4 * inputFloats, inputFloats, images, TILE_COLUMNS, panel);
  const finish = setFinish(c.y, c.residual, c.rectify, c.mask, c.ceiling);
  let begin: i32 = 0;
  let end: i32 = 0;
  for (let column: u32 = 0; column < walk.outputWidth; column++) {
    const left = <i32>column - walk.padLeft;
    const seenBegin = max(0, -left);
    const seenEnd = max(seenBegin, min(<i32>c.kernelWidth, <i32>walk.inputWidth - left));
    if (seenBegin != begin || seenEnd != end) takeColumns(c, walk, seenBegin, seenEnd);
    begin = seenBegin;
    end = seenEnd;
    convolveColumn(c, walk, column, <u32>(end - begin) * walk.inputChannels, first, images, finish);
  }
}

/** Takes the columns [begin, end) of the kernel out of the filter, and what belongs to them out of the offsets. */
function takeColumns(c: AbreastConvolutionArguments, walk: Walk, begin: u32, end: u32): void {
  const rowK = c.kernelWidth * walk.inputChannels;
  const skipped = begin * walk.inputChannels;
  const count = (end - begin) * walk.inputChannels;
  let target = seenFilter;
  for (let o: u32 = 0; o < walk.outputChannels; o += ROW_TILE) {
    for (let r: u32 = 0; r < walk.extentHeight; r++) {
      const k = r * rowK + skipped;
      copyFloats(c.filter + 4 * (o * walk.extentHeight * rowK + k * ROW_TILE), target, count * ROW_TILE);
      target += 4 * count * ROW_TILE;
    }
  }
  let to = seenOffsets;
  for (let r: u32 = 0; r < walk.extentHeight; r++) {
    for (let i: u32 = 0; i < count; i++) {
      store<u32>(to, load<u32>(c.offsets + 4 * (r * rowK + skipped + i)) * (4 * TILE_COLUMNS));
      to += 4;
    }
  }
}

/** One column of pixels of all images, which see `rowK` places in each row of the kernel. */
function convolveColumn(
  c: AbreastConvolutionArguments, walk: Walk, column: u32, rowK: u32, first: u32, images: u32, finish: u32,
): void {
  const columns = images <= NARROW_COLUMNS ? NARROW_COLUMNS : TILE_COLUMNS;
  const rowBytes = 4 * TILE_COLUMNS * walk.inputWidth * walk.inputChannels;
  const pixelBytes = 4 * TILE_COLUMNS * walk.inputChannels;
  const outputFloats = walk.outputHeight * walk.outputWidth * walk.outputChannels;
  const left = <i32>column - walk.padLeft;
  for (let row: u32 = 0; row < walk.outputHeight; row++) {
    const top = <i32>row - walk.padTop;
    const begin = max(0, -top);
    const end = max(begin, min(<i32>walk.extentHeight, <i32>walk.inputHeight - top));
    const kBegin = <u32>begin * rowK;
    // It may lie outside of the panel; what is read does not.
    const origin = panel + top * rowBytes + left * pixelBytes;
    for (let o: u32 = 0; o < walk.outputChannels; o += ROW_TILE) {
      tilePlanes(
        seenFilter + 4 * (o * walk.extentHeight * rowK + kBegin * ROW_TILE), seenOffsets + 4 * kBegin,
        <u32>(end - begin) * rowK, origin, spill + 4 * o * TILE_COLUMNS, 4 * TILE_COLUMNS, ROW_TILE, columns,
        false, 0, 0,
      );
    }
    const pixel = (row * walk.outputWidth + column) * walk.outputChannels;
    storePixels(
      c.y + 4 * (first * outputFloats + pixel), 4 * outputFloats, images, walk.outputChannels, c.bias, finish,
    );
  }
}
