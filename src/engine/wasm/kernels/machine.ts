// What the machine itself can do, so that kernels have something to be compared with.
//
//   multiplyAddPeak      c_i = a b + c_i for 12 independent c_i of 128 bits: with a and b, 14 of V8's 15 registers
//   multiplyAddPeakWide  the same for 12 pairs of vectors: 12 registers exactly where V8 joins pairs into 256 bits; elsewhere
//                        they are 24, most of them in memory, and the loop is slower than the one above
//   streamRead           the sum of all floats of a stretch of memory
//
// The loops of the peak load and store nothing. A multiply-add takes 4 cycles and two begin in each: 8 independent ones keep
// the units busy, 12 leave some slack. V8 finds pairs from neighbouring stores upwards, so the sums of the first kernel lie
// 32 bytes apart. Without relaxed SIMD it is c_i = c_i a + b, a product and a sum: a b would be worked out once for all.
import { multiplyAdd, zero } from "./vector";

@unmanaged
export class MultiplyAddPeakArguments {
  /** [12] floats: a in the first, four or eight lanes of b from the fifth. */
  operands: u32;
  /** [24][4] floats: where the sums begin and end. The narrow kernel has one in each second place. */
  sums: u32;
  iterations: u32;
}

@unmanaged
export class MultiplyAddPeakWideArguments {
  operands: u32;
  sums: u32;
  iterations: u32;
}

@unmanaged
export class StreamReadArguments {
  /** [count][4] floats. */
  from: u32;
  /** A multiple of 8. */
  count: u32;
  /** [4] floats: the sum in each lane. */
  sum: u32;
}

// @ts-ignore: decorator
@inline
function accumulate(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? multiplyAdd(a, b, c) : multiplyAdd(c, a, b);
}

export function multiplyAddPeak(x: MultiplyAddPeakArguments, chunk: u32): void {
  const sums: usize = x.sums;
  const a = v128.load32_splat(x.operands);
  const b = v128.load(x.operands, 16);
  let c0 = v128.load(sums);
  let c1 = v128.load(sums, 32);
  let c2 = v128.load(sums, 64);
  let c3 = v128.load(sums, 96);
  let c4 = v128.load(sums, 128);
  let c5 = v128.load(sums, 160);
  let c6 = v128.load(sums, 192);
  let c7 = v128.load(sums, 224);
  let c8 = v128.load(sums, 256);
  let c9 = v128.load(sums, 288);
  let c10 = v128.load(sums, 320);
  let c11 = v128.load(sums, 352);
  for (let left: u32 = x.iterations; left != 0; left--) {
    c0 = accumulate(a, b, c0);
    c1 = accumulate(a, b, c1);
    c2 = accumulate(a, b, c2);
    c3 = accumulate(a, b, c3);
    c4 = accumulate(a, b, c4);
    c5 = accumulate(a, b, c5);
    c6 = accumulate(a, b, c6);
    c7 = accumulate(a, b, c7);
    c8 = accumulate(a, b, c8);
    c9 = accumulate(a, b, c9);
    c10 = accumulate(a, b, c10);
    c11 = accumulate(a, b, c11);
  }
  v128.store(sums, c0);
  v128.store(sums, c1, 32);
  v128.store(sums, c2, 64);
  v128.store(sums, c3, 96);
  v128.store(sums, c4, 128);
  v128.store(sums, c5, 160);
  v128.store(sums, c6, 192);
  v128.store(sums, c7, 224);
  v128.store(sums, c8, 256);
  v128.store(sums, c9, 288);
  v128.store(sums, c10, 320);
  v128.store(sums, c11, 352);
}

