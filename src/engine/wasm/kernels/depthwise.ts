// A convolution whose channels have nothing to do with each other: y[n, p, c] = sum over taps t of
// x[n, at(p) + offset(t), c] filter[t, c] + bias[c], finished as tile.ts says. All operands are NHWC and read where they lie
// (or from a padded window); vectors run along the channels. A tile has pixels as its rows and channels as its columns, and
// walks a table of pairs: where x lies for a tap, and where the filter. An input gradient is the same walk over dy, for each
// phase of dx (see strided-gradient.ts) with the taps of that phase; its tiles are stored at dx's stride.
//
// Groups of few channels are brought to this form by a window whose pixels hold, for each input channel of a group, what
// every output channel sees: [groupInput][outputChannels]. A tap is then as many taps, and the filter
// [KH, KW, groupInput, outputChannels] has a row for each as it lies.
//
// A chunk is a band of output rows of one image.
import { pointRows } from "./convolution";
import { ROW_TILE, TILE_COLUMNS, tileDepthwise } from "./generated/tiles";
import { rowPointers, scratch, setFinish } from "./tile";
import { openGathered, openWindow, Walk } from "./window";

@unmanaged
export class DepthwiseArguments {
  x: u32;
  filter: u32;
  y: u32;
  /** 0 for none, as are residual and mask (see tile.ts). */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  ceiling: f32;
  /** A `Walk`; its outputs are the pixels of one phase. */
  walk: u32;
  /** Byte offset of each pixel of a band from the window's start. */
  pixelOffsets: u32;
  /** For each tap, byte offsets of x from a pixel's place there and of its row of the filter. */
  taps: u32;
  /** Where the taps of each phase end, in the order of their rows and columns. */
  phaseEnds: u32;
  bandRows: u32;
  /** What the phases make up, and their distance in it. */
  height: u32;
  width: u32;
  strideHeight: u32;
  strideWidth: u32;
  /** Channels of x; and where in a pixel of x the floats of a window's pixel lie, or 0 where they are the same. */
  channels: u32;
  gather: u32;
}

export function depthwise(d: DepthwiseArguments, chunk: u32): void {
  const walk = changetype<Walk>(d.walk);
  const bands = (walk.outputHeight + d.bandRows - 1) / d.bandRows;
  const image = chunk / bands;
  const firstRow = (chunk % bands) * d.bandRows;
  const rows = min(d.bandRows, walk.outputHeight - firstRow);
  const window = openPixels(walk, d.x, image, d.channels, d.gather, firstRow, rows);
  const pixelBytes = 4 * walk.outputChannels;
  const y = d.y + image * d.height * d.width * pixelBytes;
  const finish = setFinish(d.y, d.residual, d.rectify, d.mask, d.ceiling);
  if (d.strideHeight * d.strideWidth == 1) {
    // The rows of y follow each other without gaps.
    const taps = load<u32>(d.phaseEnds);
    multiplyPixels(
      d, window, d.pixelOffsets, rows * walk.outputWidth, walk.outputChannels, 0, taps,
      y + firstRow * walk.outputWidth * pixelBytes, pixelBytes, finish,
    );
    return;
  }
  let begin: u32 = 0;
  for (let phase: u32 = 0; phase < d.strideHeight * d.strideWidth; phase++) {
    const end = load<u32>(d.phaseEnds + 4 * phase);
    const column = phase % d.strideWidth;
    if (column < d.width) {
      const across = (d.width - column + d.strideWidth - 1) / d.strideWidth;
      for (let r: u32 = 0; r < rows; r++) {
        const row = (firstRow + r) * d.strideHeight + phase / d.strideWidth;
        if (row >= d.height) break;
        multiplyPixels(
          d, window, d.pixelOffsets + 4 * r * walk.outputWidth, across, walk.outputChannels, begin, end,
          y + (row * d.width + column) * pixelBytes, d.strideWidth * pixelBytes, finish,
        );
      }
    }
    begin = end;
  }
}

/** The window of a band of an image. */
function openPixels(
  walk: Walk, x: usize, image: u32, channels: u32, gather: usize, firstRow: u32, rows: u32,
): usize {
  const source = x + 4 * image * walk.inputHeight * walk.inputWidth * channels;
  if (gather) return openGathered(walk, source, channels, gather, firstRow, rows, scratch);
  return openWindow(walk, source, firstRow, rows, scratch);
}

