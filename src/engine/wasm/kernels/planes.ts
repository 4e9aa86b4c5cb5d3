// The part of an image that a band of outputs sees, in planes: one for each channel, [rows][width], so that vectors can run
// along the image where there are too few channels to fill them.
import { clearFloats, copyFloats, Walk } from "./window";

/**
 * Copies what `rows` output rows of a walk with stride 1 see of an image into planes of rows of `windowWidth` floats, with
 * zeros for the padding. Behind each plane there must be room for a vector.
 */
export function openPlanes(
  walk: Walk, image: usize, firstRow: u32, rows: u32, target: usize, planeBytes: u32,
): void {
  const first = <i32>firstRow - walk.padTop;
  const windowRows = rows - 1 + walk.extentHeight;
  splitRows(
    image, walk.inputHeight, walk.inputWidth, walk.inputChannels, first, windowRows, walk.padLeft, walk.windowWidth,
    target, planeBytes,
  );
}

/**
 * Deals `rows` rows of an image, from `firstRow` on, out to planes with rows of `planeWidth` floats, the image's column 0 at
 * column `left` of them. What lies outside of the image is zero.
 */
export function splitRows(
  image: usize, height: u32, width: u32, channels: u32, firstRow: i32, rows: u32, left: i32, planeWidth: u32,
  target: usize, planeBytes: u32,
): void {
  const columns = <i32>planeWidth;
  const begin = min(max(0, left), columns);
  const end = max(begin, min(columns, <i32>width + left));
  const skipped = 4 * max(0, -left) * channels;
  for (let c: u32 = 0; c < channels; c += 4) {
    const count = min(4, channels - c);
    for (let r: u32 = 0; r < rows; r++) {
      const y = firstRow + <i32>r;
      const inside = y >= 0 && <u32>y < height;
      const at = target + c * planeBytes + 4 * r * planeWidth;
      // From left to right: each stretch may be written a little beyond its end.
      for (let i: u32 = 0; i < count; i++) clearFloats(at + i * planeBytes, inside ? begin : columns);
      if (!inside) continue;
      const source = image + 4 * y * width * channels + skipped + 4 * c;
      if (channels == 1) copyFloats(source, at + 4 * begin, end - begin);
      else splitRow(source, 4 * channels, end - begin, at + 4 * begin, planeBytes, count);
      for (let i: u32 = 0; i < count; i++) clearFloats(at + i * planeBytes + 4 * end, columns - end);
    }
  }
}

/** Deals `count` (1 to 4) channels of a row's pixels out to as many planes. */
function splitRow(source: usize, pixelBytes: u32, pixels: u32, target: usize, planeBytes: u32, count: u32): void {
  const last = pixels - 1;
  for (let p: u32 = 0; p < pixels; p += 4) {
    const r0 = v128.load(source + p * pixelBytes);
    const r1 = v128.load(source + min(p + 1, last) * pixelBytes);
    const r2 = v128.load(source + min(p + 2, last) * pixelBytes);
    const r3 = v128.load(source + min(p + 3, last) * pixelBytes);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    const at = target + 4 * p;
    v128.store(at, i64x2.shuffle(low01, low23, 0, 2));
    if (count > 1) v128.store(at + planeBytes, i64x2.shuffle(low01, low23, 1, 3));
    if (count > 2) v128.store(at + 2 * planeBytes, i64x2.shuffle(high01, high23, 0, 2));
    if (count > 3) v128.store(at + 3 * planeBytes, i64x2.shuffle(high01, high23, 1, 3));
  }
}
