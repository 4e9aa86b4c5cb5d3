import { shiftOf } from "../ops/index.ts";
import { type RandomKey, type Shape, sizeOf } from "../tensor/index.ts";

/**
 * Moves images as the op `loadImages` moves them in the step of a key: each by what is drawn for its index in the dataset.
 *
 * @param images - bytes of images of `shape`, one behind the other
 * @param indices - of the images in their dataset
 * @returns bytes of the moved images; zero where something came in
 */
export function shiftBytes(
  images: Uint8Array,
  [height, width, channels]: Shape,
  indices: Int32Array,
  key: RandomKey,
  shift: number,
): Uint8Array {
  const moved = new Uint8Array(images.length);
  const rowSize = width * channels;
  const size = sizeOf([height, rowSize]);
  for (const [place, index] of indices.entries()) {
    const { dx, dy } = shiftOf(key, index, shift);
    const kept = Math.max(0, width - Math.abs(dx)) * channels;
    if (kept === 0) continue;
    const [from, to] = [Math.max(0, -dx) * channels, Math.max(0, dx) * channels];
    for (let row = Math.max(0, dy); row < Math.min(height, height + dy); row++) {
      const source = place * size + (row - dy) * rowSize + from;
      moved.set(images.subarray(source, source + kept), place * size + row * rowSize + to);
    }
  }
  return moved;
}
