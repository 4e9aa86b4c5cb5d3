// dFilter[k, o] = sum over images n and output pixels p of x[n, at(p) + offset(k)] dy[n, p, o]: a product of the
// transposed patches [K, pixels] with dy [pixels, O], NHWC. For one kernel row, k runs through a stretch of the input
// without gaps, so that the elements of a tile's rows lie side by side for each pixel; only the pixels need offsets.
//
// A chunk sums the images of one part over a share of the runs into the part's own copy of the gradient; `sumParts` adds
// the parts in order. Parts follow from the shape, so the sum does not depend on the number of threads.
import { COLUMN_TILE, TILE_COLUMNS, tileColumnOffsets } from "./generated/tiles";
import { zero } from "./vector";
import { scratch } from "./tile";
import { openWindow, Walk } from "./window";

@unmanaged
export class FilterGradientArguments {
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
  /** Byte offset of each pixel of a band from the band's first input position. */
  pixelOffsets: u32;
  /** Stretches of k without gaps: byte offset of each, and their common length in floats. */
  runs: u32;
  runOffsets: u32;
  runLength: u32;
  /** Shares of the runs; chunk = part * shares + share. */
  shares: u32;
}

export function filterGradient(f: FilterGradientArguments, chunk: u32): void {
  const walk = changetype<Walk>(f.walk);
  const part = chunk / f.shares;
  const share = chunk % f.shares;
  const runBegin = (f.runs * share) / f.shares;
  const runEnd = (f.runs * (share + 1)) / f.shares;
  const imageBegin = (f.images * part) / f.parts;
  const imageEnd = (f.images * (part + 1)) / f.parts;
  const target = f.partial + 4 * part * f.runs * f.runLength * walk.outputChannels;
  const imageFloats = walk.inputHeight * walk.inputWidth * walk.inputChannels;
  for (let image = imageBegin; image < imageEnd; image++) {
    for (let row: u32 = 0; row < walk.outputHeight; row += f.bandRows) {
      const rows = min(f.bandRows, walk.outputHeight - row);
      const pixel = (image * walk.outputHeight + row) * walk.outputWidth;
      const first = image == imageBegin && row == 0;
      for (let group: u32 = 0; group < walk.groups; group++) {
        const window = openWindow(walk, f.x + 4 * image * imageFloats, group, row, rows, scratch);
        const channel = 4 * group * walk.groupOutput;
        const dy = f.dy + 4 * pixel * walk.outputChannels + channel;
        for (let run = runBegin; run < runEnd; run++) {
          const x = window + load<u32>(f.runOffsets + 4 * run);
          const at = target + 4 * run * f.runLength * walk.outputChannels + channel;
          addRun(f, walk, x, dy, rows * walk.outputWidth, at, !first);
        }
      }
    }
  }
}

/** Adds a band's product for one run of k and one group. */
function addRun(
  f: FilterGradientArguments, walk: Walk, x: u32, dy: u32, pixels: u32, target: u32, accumulate: bool,
): void {
  const stride = 4 * walk.outputChannels;
  for (let i: u32 = 0; i < f.runLength; i += COLUMN_TILE) {
    const rowsValid = min(COLUMN_TILE, f.runLength - i);
    for (let j: u32 = 0; j < walk.groupOutput; j += TILE_COLUMNS) {
      tileColumnOffsets(
        x + 4 * i, f.pixelOffsets, pixels, dy + 4 * j, stride,
        target + i * stride + 4 * j, stride, rowsValid, min(TILE_COLUMNS, walk.groupOutput - j), accumulate,
        0, 0,
      );
    }
  }
}

@unmanaged
export class SumPartsArguments {
  partial: u32;
  total: u32;
  parts: u32;
  /** Floats in a part. */
  count: u32;
  perChunk: u32;
}

/** total[i] = sum over parts of partial[part][i], in order. A chunk is a stretch of i. */
export function sumParts(s: SumPartsArguments, chunk: u32): void {
  const begin = chunk * s.perChunk;
  const end = min(s.count, begin + s.perChunk);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    let at = s.partial + 4 * i;
    let sum = zero();
    for (let part: u32 = 0; part < s.parts; part++) {
      sum = f32x4.add(sum, v128.load(at));
      at += 4 * s.count;
    }
    v128.store(s.total + 4 * i, sum);
  }
  for (; i < end; i++) {
    let sum: f32 = 0;
    for (let part: u32 = 0; part < s.parts; part++) sum += load<f32>(s.partial + 4 * (part * s.count + i));
    store<f32>(s.total + 4 * i, sum);
  }
}
