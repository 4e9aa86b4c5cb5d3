import type { Shape } from "../../tensor/index.ts";

/** What comes in at the edges of a moved image: zeros, as bytes, or the pixels of the edge again and again. */
export const backgrounds = ["zeros", "edge"] as const;

/** One of {@link backgrounds}. */
export type MoveBackground = (typeof backgrounds)[number];

/** Shape of an image with a margin all around. */
export function withMarginShape([height, width, channels]: Shape, margin: number): Shape {
  return [height + 2 * margin, width + 2 * margin, channels];
}

/**
 * Copies images and puts a margin around each: moved by up to `margin` pixels, an image is a window of the result.
 *
 * Shapes: `count` images `[H, W, C]`, one behind the other -> `[H + 2 margin, W + 2 margin, C]` each.
 *
 * @param target - where they go, from its beginning; its bytes are zero, or images of the same shape with a margin
 */
export function copyWithMargin(
  images: Uint8Array,
  count: number,
  shape: Shape,
  { margin, background }: { readonly margin: number; readonly background: MoveBackground },
  target: Uint8Array,
): void {
  const [height, width, channels] = shape;
  const [tall, wide] = withMarginShape(shape, margin);
  const rowSize = width * channels;
  const wideSize = wide * channels;
  for (let image = 0; image < count; image++) {
    const place = image * tall * wideSize;
    for (let row = 0; row < height; row++) {
      const source = (image * height + row) * rowSize;
      const line = place + (row + margin) * wideSize;
      target.set(images.subarray(source, source + rowSize), line + margin * channels);
      if (background === "edge") extendRow(target, line, margin, width, channels);
    }
    if (background === "zeros") continue;
    const [first, last] = [margin, margin + height - 1].map((row) => place + row * wideSize);
    for (let step = 1; step <= margin; step++) {
      target.copyWithin(first - step * wideSize, first, first + wideSize);
      target.copyWithin(last + step * wideSize, last, last + wideSize);
    }
  }
}

/** Repeats the first and the last pixel of a row over its margins. */
function extendRow(target: Uint8Array, line: number, margin: number, width: number, channels: number): void {
  const first = line + margin * channels;
  const last = first + (width - 1) * channels;
  for (let step = 1; step <= margin; step++) {
    target.copyWithin(first - step * channels, first, first + channels);
    target.copyWithin(last + step * channels, last, last + channels);
  }
}

/**
 * Cuts a moved image out of one with a margin.
 *
 * @param shape - of the image without the margin
 * @param target - takes the image's bytes
 */
export function cutMoved(
  withMargin: Uint8Array,
  [height, width, channels]: Shape,
  margin: number,
  { dx, dy }: { readonly dx: number; readonly dy: number },
  target: Uint8Array,
): void {
  const wideSize = (width + 2 * margin) * channels;
  const rowSize = width * channels;
  for (let row = 0; row < height; row++) {
    const source = (row + margin - dy) * wideSize + (margin - dx) * channels;
    target.set(withMargin.subarray(source, source + rowSize), row * rowSize);
  }
}
