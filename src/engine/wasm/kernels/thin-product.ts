// c [M, N] = a [M, K] b + bias, then finished (see tile.ts), for few rows M and a large b: a dense layer on a small batch.
// The time is that of reading b from memory. So b is read once, as it lies, and never packed; sums stay in cache.
//
//   thinRows   b [K, N]. DEPTH rows of b at a time are scaled and added to the sums, for ROWS rows of a together, while the
//              next rows come from memory. A chunk is a stretch of columns.
//   thinDots   b [N, K], so that an element of c is a product of two rows that lie side by side, summed in 4 lanes; a tile
//              is ROWS rows of a by DOTS rows of b. A chunk is a stretch of rows of b, taken DOT_DEPTH columns at a time:
//              what tiles read of a stays in cache while the rows of b pass.
//
// As with the register tiles, each loop is alone in a function that is exported, or it would be inlined and lose its
// registers (generate-tiles.mjs). Every sum runs through k in the same order in all builds.
import { finishTile, scratch, setFinish, spill, zeros } from "./tile";
import { multiplyAdd, sumLanes, zero } from "./vector";

/** Rows of a that are worked on together. */
const ROWS: u32 = 2;
/** Rows of b that `addScaledRows` adds at a time. */
const DEPTH: u32 = 4;
/** Floats that a loop of `addScaledRows` handles: two vectors, which V8 may join to one of 256 bits. */
const STEP: u32 = 8;
/** Rows of b, and columns of a block of it, that `addDots` takes. */
const DOTS: u32 = 6;
const DOT_DEPTH: u32 = 1024;

@unmanaged
export class ThinRowsArguments {
  a: u32;
  b: u32;
  c: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  m: u32;
  n: u32;
  k: u32;
  rectify: u32;
  ceiling: f32;
  /** Columns of c in a chunk; a multiple of 8. */
  perChunk: u32;
}

export function thinRows(x: ThinRowsArguments, chunk: u32): void {
  const column = chunk * x.perChunk;
  const columns = min(x.perChunk, x.n - column);
  const steps = (columns + STEP - 1) / STEP;
  const bStride: usize = 4 * x.n;
  const sumStride: usize = 4 * x.perChunk;
  startSums(x.bias ? x.bias + 4 * column : 0, columns, sumStride, x.m);
  for (let k: u32 = 0; k < x.k; k += DEPTH) {
    const b = x.b + k * bStride + 4 * column;
    const depth = min(DEPTH, x.k - k);
    if (k + 2 * DEPTH <= x.k) lastRead = readAhead(b + DEPTH * bStride, bStride, 4 * columns);
    for (let i: u32 = 0; i < x.m; i += ROWS) {
      const a = x.a + 4 * (i * x.k + k);
      // Where rows are odd, the last is added twice: to its sums and to a row behind all sums.
      const aStride: usize = i + 1 < x.m ? 4 * x.k : 0;
      const sum = scratch + i * sumStride;
      if (depth == DEPTH) addScaledRows(a, aStride, b, bStride, sum, sumStride, steps);
      else for (let d: u32 = 0; d < depth; d++) addScaledRow(a + 4 * d, aStride, b + d * bStride, sum, sumStride, steps);
    }
  }
  const finish = setFinish(x.c, x.residual, x.rectify, x.mask, x.ceiling);
  finishTile(scratch, sumStride, x.c + 4 * column, 4 * x.n, x.m, columns, finish);
}

/** What `readAhead` came to: kept, so that no compiler leaves out what nobody uses. */
let lastRead: u32 = 0;

/** Reads a word of each cache line of DEPTH rows, so that they are on their way while others are worked on. */
function readAhead(b: usize, bStride: usize, bytes: usize): u32 {
  let words: u32 = 0;
  for (let j: usize = 0; j < bytes; j += 64) {
    const at = b + j;
    words ^= load<u32>(at) ^ load<u32>(at + bStride);
    words ^= load<u32>(at + 2 * bStride) ^ load<u32>(at + 3 * bStride);
  }
  return words;
}

/** Sets the sums of `rows` rows to the bias, or to 0. */
function startSums(bias: usize, columns: u32, sumStride: usize, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < columns; j += 4) {
      v128.store(scratch + i * sumStride + 4 * j, v128.load(bias ? bias + 4 * j : zeros));
    }
  }
}

