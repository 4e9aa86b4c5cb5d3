// Threefry-2x32 with 20 rounds, four counters at a time: in each lane the same function as src/tensor/random.ts.

const KEY_PARITY: u32 = 0x1bd11bda;

/**
 * What `threefryLanes` computed last: word 0 and word 1 of counters 0 to 3, and of 4 to 7. A function cannot return
 * several vectors.
 */
export let words0: v128 = i32x4.splat(0);
export let words1: v128 = i32x4.splat(0);
export let words2: v128 = i32x4.splat(0);
export let words3: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/**
 * Encrypts the eight counters (first + lane, second) under the key and leaves their words in `words0` to `words3`.
 * Two vectors at once, because a round waits for the one before.
 */
export function threefryLanes(key0: u32, key1: u32, first: u32, second: u32): void {
  // The keys that come next; they take turns.
  let keyA = i32x4.splat(key0);
  let keyB = i32x4.splat(key1);
  let keyC = i32x4.splat(key0 ^ key1 ^ KEY_PARITY);
  let x0 = i32x4.add(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), keyA);
  let x1 = i32x4.add(i32x4.splat(second), keyB);
  let y0 = i32x4.add(x0, i32x4.splat(4));
  let y1 = x1;
  for (let group: u32 = 0; group < 5; group++) {
    if (group & 1) {
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 17), x0);
      y1 = v128.xor(rotate(y1, 17), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 29), x0);
      y1 = v128.xor(rotate(y1, 29), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 16), x0);
      y1 = v128.xor(rotate(y1, 16), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 24), x0);
      y1 = v128.xor(rotate(y1, 24), y0);
    } else {
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 13), x0);
      y1 = v128.xor(rotate(y1, 13), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 15), x0);
      y1 = v128.xor(rotate(y1, 15), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 26), x0);
      y1 = v128.xor(rotate(y1, 26), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(rotate(x1, 6), x0);
      y1 = v128.xor(rotate(y1, 6), y0);
    }
    const keyOf1 = i32x4.add(keyC, i32x4.splat(group + 1));
    x0 = i32x4.add(x0, keyB);
    y0 = i32x4.add(y0, keyB);
    x1 = i32x4.add(x1, keyOf1);
    y1 = i32x4.add(y1, keyOf1);
    const used = keyA;
    keyA = keyB;
    keyB = keyC;
    keyC = used;
  }
  words0 = x0;
  words1 = x1;
  words2 = y0;
  words3 = y1;
}
