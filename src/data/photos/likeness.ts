import type { DecodedImage } from "#host";

/** Cells of the grid that a photo is reduced to, along each axis: differences of neighbours are its bits. */
const cells = 9;
/** Pixels that are looked at along each axis of a cell: enough for a mean that noise does not move. */
const samples = 16;
/** Differences up to this are none: flat stretches are the same whatever a compression makes of them. */
const margin = 2;

/**
 * What a photo shows, in 16 bytes that stay nearly the same when it is compressed again, resized or cut a little at its
 * edges: whether each of 9 by 9 gray cells is darker than the one to its right (the first 8 bytes) and than the one below
 * it (the last 8).
 */
export function likenessOf(image: DecodedImage): Uint8Array {
  const means = cellMeans(image);
  const likeness = new Uint8Array(likenessBits / 8);
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      const at = row * cells + column;
      if (means[at] + margin < means[at + 1]) likeness[row] |= 1 << column;
      if (means[at] + margin < means[at + cells]) likeness[8 + row] |= 1 << column;
    }
  }
  return likeness;
}

/** Mean gray of each cell, from pixels that are spread evenly over it. */
function cellMeans({ pixels, width, height, channels }: DecodedImage): Float64Array {
  const means = new Float64Array(cells * cells);
  const last = channels === 3 ? 2 : 0;
  for (let row = 0; row < cells * samples; row++) {
    const y = Math.floor(((row + 0.5) * height) / (cells * samples));
    const cellRow = Math.floor(row / samples) * cells;
    for (let column = 0; column < cells * samples; column++) {
      const x = Math.floor(((column + 0.5) * width) / (cells * samples));
      const at = (y * width + x) * channels;
      const middle = channels === 3 ? pixels[at + 1] : pixels[at];
      // Luma, in eighths.
      means[cellRow + Math.floor(column / samples)] += 2 * pixels[at] + 5 * middle + pixels[at + last];
    }
  }
  return means.map((sum) => sum / (8 * samples * samples));
}

/** In how many bits two likenesses differ: 0 to 128. */
export function likenessDistance(a: Uint8Array, b: Uint8Array): number {
  let distance = 0;
  for (let index = 0; index < a.length; index++) distance += bitCounts[a[index] ^ b[index]];
  return distance;
}

/** Bits of a likeness. */
export const likenessBits = 128;

/** Photos are alike up to this distance. */
export const alikeDistance = 12;

/**
 * Whether two likenesses are those of one photo: compressed again, resized, brightened or with 2 % of its edges cut off.
 * Of 500 photos of pets, 99 % of the copies made in the first three ways are found and 82 % of the fourth; two distinct ones
 * differ in 29 bits or more. Pictures of few edges (digits, icons) have fewer bits that could differ, and less may:
 *
 *   distance <= min(12, n^2 / 300),  n the number of bits that either has
 */
export function areAlike(a: Uint8Array, b: Uint8Array): boolean {
  const distance = likenessDistance(a, b);
  if (distance > alikeDistance) return false;
  let either = 0;
  for (let index = 0; index < a.length; index++) either += bitCounts[a[index] | b[index]];
  return distance * 300 <= either * either;
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);