/** sum[i][j] += sum over d of a[i][d] b[d][j], for ROWS i, DEPTH d and `steps` times STEP j. */
export function addScaledRows(
  a: usize, aStride: usize, b: usize, bStride: usize, sum: usize, sumStride: usize, steps: u32,
): void {
  const a00 = v128.load32_splat(a);
  const a01 = v128.load32_splat(a, 4);
  const a02 = v128.load32_splat(a, 8);
  const a03 = v128.load32_splat(a, 12);
  const a10 = v128.load32_splat(a + aStride);
  const a11 = v128.load32_splat(a + aStride, 4);
  const a12 = v128.load32_splat(a + aStride, 8);
  const a13 = v128.load32_splat(a + aStride, 12);
  let row0 = b;
  let row1 = row0 + bStride;
  let row2 = row1 + bStride;
  let row3 = row2 + bStride;
  let sum0 = sum;
  let sum1 = sum + sumStride;
  for (let j = steps; j != 0; j--) {
    let low0 = v128.load(sum0);
    let high0 = v128.load(sum0, 16);
    let low1 = v128.load(sum1);
    let high1 = v128.load(sum1, 16);
    let low = v128.load(row0);
    let high = v128.load(row0, 16);
    low0 = multiplyAdd(a00, low, low0);
    high0 = multiplyAdd(a00, high, high0);
    low1 = multiplyAdd(a10, low, low1);
    high1 = multiplyAdd(a10, high, high1);
    low = v128.load(row1);
    high = v128.load(row1, 16);
    low0 = multiplyAdd(a01, low, low0);
    high0 = multiplyAdd(a01, high, high0);
    low1 = multiplyAdd(a11, low, low1);
    high1 = multiplyAdd(a11, high, high1);
    low = v128.load(row2);
    high = v128.load(row2, 16);
    low0 = multiplyAdd(a02, low, low0);
    high0 = multiplyAdd(a02, high, high0);
    low1 = multiplyAdd(a12, low, low1);
    high1 = multiplyAdd(a12, high, high1);
    low = v128.load(row3);
    high = v128.load(row3, 16);
    low0 = multiplyAdd(a03, low, low0);
    high0 = multiplyAdd(a03, high, high0);
    low1 = multiplyAdd(a13, low, low1);
    high1 = multiplyAdd(a13, high, high1);
    v128.store(sum0, low0);
    v128.store(sum0, high0, 16);
    v128.store(sum1, low1);
    v128.store(sum1, high1, 16);
    row0 += 32;
    row1 += 32;
    row2 += 32;
    row3 += 32;
    sum0 += 32;
    sum1 += 32;
  }
}

/** As `addScaledRows`, of one row of b: what is left where K is no multiple of DEPTH. */
function addScaledRow(a: usize, aStride: usize, b: usize, sum: usize, sumStride: usize, steps: u32): void {
  const a0 = v128.load32_splat(a);
  const a1 = v128.load32_splat(a + aStride);
  for (let j: usize = 0; j < 32 * steps; j += 16) {
    const at = v128.load(b + j);
    v128.store(sum + j, multiplyAdd(a0, at, v128.load(sum + j)));
    v128.store(sum + sumStride + j, multiplyAdd(a1, at, v128.load(sum + sumStride + j)));
  }
}

@unmanaged
export class ThinDotsArguments {
  a: u32;
  b: u32;
  c: u32;
  /** 0 for none, as are residual and mask. */
  bias: u32;
  residual: u32;
  mask: u32;
  m: u32;
  n: u32;
  k: u32;
  rectify: u32;
  ceiling: f32;
  /** Rows of b in a chunk; a multiple of 4. */
  perChunk: u32;
}

