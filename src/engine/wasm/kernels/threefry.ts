// Threefry-2x32 with 20 rounds, four counters at a time: in each lane the same function as src/tensor/random.ts.

const KEY_PARITY: u32 = 0x1bd11bda;

/** What `threefryLanes` computed last: word 0 and word 1 of each counter. A function cannot return two vectors. */
export let words0: v128 = i32x4.splat(0);
export let words1: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/** Encrypts the counters (first + lane, second) under the key and leaves their words in `words0` and `words1`. */
export function threefryLanes(key0: u32, key1: u32, first: u32, second: u32): void {
  // The keys that come next; they take turns.
  let keyA = i32x4.splat(key0);
  let keyB = i32x4.splat(key1);
  let keyC = i32x4.splat(key0 ^ key1 ^ KEY_PARITY);
  let x0 = i32x4.add(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), keyA);
  let x1 = i32x4.add(i32x4.splat(second), keyB);
  for (let group: u32 = 0; group < 5; group++) {
    if (group & 1) {
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 17), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 29), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 16), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 24), x0);
    } else {
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 13), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 15), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 26), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(rotate(x1, 6), x0);
    }
    x0 = i32x4.add(x0, keyB);
    x1 = i32x4.add(i32x4.add(x1, keyC), i32x4.splat(group + 1));
    const used = keyA;
    keyA = keyB;
    keyB = keyC;
    keyC = used;
  }
  words0 = x0;
  words1 = x1;
}
