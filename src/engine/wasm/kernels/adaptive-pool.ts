// Means over windows that share an image out evenly, and their gradient. Along one axis of length `size` that is cut into
// `parts`, part i is the stretch from floor(i size / parts) to ceil((i + 1) size / parts); parts may overlap.
//
//   forward    y[n,i,j,c] = the mean of x[n,h,w,c] over the rows of part i and the columns of part j
//   gradient   dx[n,h,w,c] = the sum of dy[n,i,j,c] / (pixels of window i, j) over the windows that h, w lies in
//
// The parts that position h lies in are those from floor(h parts / size) to ceil((h + 1) parts / size): the same formula
// the other way about. So both directions gather, and are one walk; they differ in what a pixel is weighed with.
// Both sides are [N, H, W, C]. A chunk is `rowsPerChunk` of the N * toHeight rows of the result.
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class AdaptivePoolArguments {
  from: u32;
  to: u32;
  /** Rows of the result in all images together. */
  rows: u32;
  fromHeight: u32;
  fromWidth: u32;
  toHeight: u32;
  toWidth: u32;
  channels: u32;
  /** 1 for the gradient, 0 for the means. */
  gradient: u32;
  rowsPerChunk: u32;
}

// @ts-ignore: decorator
@inline
function partBegin(part: u32, parts: u32, size: u32): u32 {
  return (part * size) / parts;
}

// @ts-ignore: decorator
@inline
function partEnd(part: u32, parts: u32, size: u32): u32 {
  return ((part + 1) * size + parts - 1) / parts;
}

// @ts-ignore: decorator
@inline
function partLength(part: u32, parts: u32, size: u32): u32 {
  return partEnd(part, parts, size) - partBegin(part, parts, size);
}

/** to = weight * from for the first pixel of a sum, to += weight * from for the others. */
// @ts-ignore: decorator
@inline
function addPixel(first: bool, from: usize, to: usize, channels: u32, weight: v128): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const value = v128.load(from);
    const sum = first ? f32x4.mul(value, weight) : multiplyAdd(value, weight, v128.load(to));
    storeLanes(to, sum, channels - c);
    from += 16;
    to += 16;
  }
}

function adaptivePoolRow(x: AdaptivePoolArguments, index: u32): void {
  const pixelBytes: usize = 4 * x.channels;
  const i = index % x.toHeight;
  const image = index / x.toHeight;
  const top = partBegin(i, x.toHeight, x.fromHeight);
  const bottom = partEnd(i, x.toHeight, x.fromHeight);
  let to = x.to + index * x.toWidth * pixelBytes;
  for (let j: u32 = 0; j < x.toWidth; j++) {
    const left = partBegin(j, x.toWidth, x.fromWidth);
    const right = partEnd(j, x.toWidth, x.fromWidth);
    let count = (bottom - top) * (right - left);
    for (let row = top; row < bottom; row++) {
      let from = x.from + ((image * x.fromHeight + row) * x.fromWidth + left) * pixelBytes;
      for (let column = left; column < right; column++) {
        if (x.gradient) {
          count = partLength(row, x.fromHeight, x.toHeight) * partLength(column, x.fromWidth, x.toWidth);
        }
        const weight = f32x4.splat(1 / <f32>count);
        addPixel(row == top && column == left, from, to, x.channels, weight);
        from += pixelBytes;
      }
    }
    to += pixelBytes;
  }
}

export function adaptivePool(x: AdaptivePoolArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  for (let row = begin; row < end; row++) adaptivePoolRow(x, row);
}
