// dFilter of a convolution with stride 1: for 3 x 3 taps by F(3 x 3, 4 x 4), for 5 x 5 by F(5 x 5, 2 x 2). A tile of m x m
// output gradients is a filter over the 6 x 6 inputs that its outputs saw. In the transformed domain the sum over all tiles
// is 36 matrix products, P[f] [C, O] = V[f] transposed [C, tiles] x Z[f] [tiles, O], and only the sum is taken back.
//
// Two ways, as in winograd.ts. Where P is small, a chunk of `winogradParts` sums a stretch of tiles (a part), block by
// block in this thread's scratch, into a P of its own. Where P is large, adding to it once a block would be most of the
// work: then V and Z are made for many tiles (`winogradInput`, `winogradOutputGradient`), and a batched `matmul` makes P
// in one go. `winogradFilterGradient` adds the parts in order and takes them back. Parts and blocks follow from the shape,
// so the sum does not depend on the number of threads.
import { COLUMN_TILE, TILE_COLUMNS, tileColumnsAdd, tileColumnsFrom } from "./generated/tiles";
import { scratch, zeros } from "./tile";
import { storeLanes } from "./vector";
import { Tiling, tileScratchBytes, transformGradients, transformTiles } from "./winograd-tiles";
import { FREQUENCIES, restore } from "./winograd-transform";

@unmanaged
export class WinogradPartsArguments {
  x: u32;
  dy: u32;
  /** [parts][36][C, rounded up to a tile's rows][pRow]. */
  partial: u32;
  /** A `Tiling`. */
  tiling: u32;
  parts: u32;
  /** Tiles that are worked on at a time. */
  block: u32;
  /** Floats of a row of V and of Z, and from a frequency to the next in each. */
  vRow: u32;
  vFrequency: u32;
  zRow: u32;
  zFrequency: u32;
  /** Floats of a row of P, a multiple of the tile's columns, and from a frequency to the next. */
  pRow: u32;
  pFrequency: u32;
}

export function winogradParts(w: WinogradPartsArguments, chunk: u32): void {
  const tiling = changetype<Tiling>(w.tiling);
  const begin = <u32>((<u64>tiling.tiles * chunk) / w.parts);
  const end = <u32>((<u64>tiling.tiles * (chunk + 1)) / w.parts);
  const depth = tiling.inputChannels;
  const v = scratch + tileScratchBytes(max(depth, tiling.outputChannels));
  const z = v + 4 * FREQUENCIES * w.vFrequency;
  const sum = w.partial + 4 * chunk * FREQUENCIES * w.pFrequency;
  for (let first = begin; first < end; first += w.block) {
    const count = min(w.block, end - first);
    transformTiles(tiling, w.x, first, count, v, 4 * w.vRow, 4 * w.vFrequency);
    transformGradients(tiling, w.dy, first, count, z, 4 * w.zRow, 4 * w.zFrequency);
    for (let f: u32 = 0; f < FREQUENCIES; f++) {
      const a = v + 4 * f * w.vFrequency;
      const b = z + 4 * f * w.zFrequency;
      const c = sum + 4 * f * w.pFrequency;
      // P has rows to spare for a tile that reaches beyond the channels.
      for (let i: u32 = 0; i < depth; i += COLUMN_TILE) {
        for (let j: u32 = 0; j < w.pRow; j += TILE_COLUMNS) {
          const at = c + 4 * (i * w.pRow + j);
          if (first > begin) tileColumnsAdd(a + 4 * i, 4 * w.vRow, count, b + 4 * j, 4 * w.zRow, at, 4 * w.pRow);
          else tileColumnsFrom(a + 4 * i, 4 * w.vRow, count, b + 4 * j, 4 * w.zRow, at, 4 * w.pRow, zeros);
        }
      }
    }
  }
}

@unmanaged
export class WinogradOutputGradientArguments {
  dy: u32;
  /** Z. */
  target: u32;
  /** A `Tiling`. */
  tiling: u32;
  /** The stretch of tiles that the call transforms, and how many of them are in a chunk. */
  firstTile: u32;
  count: u32;
  perChunk: u32;
  /** Floats of a row of Z, and from a frequency to the next. */
  row: u32;
  frequency: u32;
}

/** Transforms output gradients into Z. */
export function winogradOutputGradient(w: WinogradOutputGradientArguments, chunk: u32): void {
  const begin = chunk * w.perChunk;
  const count = min(w.perChunk, w.count - begin);
  const target = w.target + 4 * begin * w.row;
  transformGradients(
    changetype<Tiling>(w.tiling), w.dy, w.firstTile + begin, count, target, 4 * w.row, 4 * w.frequency,
  );
}

@unmanaged
export class WinogradFilterGradientArguments {
  /** [parts][36][at least C][pRow]. */
  partial: u32;
  /** [size, size, C, O]. */
  gradient: u32;
  parts: u32;
  inputChannels: u32;
  outputChannels: u32;
  /** The input channel of the first row of P. */
  firstChannel: u32;
  pRow: u32;
  /** Floats from a frequency to the next. */
  frequency: u32;
  /** 3 or 5. */
  size: u32;
}

/** Adds the parts and takes the sum back; chunk = row of P. */
export function winogradFilterGradient(w: WinogradFilterGradientArguments, chunk: u32): void {
  if (w.size == 3) restoreGradient(w, chunk, 3);
  else restoreGradient(w, chunk, 5);
}

// @ts-ignore: decorator
@inline
function restoreGradient(w: WinogradFilterGradientArguments, chunk: u32, size: u32): void {
  const channel = w.firstChannel + chunk;
  const frequencyBytes = 4 * w.frequency;
  const partBytes = FREQUENCIES * frequencyBytes;
  const sum: u32 = scratch;
  const temporary = sum + 16 * FREQUENCIES;
  const kernel = temporary + 16 * FREQUENCIES;
  for (let o: u32 = 0; o < w.outputChannels; o += 4) {
    const source = w.partial + 4 * (chunk * w.pRow + o);
    // Columns of the 6 x 6 first: temporary [size][6], then rows.
    if (w.parts == 1) {
      for (let j: u32 = 0; j < 6; j++) {
        restore(source + j * frequencyBytes, 6 * frequencyBytes, temporary + 16 * j, 96, size);
      }
    } else {
      for (let f: u32 = 0; f < FREQUENCIES; f++) {
        let total = v128.load(source + f * frequencyBytes);
        for (let part: u32 = 1; part < w.parts; part++) {
          total = f32x4.add(total, v128.load(source + part * partBytes + f * frequencyBytes));
        }
        v128.store(sum + 16 * f, total);
      }
      for (let j: u32 = 0; j < 6; j++) restore(sum + 16 * j, 96, temporary + 16 * j, 96, size);
    }
    for (let i: u32 = 0; i < size; i++) {
      restore(temporary + 96 * i, 16, kernel, 16, size);
      for (let j: u32 = 0; j < size; j++) {
        const at = w.gradient + 4 * (((size * i + j) * w.inputChannels + channel) * w.outputChannels + o);
        storeLanes(at, v128.load(kernel + 16 * j), w.outputChannels - o);
      }
    }
  }
}
