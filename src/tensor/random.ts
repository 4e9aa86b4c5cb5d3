/**
 * Seeded random numbers by counter: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). A draw is a pure function of key and counter, so it does not matter which thread makes
 * it or in which order, and a stream's state is three numbers that a checkpoint keeps. The wasm kernels compute the
 * same function.
 */

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const keyParity = 0x1bd11bda;

/** A key of two 32-bit words. */
export type RandomKey = readonly [number, number];

/** Threefry-2x32-20: encrypts a 64-bit counter under a 64-bit key. All words are unsigned 32-bit. */
export function threefry2x32(key: RandomKey, counter0: number, counter1: number): [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, key[0] ^ key[1] ^ keyParity] as const;
  let x0 = (counter0 + schedule[0]) | 0;
  let x1 = (counter1 + schedule[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const rotation = rotations[(group & 1) * 4 + round];
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    }
    x0 = (x0 + schedule[(group + 1) % 3]) | 0;
    x1 = (x1 + schedule[(group + 2) % 3] + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/**
 * The first word of {@link threefry2x32}, for the streams that draw one number at a time: without an array in sight the
 * compiler keeps all of it in registers, and an epoch's order of 60,000 examples takes 5 ms in place of 20.
 */
function firstWord(key0: number, key1: number, counter0: number, counter1: number): number {
  const key2 = key0 ^ key1 ^ keyParity;
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  // Keys that are added after each group of four rounds; they rotate.
  let next = key1;
  let afterNext = key2;
  let last = key0;
  for (let group = 1; group <= 5; group++) {
    const odd = group & 1;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 13 : 17) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 15 : 29) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 26 : 16) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 6 : 24) ^ x0;
    x0 = (x0 + next) | 0;
    x1 = (x1 + afterNext + group) | 0;
    const first = next;
    next = afterNext;
    afterNext = last;
    last = first;
  }
  return x0 >>> 0;
}

/**
 * Words of many counters at once: both of {@link threefry2x32} at `counter`, `counter` + 1, and so on, each pair behind
 * the last. A hundred million take less than two seconds; see {@link firstWord} for why it is written out.
 *
 * @param words - filled to its end; of even length
 */
export function fillRandomWords(key: RandomKey, counter: number, words: Uint32Array): void {
  const key0 = key[0] | 0;
  const key1 = key[1] | 0;
  const key2 = key0 ^ key1 ^ keyParity;
  for (let index = 0; index < words.length; index += 2) {
    const at = counter + index / 2;
    let x0 = ((at | 0) + key0) | 0;
    let x1 = ((Math.floor(at / 2 ** 32) | 0) + key1) | 0;
    let next = key1;
    let afterNext = key2;
    let last = key0;
    for (let group = 1; group <= 5; group++) {
      const odd = group & 1;
      x0 = (x0 + x1) | 0;
      x1 = rotate(x1, odd ? 13 : 17) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = rotate(x1, odd ? 15 : 29) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = rotate(x1, odd ? 26 : 16) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = rotate(x1, odd ? 6 : 24) ^ x0;
      x0 = (x0 + next) | 0;
      x1 = (x1 + afterNext + group) | 0;
      const first = next;
      next = afterNext;
      afterNext = last;
      last = first;
    }
    words[index] = x0;
    words[index + 1] = x1;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** A 32-bit FNV-1a hash of a name, for deriving a stream from a word. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** What a checkpoint keeps of a {@link RandomStream}. */
export interface RandomState {
  readonly key: RandomKey;
  readonly counter: number;
}

/** A seeded stream of random numbers that can be split by name into independent ones. */
export class RandomStream {
  readonly key: RandomKey;
  #counter: number;

  /** @param seed - a whole number; its low 53 bits are used */
  constructor(seed: number | RandomState) {
    if (typeof seed === "number") {
      this.key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
      this.#counter = 0;
    } else {
      this.key = seed.key;
      this.#counter = seed.counter;
    }
  }

  get state(): RandomState {
    return { key: this.key, counter: this.#counter };
  }

  /** An independent stream for a purpose (`"shuffle"`) and, if given, an index (an epoch). Does not advance this one. */
  split(name: string, index = 0): RandomStream {
    const key = threefry2x32(this.key, hashName(name), index >>> 0);
    return new RandomStream({ key, counter: 0 });
  }

  /** The next 32 random bits as an unsigned number: the first word of Threefry at the stream's counter. */
  bits(): number {
    const counter = this.#counter++;
    return firstWord(this.key[0] | 0, this.key[1] | 0, counter | 0, Math.floor(counter / 2 ** 32) | 0);
  }

  /** Uniform on [0, 1), in steps of 2^-32. */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number from 0 to `limit - 1`, without bias (rejection). */
  integer(limit: number): number {
    const ceiling = 2 ** 32 - ((2 ** 32 - limit) % limit);
    let bits = this.bits();
    while (bits >= ceiling) bits = this.bits();
    return bits % limit;
  }

  /** Standard normal by Box and Muller's transform: sqrt(-2 ln u) cos(2 pi v). */
  normal(): number {
    const u = 1 - this.uniform();
    const v = this.uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** A uniformly drawn order of 0 to `length - 1` (Fisher and Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, index) => index);
    for (let index = length - 1; index > 0; index--) {
      const other = this.integer(index + 1);
      const swapped = order[index];
      order[index] = order[other];
      order[other] = swapped;
    }
    return order;
  }
}
