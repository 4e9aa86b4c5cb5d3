// Packing of the right operand of a product into panels [k][TILE_COLUMNS], zero beyond the valid columns.
import { TILE_COLUMNS } from "./generated/tiles";
import { zero } from "./vector";

/** From a matrix whose rows run along the columns of the panel: element [k][j] lies at source + k * stride + 4 j. */
export function packRows(source: usize, stride: usize, panel: usize, kCount: u32, valid: u32): void {
  if (valid == TILE_COLUMNS) {
    for (let k: u32 = 0; k < kCount; k++) {
      for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
        v128.store(panel + 4 * j, v128.load(source + 4 * j));
      }
      source += stride;
      panel += 4 * TILE_COLUMNS;
    }
    return;
  }
  for (let k: u32 = 0; k < kCount; k++) {
    for (let j: u32 = 0; j < TILE_COLUMNS; j++) {
      store<f32>(panel + 4 * j, j < valid ? load<f32>(source + 4 * j) : 0);
    }
    source += stride;
    panel += 4 * TILE_COLUMNS;
  }
}

/** From a transposed matrix: element [k][j] lies at source + j * stride + 4 k. Moves 4 x 4 blocks. */
export function packColumns(source: usize, stride: usize, panel: usize, kCount: u32, valid: u32): void {
  for (let j: u32 = 0; j < TILE_COLUMNS; j += 4) {
    const column = source + j * stride;
    const target = panel + 4 * j;
    let k: u32 = 0;
    if (j + 4 <= valid) {
      for (; k + 4 <= kCount; k += 4) transpose4x4(column + 4 * k, stride, target + 4 * (k * TILE_COLUMNS));
    }
    for (; k < kCount; k++) {
      for (let i: u32 = 0; i < 4; i++) {
        const value: f32 = j + i < valid ? load<f32>(column + i * stride + 4 * k) : 0;
        store<f32>(target + 4 * (k * TILE_COLUMNS + i), value);
      }
    }
  }
}

/** Writes the transpose of a 4 x 4 block into four rows of a panel. */
// @ts-ignore: decorator
@inline
function transpose4x4(source: usize, stride: usize, target: usize): void {
  const r0 = v128.load(source);
  const r1 = v128.load(source + stride);
  const r2 = v128.load(source + 2 * stride);
  const r3 = v128.load(source + 3 * stride);
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(target, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(target + 4 * TILE_COLUMNS, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(target + 8 * TILE_COLUMNS, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(target + 12 * TILE_COLUMNS, i64x2.shuffle(high01, high23, 1, 3));
}

/** Clears `count` panels' worth of floats; a multiple of 4. */
export function clear(target: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(target + 4 * i, zero());
}
