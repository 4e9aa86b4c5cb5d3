// What the generated register tiles share: the place where a tile is put that reaches beyond the edge of its matrix.
import { storeLanes } from "./vector";

/** Scratch of this thread; `spill` comes first, then whatever a kernel needs. Set once for each thread. */
export let spill: usize = 0;
export let scratch: usize = 0;

/** Bytes at the start of a thread's scratch that `spill`, a tile's row pointers and its positions take. */
export const RESERVED_BYTES: usize = 4096;

/** Row pointers of the tile at work. */
export let rowPointers: usize = 0;

/** Pairs of offsets into a and b where a sparse tile's elements are not all zero; room for 256. */
export let positions: usize = 0;

export function setScratch(address: usize): void {
  spill = address;
  rowPointers = address + 1536;
  positions = address + 2048;
  scratch = address + RESERVED_BYTES;
}

/** Copies `rows` rows of `columns` floats. The source must be readable up to the next multiple of 4 columns. */
export function copyTile(
  source: usize, sourceStride: usize, target: usize, targetStride: usize, rows: u32, columns: u32,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < columns; j += 4) {
      storeLanes(target + 4 * j, v128.load(source + 4 * j), columns - j);
    }
    source += sourceStride;
    target += targetStride;
  }
}
