/** For each target position: the first source position that counts, and the weights of it and those after it. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Weights of a triangle filter along one axis. Its half width is the scale when shrinking, so that every source pixel
 * counts (area averaging with soft edges), and one pixel when enlarging (bilinear interpolation):
 *
 *   centre = (target + 1/2) scale,  weight(source) ~ max(0, 1 - |source + 1/2 - centre| / max(scale, 1))
 *
 * Source: Pillow's `Image.resize(..., Resampling.BILINEAR)`, which PyTorch's and Keras's image pipelines rest on.
 */
function triangleTaps(sourceSize: number, targetSize: number): Taps[] {
  const scale = sourceSize / targetSize;
  const halfWidth = Math.max(scale, 1);
  return Array.from({ length: targetSize }, (_, target) => {
    const centre = (target + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - halfWidth + 0.5));
    const end = Math.min(sourceSize, Math.floor(centre + halfWidth + 0.5));
    const raw = Array.from({ length: end - first }, (_, tap) =>
      Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / halfWidth),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** Size of an image and its channels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * An image at another size, by a triangle filter along the rows and then along the columns.
 *
 * Shapes: `pixels` is `[height, width, channels]` of `size`; the result `[height, width, channels]` with the target's
 * height and width.
 */
export function resample(pixels: Uint8Array, size: ImageSize, height: number, width: number): Uint8Array {
  const { channels } = size;
  const columnTaps = triangleTaps(size.width, width);
  const rows = new Float64Array(size.height * width * channels);
  for (let row = 0; row < size.height; row++) {
    for (let column = 0; column < width; column++) {
      const { first, weights } = columnTaps[column];
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap++) {
          sum += weights[tap] * pixels[(row * size.width + first + tap) * channels + channel];
        }
        rows[(row * width + column) * channels + channel] = sum;
      }
    }
  }
  const rowTaps = triangleTaps(size.height, height);
  const rowSize = width * channels;
  const result = new Uint8Array(height * rowSize);
  for (let row = 0; row < height; row++) {
    const { first, weights } = rowTaps[row];
    for (let index = 0; index < rowSize; index++) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++)
        sum += weights[tap] * rows[(first + tap) * rowSize + index];
      result[row * rowSize + index] = Math.round(sum);
    }
  }
  return result;
}
