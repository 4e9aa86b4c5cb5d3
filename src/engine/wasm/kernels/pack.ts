// Packing of the right operand of a product into panels [k][width], zero beyond the valid columns.
import { COLUMN_TILE, TILE_COLUMNS } from "./generated/tiles";
import { zero } from "./vector";

/** From a matrix whose rows run along the columns of the panel: element [k][j] lies at source + k * stride + 4 j. */
export function packRows(
  source: usize, stride: usize, panel: usize, kCount: u32, valid: u32, width: u32 = TILE_COLUMNS,
): void {
  if (valid == TILE_COLUMNS && width == TILE_COLUMNS) {
    for (let k: u32 = 0; k < kCount; k++) {
      for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
        v128.store(panel + 4 * j, v128.load(source + 4 * j));
      }
      source += stride;
      panel += 4 * TILE_COLUMNS;
    }
    return;
  }
  if (width != TILE_COLUMNS) {
    for (let k: u32 = 0; k < kCount; k++) {
      let j: u32 = 0;
      for (; j + 4 <= valid; j += 4) v128.store(panel + 4 * j, v128.load(source + 4 * j));
      for (; j < width; j++) store<f32>(panel + 4 * j, j < valid ? load<f32>(source + 4 * j) : 0);
      source += stride;
      panel += 4 * width;
    }
    return;
  }
  // What lies behind the valid columns is read, and masked: it may be anything.
  for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
    const mask = i32x4.gt_s(i32x4.splat(valid - j), i32x4(0, 1, 2, 3));
    let from = source + 4 * j;
    let to = panel + 4 * j;
    for (let k: u32 = 0; k < kCount; k++) {
      v128.store(to, v128.and(v128.load(from), mask));
      from += stride;
      to += 4 * TILE_COLUMNS;
    }
  }
}

/** From a transposed matrix: element [k][j] lies at source + j * stride + 4 k. Moves 4 x 4 blocks. */
export function packColumns(
  source: usize, stride: usize, panel: usize, kCount: u32, valid: u32, width: u32 = TILE_COLUMNS,
): void {
  for (let j: u32 = 0; j < width; j += 4) {
    const column = source + j * stride;
    const target = panel + 4 * j;
    let k: u32 = 0;
    if (j + 4 <= valid) {
      for (; k + 4 <= kCount; k += 4) transpose4x4(column + 4 * k, stride, target + 4 * (k * width), 4 * width);
    }
    for (; k < kCount; k++) {
      for (let i: u32 = 0; i < 4; i++) {
        const value: f32 = j + i < valid ? load<f32>(column + i * stride + 4 * k) : 0;
        store<f32>(target + 4 * (k * width + i), value);
      }
    }
  }
}

/** Writes the transpose of a 4 x 4 block: row i of the result at target + i * targetStride. */
// @ts-ignore: decorator
@inline
export function transpose4x4(source: usize, stride: usize, target: usize, targetStride: usize): void {
  const r0 = v128.load(source);
  const r1 = v128.load(source + stride);
  const r2 = v128.load(source + 2 * stride);
  const r3 = v128.load(source + 3 * stride);
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(target, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(target + targetStride, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(target + 2 * targetStride, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(target + 3 * targetStride, i64x2.shuffle(high01, high23, 1, 3));
}

/** Bytes that `packTransposed` leaves between two panels: its last write to one reaches beyond it. */
export const PACKED_COLUMNS_SLACK: usize = 16;

/**
 * Packs a transposed left operand, element [k][i] at source + k * stride + 4 i, into panels [k][COLUMN_TILE] that lie
 * PACKED_COLUMNS_SLACK apart. A row of the source is read as it lies: its rows may be a large power of two apart, and
 * then a tile that reads down them finds little of it in L1. Elements beyond `rows` are whatever lies behind the row.
 */
export function packTransposed(source: usize, stride: usize, panels: usize, kCount: u32, rows: u32): void {
  const step = 4 * COLUMN_TILE * kCount + PACKED_COLUMNS_SLACK;
  for (let k: u32 = 0; k < kCount; k++) {
    let target = panels + 4 * COLUMN_TILE * k;
    for (let i: u32 = 0; i < rows; i += COLUMN_TILE) {
      v128.store(target, v128.load(source + 4 * i));
      // What is written too much is the next k of the same panel, or the slack behind it.
      if (COLUMN_TILE > 4) v128.store(target, v128.load(source + 4 * i, 16), 16);
      target += step;
    }
    source += stride;
  }
}

/** Clears `count` panels' worth of floats; a multiple of 4. */
export function clear(target: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(target + 4 * i, zero());
}