export function thinDots(x: ThinDotsArguments, chunk: u32): void {
  const column = chunk * x.perChunk;
  const columns = min(x.perChunk, x.n - column);
  const stride: usize = 4 * x.k;
  const sumStride: usize = 4 * x.perChunk;
  startSums(x.bias ? x.bias + 4 * column : 0, columns, sumStride, x.m);
  for (let k: u32 = 0; k < x.k; k += DOT_DEPTH) {
    const depth = min(DOT_DEPTH, x.k - k);
    for (let j: u32 = 0; j < columns; j += DOTS) {
      const b = x.b + (column + j) * stride + 4 * k;
      for (let i: u32 = 0; i < x.m; i += ROWS) {
        const a = x.a + i * stride + 4 * k;
        const rows = min(ROWS, x.m - i);
        const valid = min(DOTS, columns - j);
        dotRows(a, rows > 1 ? stride : 0, b, stride, valid - 1, depth / 4, spill);
        addDots(a, b, stride, depth, scratch + i * sumStride + 4 * j, sumStride, rows, valid);
      }
    }
  }
  const finish = setFinish(x.c, x.residual, x.rectify, x.mask, x.ceiling);
  finishTile(scratch, sumStride, x.c + 4 * column, 4 * x.n, x.m, columns, finish);
}

/** Adds the lanes that `dotRows` left in the spill, and the products beyond the last whole vector, to the sums. */
function addDots(
  a: usize, b: usize, stride: usize, depth: u32, sum: usize, sumStride: usize, rows: u32, columns: u32,
): void {
  for (let j: u32 = 0; j < columns; j++) {
    for (let i: u32 = 0; i < rows; i++) {
      const target = sum + i * sumStride + 4 * j;
      let total = sumLanes(v128.load(spill + 16 * (ROWS * j + i)));
      for (let k = depth & ~3; k < depth; k++) {
        total += load<f32>(a + i * stride + 4 * k) * load<f32>(b + j * stride + 4 * k);
      }
      store<f32>(target, load<f32>(target) + total);
    }
  }
}

/** Products of ROWS rows of a and DOTS rows of b, none beyond `last`, in 4 lanes: [DOTS][ROWS][4] at `target`. */
export function dotRows(
  a: usize, aStride: usize, b: usize, bStride: usize, last: u32, steps: u32, target: usize,
): void {
  let a0 = a;
  let a1 = a + aStride;
  let b0 = b;
  let b1 = b + min<u32>(1, last) * bStride;
  let b2 = b + min<u32>(2, last) * bStride;
  let b3 = b + min<u32>(3, last) * bStride;
  let b4 = b + min<u32>(4, last) * bStride;
  let b5 = b + min<u32>(5, last) * bStride;
  let c00 = zero();
  let c10 = zero();
  let c01 = zero();
  let c11 = zero();
  let c02 = zero();
  let c12 = zero();
  let c03 = zero();
  let c13 = zero();
  let c04 = zero();
  let c14 = zero();
  let c05 = zero();
  let c15 = zero();
  for (let k = steps; k != 0; k--) {
    const left0 = v128.load(a0);
    const left1 = v128.load(a1);
    let at = v128.load(b0);
    c00 = multiplyAdd(left0, at, c00);
    c10 = multiplyAdd(left1, at, c10);
    at = v128.load(b1);
    c01 = multiplyAdd(left0, at, c01);
    c11 = multiplyAdd(left1, at, c11);
    at = v128.load(b2);
    c02 = multiplyAdd(left0, at, c02);
    c12 = multiplyAdd(left1, at, c12);
    at = v128.load(b3);
    c03 = multiplyAdd(left0, at, c03);
    c13 = multiplyAdd(left1, at, c13);
    at = v128.load(b4);
    c04 = multiplyAdd(left0, at, c04);
    c14 = multiplyAdd(left1, at, c14);
    at = v128.load(b5);
    c05 = multiplyAdd(left0, at, c05);
    c15 = multiplyAdd(left1, at, c15);
    a0 += 16;
    a1 += 16;
    b0 += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    b4 += 16;
    b5 += 16;
  }
  v128.store(target, c00);
  v128.store(target, c10, 16);
  v128.store(target, c01, 32);
  v128.store(target, c11, 48);
  v128.store(target, c02, 64);
  v128.store(target, c12, 80);
  v128.store(target, c03, 96);
  v128.store(target, c13, 112);
  v128.store(target, c04, 128);
  v128.store(target, c14, 144);
  v128.store(target, c05, 160);
  v128.store(target, c15, 176);
}
