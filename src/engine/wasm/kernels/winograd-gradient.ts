// dFilter of a 3 x 3 convolution with stride 1 by F(3 x 3, 4 x 4): a tile of 4 x 4 output gradients is a filter over the
// 6 x 6 inputs that its outputs saw. In the transformed domain the sum over all tiles is 36 matrix products,
// P[f] [C, O] = V[f] transposed [C, tiles] x Z[f] [tiles, O], and only the sum is taken back.
//
// A chunk sums a stretch of tiles (a part) into a P of its own; `winogradFilterGradient` adds the parts in order and
// takes them back. Parts follow from the shape, so the sum does not depend on the number of threads.
import { COLUMN_TILE, TILE_COLUMNS, tileColumns } from "./generated/tiles";
import { scratch } from "./tile";
import { storeLanes } from "./vector";
import { gather, paddedChannels, TEMPORARY_BYTES, Tiling, tilesAcross, tilesOfImage, transformTiles } from "./winograd";
import { FREQUENCIES, restoreFilter, transformOutputGradient } from "./winograd-transform";

@unmanaged
export class WinogradPartsArguments {
  x: u32;
  dy: u32;
  /** [parts][36][C][paddedChannels(O)]. */
  partial: u32;
  /** A `Tiling`. */
  tiling: u32;
  parts: u32;
}

export function winogradParts(w: WinogradPartsArguments, chunk: u32): void {
  const tiling = changetype<Tiling>(w.tiling);
  const tiles = tiling.images * tilesOfImage(tiling);
  const begin = <u32>((<u64>tiles * chunk) / w.parts);
  const end = <u32>((<u64>tiles * (chunk + 1)) / w.parts);
  const depth = tiling.inputChannels;
  const channels = paddedChannels(depth);
  const outputs = paddedChannels(tiling.outputChannels);
  const temporary: u32 = scratch;
  const patch = temporary + TEMPORARY_BYTES;
  const v = patch + 4 * FREQUENCIES * max(channels, outputs);
  const z = v + 4 * FREQUENCIES * tiling.block * channels;
  const sum = w.partial + 4 * chunk * FREQUENCIES * depth * outputs;
  for (let first = begin; first < end; first += tiling.block) {
    const count = min(tiling.block, end - first);
    transformTiles(tiling, w.x, first, count, v, channels, temporary, patch);
    transformGradients(tiling, w.dy, first, count, z, outputs, temporary, patch);
    for (let f: u32 = 0; f < FREQUENCIES; f++) {
      const a = v + 4 * f * count * channels;
      const b = z + 4 * f * count * outputs;
      const c = sum + 4 * f * depth * outputs;
      for (let i: u32 = 0; i < depth; i += COLUMN_TILE) {
        for (let j: u32 = 0; j < outputs; j += TILE_COLUMNS) {
          tileColumns(
            a + 4 * i, 4 * channels, count, b + 4 * j, 4 * outputs, c + 4 * (i * outputs + j), 4 * outputs,
            min(COLUMN_TILE, depth - i), TILE_COLUMNS, first > begin,
          );
        }
      }
    }
  }
}

/** Transforms the output gradients of `count` tiles from `first` on: Z[f][tile][channel]. */
function transformGradients(
  tiling: Tiling, dy: u32, first: u32, count: u32, target: u32, channels: u32, temporary: u32, patch: u32,
): void {
  const depth = tiling.outputChannels;
  const across = tilesAcross(tiling);
  const ofImage = tilesOfImage(tiling);
  const frequencyBytes = 4 * count * channels;
  for (let tile: u32 = 0; tile < count; tile++) {
    const inImage = (first + tile) % ofImage;
    const origin = dy + 4 * ((first + tile) / ofImage) * tiling.outputHeight * tiling.outputWidth * depth;
    const top = <i32>(4 * (inImage / across));
    const left = <i32>(4 * (inImage % across));
    gather(origin, tiling.outputHeight, tiling.outputWidth, depth, top, left, 4, patch, channels);
    const to = target + 4 * tile * channels;
    for (let c: u32 = 0; c < depth; c += 4) {
      const source = patch + 4 * c;
      // Columns of the 4 x 4 first: temporary [6][4], then rows.
      for (let j: u32 = 0; j < 4; j++) {
        transformOutputGradient(source + 4 * j * channels, 16 * channels, temporary + 16 * j, 64);
      }
      for (let i: u32 = 0; i < 6; i++) {
        transformOutputGradient(temporary + 64 * i, 16, to + 6 * i * frequencyBytes + 4 * c, frequencyBytes);
      }
    }
  }
}

@unmanaged
export class WinogradFilterGradientArguments {
  partial: u32;
  /** [3, 3, C, O]. */
  gradient: u32;
  parts: u32;
  inputChannels: u32;
  outputChannels: u32;
}

/** Adds the parts and takes the sum back; chunk = input channel. */
export function winogradFilterGradient(w: WinogradFilterGradientArguments, chunk: u32): void {
  const outputs = paddedChannels(w.outputChannels);
  const frequencyBytes = 4 * w.inputChannels * outputs;
  const sum: u32 = scratch;
  const temporary = sum + 16 * FREQUENCIES;
  const kernel = temporary + 16 * FREQUENCIES;
  for (let o: u32 = 0; o < w.outputChannels; o += 4) {
    const source = w.partial + 4 * (chunk * outputs + o);
    for (let f: u32 = 0; f < FREQUENCIES; f++) {
      let total = v128.load(source + f * frequencyBytes);
      for (let part: u32 = 1; part < w.parts; part++) {
        total = f32x4.add(total, v128.load(source + (part * FREQUENCIES + f) * frequencyBytes));
      }
      v128.store(sum + 16 * f, total);
    }
    // Columns of the 6 x 6 first: temporary [3][6], then rows.
    for (let j: u32 = 0; j < 6; j++) restoreFilter(sum + 16 * j, 96, temporary + 16 * j, 96);
    for (let i: u32 = 0; i < 3; i++) {
      restoreFilter(temporary + 96 * i, 16, kernel, 16);
      for (let j: u32 = 0; j < 3; j++) {
        const at = w.gradient + 4 * (((3 * i + j) * w.inputChannels + chunk) * w.outputChannels + o);
        storeLanes(at, v128.load(kernel + 16 * j), w.outputChannels - o);
      }
    }
  }
}
