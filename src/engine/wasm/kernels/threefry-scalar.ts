// Threefry-2x32 with 20 rounds, one counter at a time: the same function as src/tensor/random.ts.

const KEY_PARITY: u32 = 0x1bd11bda;

/** One round; x0 in the low word, x1 in the high word. */
// @ts-ignore: decorator
@inline
function round(x: u64, rotation: u32): u64 {
  const x0 = <u32>x + <u32>(x >> 32);
  const x1 = rotl<u32>(<u32>(x >> 32), rotation) ^ x0;
  return <u64>x0 | (<u64>x1 << 32);
}

// @ts-ignore: decorator
@inline
function addKey(x: u64, key0: u32, key1: u32): u64 {
  return <u64>(<u32>x + key0) | (<u64>(<u32>(x >> 32) + key1) << 32);
}

/** The two words of the encrypted counter: word 0 low, word 1 high. */
export function threefry(key0: u32, key1: u32, counter0: u32, counter1: u32): u64 {
  const key2 = key0 ^ key1 ^ KEY_PARITY;
  let x = addKey(<u64>counter0 | (<u64>counter1 << 32), key0, key1);
  x = addKey(round(round(round(round(x, 13), 15), 26), 6), key1, key2 + 1);
  x = addKey(round(round(round(round(x, 17), 29), 16), 24), key2, key0 + 2);
  x = addKey(round(round(round(round(x, 13), 15), 26), 6), key0, key1 + 3);
  x = addKey(round(round(round(round(x, 17), 29), 16), 24), key1, key2 + 4);
  return addKey(round(round(round(round(x, 13), 15), 26), 6), key2, key0 + 5);
}
