// The part of an image that a band of a convolution's output sees, copied to scratch where it cannot be read in place:
// with zeros for the padding, zeros between its pixels (the input gradient of a strided convolution), and only the
// channels of one group.

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
  strideWidth: u32;
  padTop: i32;
  padLeft: i32;
  /** Distance of the input's pixels in the window: 1, or the stride that an input gradient undoes. */
  insertHeight: u32;
  insertWidth: u32;
  /** Rows that the dilated kernel spans. */
  extentHeight: u32;
  /** Columns of the window; 0 where the input is read in place. */
  windowWidth: u32;
}

/** Bytes between the rows of what `openWindow` returns. */
export function windowRowBytes(walk: Walk): u32 {
  return walk.windowWidth ? 4 * walk.windowWidth * walk.groupInput : 4 * walk.inputWidth * walk.inputChannels;
}

/** Bytes between the pixels of what `openWindow` returns. */
export function windowPixelBytes(walk: Walk): u32 {
  return 4 * (walk.windowWidth ? walk.groupInput : walk.inputChannels);
}

/** Copies `count` floats. The target must be writable up to the next multiple of 4. */
// @ts-ignore: decorator
@inline
function copyFloats(source: u32, target: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(target + 4 * i, v128.load(source + 4 * i));
}

// @ts-ignore: decorator
@inline
function clearFloats(target: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<f32>(target + 4 * i, 0);
}

/**
 * Address of the input position that output row `firstRow` sees first, for `rows` output rows of one group: in the image
 * itself, or in a window that is built at `target`.
 */
export function openWindow(walk: Walk, image: u32, group: u32, firstRow: u32, rows: u32, target: u32): u32 {
  const rowFloats = walk.inputWidth * walk.inputChannels;
  if (!walk.windowWidth) return image + 4 * firstRow * walk.strideHeight * rowFloats;
  const windowRows = (rows - 1) * walk.strideHeight + walk.extentHeight;
  const targetRowBytes = windowRowBytes(walk);
  let at = target;
  for (let r: u32 = 0; r < windowRows; r++) {
    const y = <i32>(firstRow * walk.strideHeight + r) - walk.padTop;
    const inside = y >= 0 && <u32>y % walk.insertHeight == 0 && <u32>y / walk.insertHeight < walk.inputHeight;
    if (inside) {
      copyRow(walk, image + 4 * (<u32>y / walk.insertHeight) * rowFloats + 4 * group * walk.groupInput, at);
    } else {
      clearFloats(at, walk.windowWidth * walk.groupInput);
    }
    at += targetRowBytes;
  }
  return target;
}

/** One row of the window. */
function copyRow(walk: Walk, source: u32, target: u32): void {
  const channels = walk.groupInput;
  const width = <i32>walk.windowWidth;
  const insert = <i32>walk.insertWidth;
  const left = walk.padLeft;
  if (insert == 1 && walk.groups == 1) {
    const first = max(0, -left);
    const begin = min(max(0, left), width);
    const end = max(begin, min(width, <i32>walk.inputWidth + left));
    // The copy may write up to three floats too many: the zeros on the right come after it.
    copyFloats(source + 4 * first * channels, target + 4 * begin * channels, (end - begin) * channels);
    clearFloats(target, begin * channels);
    clearFloats(target + 4 * end * channels, (width - end) * channels);
    return;
  }
  for (let column: i32 = 0; column < width; column++) {
    const x = column - left;
    const to = target + 4 * column * channels;
    if (x >= 0 && x % insert == 0 && x / insert < <i32>walk.inputWidth) {
      copyFloats(source + 4 * (x / insert) * walk.inputChannels, to, channels);
    } else {
      clearFloats(to, channels);
    }
  }
}