export function multiplyAddPeakWide(x: MultiplyAddPeakWideArguments, chunk: u32): void {
  const sums: usize = x.sums;
  const a = v128.load32_splat(x.operands);
  const b0 = v128.load(x.operands, 16);
  const b1 = v128.load(x.operands, 32);
  let c0 = v128.load(sums);
  let c1 = v128.load(sums, 16);
  let c2 = v128.load(sums, 32);
  let c3 = v128.load(sums, 48);
  let c4 = v128.load(sums, 64);
  let c5 = v128.load(sums, 80);
  let c6 = v128.load(sums, 96);
  let c7 = v128.load(sums, 112);
  let c8 = v128.load(sums, 128);
  let c9 = v128.load(sums, 144);
  let c10 = v128.load(sums, 160);
  let c11 = v128.load(sums, 176);
  let c12 = v128.load(sums, 192);
  let c13 = v128.load(sums, 208);
  let c14 = v128.load(sums, 224);
  let c15 = v128.load(sums, 240);
  let c16 = v128.load(sums, 256);
  let c17 = v128.load(sums, 272);
  let c18 = v128.load(sums, 288);
  let c19 = v128.load(sums, 304);
  let c20 = v128.load(sums, 320);
  let c21 = v128.load(sums, 336);
  let c22 = v128.load(sums, 352);
  let c23 = v128.load(sums, 368);
  for (let left: u32 = x.iterations; left != 0; left--) {
    c0 = accumulate(a, b0, c0);
    c1 = accumulate(a, b1, c1);
    c2 = accumulate(a, b0, c2);
    c3 = accumulate(a, b1, c3);
    c4 = accumulate(a, b0, c4);
    c5 = accumulate(a, b1, c5);
    c6 = accumulate(a, b0, c6);
    c7 = accumulate(a, b1, c7);
    c8 = accumulate(a, b0, c8);
    c9 = accumulate(a, b1, c9);
    c10 = accumulate(a, b0, c10);
    c11 = accumulate(a, b1, c11);
    c12 = accumulate(a, b0, c12);
    c13 = accumulate(a, b1, c13);
    c14 = accumulate(a, b0, c14);
    c15 = accumulate(a, b1, c15);
    c16 = accumulate(a, b0, c16);
    c17 = accumulate(a, b1, c17);
    c18 = accumulate(a, b0, c18);
    c19 = accumulate(a, b1, c19);
    c20 = accumulate(a, b0, c20);
    c21 = accumulate(a, b1, c21);
    c22 = accumulate(a, b0, c22);
    c23 = accumulate(a, b1, c23);
  }
  v128.store(sums, c0);
  v128.store(sums, c1, 16);
  v128.store(sums, c2, 32);
  v128.store(sums, c3, 48);
  v128.store(sums, c4, 64);
  v128.store(sums, c5, 80);
  v128.store(sums, c6, 96);
  v128.store(sums, c7, 112);
  v128.store(sums, c8, 128);
  v128.store(sums, c9, 144);
  v128.store(sums, c10, 160);
  v128.store(sums, c11, 176);
  v128.store(sums, c12, 192);
  v128.store(sums, c13, 208);
  v128.store(sums, c14, 224);
  v128.store(sums, c15, 240);
  v128.store(sums, c16, 256);
  v128.store(sums, c17, 272);
  v128.store(sums, c18, 288);
  v128.store(sums, c19, 304);
  v128.store(sums, c20, 320);
  v128.store(sums, c21, 336);
  v128.store(sums, c22, 352);
  v128.store(sums, c23, 368);
}

export function streamRead(x: StreamReadArguments, chunk: u32): void {
  let at: usize = x.from;
  let s0 = zero();
  let s1 = zero();
  let s2 = zero();
  let s3 = zero();
  for (let left: u32 = x.count; left != 0; left -= 8) {
    s0 = f32x4.add(s0, f32x4.add(v128.load(at), v128.load(at, 16)));
    s1 = f32x4.add(s1, f32x4.add(v128.load(at, 32), v128.load(at, 48)));
    s2 = f32x4.add(s2, f32x4.add(v128.load(at, 64), v128.load(at, 80)));
    s3 = f32x4.add(s3, f32x4.add(v128.load(at, 96), v128.load(at, 112)));
    at += 128;
  }
  v128.store(x.sum, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}
