// Matrices side by side: up to four of them become the columns of a wider one, or the columns of one several of their own.
//
//   joinColumns    target[row] = part0[row], part1[row], ... one behind the other
//   splitColumns   the other way about
//
// All are read and written row by row in one pass. (Part by part, each pass skips the columns of the others: what a
// processor fetches ahead is then mostly theirs, and the passes take several times as long.) The wide matrix may have
// further columns before and behind these. A chunk is `rowsPerChunk` rows.
import { storeLanes } from "./vector";

@unmanaged
export class JoinColumnsArguments {
  /** 0 for one that there is not, with 0 columns. */
  part0: u32;
  part1: u32;
  part2: u32;
  part3: u32;
  columns0: u32;
  columns1: u32;
  columns2: u32;
  columns3: u32;
  /** The first column of the first part in row 0 of the wide matrix, and floats from one row of it to the next. */
  wide: u32;
  stride: u32;
  rows: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class SplitColumnsArguments {
  part0: u32;
  part1: u32;
  part2: u32;
  part3: u32;
  columns0: u32;
  columns1: u32;
  columns2: u32;
  columns3: u32;
  wide: u32;
  stride: u32;
  rows: u32;
  rowsPerChunk: u32;
}

// @ts-ignore: decorator
@inline
function copyFloats(source: usize, target: usize, count: u32): void {
  let i: u32 = 0;
  for (; i + 8 <= count; i += 8) {
    const low = v128.load(source + 4 * i);
    const high = v128.load(source + 4 * i, 16);
    v128.store(target + 4 * i, low);
    v128.store(target + 4 * i, high, 16);
  }
  for (; i < count; i += 4) storeLanes(target + 4 * i, v128.load(source + 4 * i), count - i);
}

export function joinColumns(x: JoinColumnsArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  for (let row = begin; row < end; row++) {
    let target: usize = x.wide + 4 * row * x.stride;
    copyFloats(x.part0 + 4 * row * x.columns0, target, x.columns0);
    target += 4 * x.columns0;
    copyFloats(x.part1 + 4 * row * x.columns1, target, x.columns1);
    target += 4 * x.columns1;
    copyFloats(x.part2 + 4 * row * x.columns2, target, x.columns2);
    target += 4 * x.columns2;
    copyFloats(x.part3 + 4 * row * x.columns3, target, x.columns3);
  }
}

export function splitColumns(x: SplitColumnsArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  for (let row = begin; row < end; row++) {
    let source: usize = x.wide + 4 * row * x.stride;
    copyFloats(source, x.part0 + 4 * row * x.columns0, x.columns0);
    source += 4 * x.columns0;
    copyFloats(source, x.part1 + 4 * row * x.columns1, x.columns1);
    source += 4 * x.columns1;
    copyFloats(source, x.part2 + 4 * row * x.columns2, x.columns2);
    source += 4 * x.columns2;
    copyFloats(source, x.part3 + 4 * row * x.columns3, x.columns3);
  }
}