/** Pixels that follow each other in a table, `yStride` bytes apart in y, over the taps from `begin` to `end`. */
function multiplyPixels(
  d: DepthwiseArguments, window: usize, pixelOffsets: usize, pixels: u32, channels: u32, begin: u32, end: u32,
  y: usize, yStride: usize, finish: u32,
): void {
  for (let p: u32 = 0; p < pixels; p += ROW_TILE) {
    const valid = min(ROW_TILE, pixels - p);
    pointRows(window, pixelOffsets + 4 * p, valid);
    for (let c: u32 = 0; c < channels; c += TILE_COLUMNS) {
      tileDepthwise(
        rowPointers, 4 * c, d.taps + 8 * begin, end - begin, d.filter + 4 * c,
        y + p * yStride + 4 * c, yStride, valid, min(TILE_COLUMNS, channels - c), false,
        d.bias ? d.bias + 4 * c : 0, finish,
      );
    }
  }
}

@unmanaged
export class DepthwiseGradientArguments {
  x: u32;
  dy: u32;
  /** [parts, taps, channels]. */
  partial: u32;
  /** A `Walk`. */
  walk: u32;
  images: u32;
  parts: u32;
  /** Output rows that are worked on at a time. */
  bandRows: u32;
  /** For each pixel of a band, byte offsets of x from the window's start and of dy from the band's. */
  pixels: u32;
  /** Byte offset of each tap from a pixel's place in the window. */
  offsets: u32;
  taps: u32;
  /** As for the convolution. */
  channels: u32;
  gather: u32;
}

/**
 * dFilter[t, c] = sum over images n and output pixels p of x[n, at(p) + offset(t), c] dy[n, p, c]: the same tile with taps as
 * its rows, walking pairs of pixels. A chunk is a part, as in filter-gradient.ts.
 */
export function depthwiseGradient(f: DepthwiseGradientArguments, part: u32): void {
  const walk = changetype<Walk>(f.walk);
  const channels = walk.outputChannels;
  const stride = 4 * channels;
  const bands = (walk.outputHeight + f.bandRows - 1) / f.bandRows;
  const begin = <u32>((<u64>f.images * bands * part) / f.parts);
  const end = <u32>((<u64>f.images * bands * (part + 1)) / f.parts);
  const target = f.partial + part * f.taps * stride;
  for (let band = begin; band < end; band++) {
    const image = band / bands;
    const row = (band % bands) * f.bandRows;
    const rows = min(f.bandRows, walk.outputHeight - row);
    const window = openPixels(walk, f.x, image, f.channels, f.gather, row, rows);
    const dy = f.dy + (image * walk.outputHeight + row) * walk.outputWidth * stride;
    for (let c: u32 = 0; c < channels; c += TILE_COLUMNS) {
      for (let t: u32 = 0; t < f.taps; t += ROW_TILE) {
        const valid = min(ROW_TILE, f.taps - t);
        pointRows(window, f.offsets + 4 * t, valid);
        tileDepthwise(
          rowPointers, 4 * c, f.pixels, rows * walk.outputWidth, dy + 4 * c,
          target + t * stride + 4 * c, stride, valid, min(TILE_COLUMNS, channels - c), band > begin, 0, 0,
        );
      }
    }
  }
}

@unmanaged
export class TurnFilterArguments {
  /** [positions, groupInput, groups * groupOutput]. */
  filter: u32;
  /** [positions, groupOutput, groups * groupInput]. */
  turned: u32;
  positions: u32;
  groups: u32;
  groupInput: u32;
  groupOutput: u32;
}

/** Exchanges the inputs and outputs of each group, for an input gradient. */
export function turnFilter(f: TurnFilterArguments, _chunk: u32): void {
  let target = f.turned;
  for (let position: u32 = 0; position < f.positions; position++) {
    for (let output: u32 = 0; output < f.groupOutput; output++) {
      for (let group: u32 = 0; group < f.groups; group++) {
        for (let input: u32 = 0; input < f.groupInput; input++) {
          const row = (position * f.groupInput + input) * f.groups * f.groupOutput;
          store<f32>(target, load<f32>(f.filter + 4 * (row + group * f.groupOutput + output)));
          target += 4;
        }
      }
    }
  }
}
