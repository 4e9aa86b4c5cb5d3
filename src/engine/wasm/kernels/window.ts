// The part of an image that a band of a convolution's output sees. Where the kernel hangs over the image's edge it is copied
// to scratch, with zeros for the padding; else it is read where it lies. One window serves all groups and all filters.

/** Geometry that the kernels of a convolution share. Sizes in pixels and floats. */
@unmanaged
export class Walk {
  inputHeight: u32;
  inputWidth: u32;
  inputChannels: u32;
  outputHeight: u32;
  outputWidth: u32;
  outputChannels: u32;
  groups: u32;
  /** Channels of one group. */
  groupInput: u32;
  groupOutput: u32;
  strideHeight: u32;
  /** Rows above and columns left of the input; less than 0 where the walk starts inside. */
  padTop: i32;
  padLeft: i32;
  /** Rows that the kernel spans. */
  extentHeight: u32;
  /** Columns of the window; 0 where the input is read in place. */
  windowWidth: u32;
}

/** Copies `count` floats, up to three more than that. */
// @ts-ignore: decorator
@inline
export function copyFloats(source: usize, target: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(target + 4 * i, v128.load(source + 4 * i));
}

/** Clears `count` floats, up to three more than that. */
// @ts-ignore: decorator
@inline
export function clearFloats(target: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(target + 4 * i, f32x4.splat(0));
}

/**
 * Address of the input position that output row `firstRow` sees first, for `rows` output rows: in the image itself, or in
 * a window [rows][windowWidth][inputChannels] that is built at `target`, with room for a vector behind it.
 */
export function openWindow(walk: Walk, image: usize, firstRow: u32, rows: u32, target: usize): usize {
  const rowBytes = 4 * walk.inputWidth * walk.inputChannels;
  if (!walk.windowWidth) return image + firstRow * walk.strideHeight * rowBytes;
  const channels = walk.inputChannels;
  const width = <i32>walk.windowWidth;
  const begin = min(max(0, walk.padLeft), width);
  const end = max(begin, min(width, <i32>walk.inputWidth + walk.padLeft));
  const skipped = 4 * max(0, -walk.padLeft) * channels;
  const windowRows = (rows - 1) * walk.strideHeight + walk.extentHeight;
  let at = target;
  for (let r: u32 = 0; r < windowRows; r++) {
    const y = <i32>(firstRow * walk.strideHeight + r) - walk.padTop;
    if (y >= 0 && <u32>y < walk.inputHeight) {
      // From left to right: each stretch may be written a little beyond its end.
      clearFloats(at, begin * channels);
      copyFloats(image + y * rowBytes + skipped, at + 4 * begin * channels, (end - begin) * channels);
      clearFloats(at + 4 * end * channels, (width - end) * channels);
    } else {
      clearFloats(at, width * channels);
    }
    at += 4 * width * channels;
  }
  return target;
}

/**
 * As `openWindow` for a window whose pixels are put together anew: float i of a pixel is what lies `gather[i]` bytes from the
 * pixel's place in an image of `channels` channels. The window's pixels have `inputChannels` floats.
 */
export function openGathered(
  walk: Walk, image: usize, channels: u32, gather: usize, firstRow: u32, rows: u32, target: usize,
): usize {
  const count = walk.inputChannels;
  const windowRows = (rows - 1) * walk.strideHeight + walk.extentHeight;
  let at = target;
  for (let r: u32 = 0; r < windowRows; r++) {
    const y = <i32>(firstRow * walk.strideHeight + r) - walk.padTop;
    for (let column: u32 = 0; column < walk.windowWidth; column++) {
      const x = <i32>column - walk.padLeft;
      if (y >= 0 && <u32>y < walk.inputHeight && x >= 0 && <u32>x < walk.inputWidth) {
        const source = image + 4 * (<u32>y * walk.inputWidth + <u32>x) * channels;
        for (let i: u32 = 0; i < count; i++) store<f32>(at + 4 * i, load<f32>(source + load<u32>(gather + 4 * i)));
      } else {
        clearFloats(at, count);
      }
      at += 4 * count;
    }
  }
  return target;
}
