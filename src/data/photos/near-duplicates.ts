import { areAlike, likenessBits } from "./likeness.ts";

/** What tells photos apart, a list each in the order of the photos. */
export interface PhotoIdentities {
  /** Of the files' bytes; an empty one is like no other. */
  readonly contentHashes?: readonly string[];
  /** As `readPhotos` gives them; `null` is like no other. */
  readonly likenesses?: readonly (Uint8Array | null)[];
}

/**
 * Stretches that likenesses are cut into: two that differ in at most 13 bits have a band in which they differ in at most
 * one.
 */
const bands = 7;
/** Bits of the longest band. */
const bandBits = Math.ceil(likenessBits / bands);

/**
 * Groups photos that are the same, in their bytes or by their likeness. Who is alike to one of a group is in it.
 *
 * A hundred thousand photos have five thousand million pairs. So each photo is compared with those alone that share a band
 * of its likeness, or differ in one bit of it.
 *
 * @param count - number of photos
 * @returns for each photo the first one of its group
 */
export function groupPhotos(count: number, { contentHashes, likenesses }: PhotoIdentities): Int32Array {
  const sets = new DisjointSets(count);
  if (contentHashes !== undefined) uniteEqual(sets, contentHashes);
  if (likenesses !== undefined) {
    // Of equal likenesses one stands for all, so that a thousand blank pages are no million pairs.
    const firsts = uniteEqual(
      sets,
      likenesses.map((likeness) => likeness?.join() ?? ""),
    );
    const distinct = firsts.map((index) => ({ index, likeness: likenesses[index] ?? new Uint8Array() }));
    for (let band = 0; band < bands; band++) uniteAlike(sets, distinct, band);
  }
  return Int32Array.from({ length: count }, (_, index) => sets.find(index));
}

/** Sets that grow together. */
class DisjointSets {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, index) => index);
  }

  /** The first of a set. Paths are halved on the way. */
  find(index: number): number {
    let at = index;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at]];
      at = this.#parents[at];
    }
    return at;
  }

  unite(a: number, b: number): void {
    const first = this.find(a);
    const second = this.find(b);
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}

/** @returns the first of each key */
function uniteEqual(sets: DisjointSets, keys: readonly string[]): number[] {
  const firsts = new Map<string, number>();
  keys.forEach((key, index) => {
    if (key === "") return;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    else sets.unite(first, index);
  });
  return [...firsts.values()];
}

interface Distinct {
  readonly index: number;
  readonly likeness: Uint8Array;
}

function uniteAlike(sets: DisjointSets, photos: readonly Distinct[], band: number): void {
  const values = photos.map(({ likeness }) => bandValue(likeness, band));
  const { starts, order } = sortByValue(values);
  photos.forEach((photo, at) => {
    for (let probe = -1; probe < bandBits; probe++) {
      const value = probe < 0 ? values[at] : values[at] ^ (1 << probe);
      for (let place = starts[value]; place < starts[value + 1]; place++) {
        const other = photos[order[place]];
        // Each pair meets from both sides.
        if (order[place] >= at || sets.find(photo.index) === sets.find(other.index)) continue;
        if (areAlike(photo.likeness, other.likeness)) sets.unite(photo.index, other.index);
      }
    }
  });
}

/** Every seventh bit, so that a flat corner of a photo empties no band of its own. */
function bandValue(likeness: Uint8Array, band: number): number {
  let value = 0;
  for (let bit = band; bit < likenessBits; bit += bands)
    value = (value << 1) | ((likeness[bit >> 3] >> (bit & 7)) & 1);
  return value;
}

/** Where the photos of each value begin in an order by value. */
function sortByValue(values: readonly number[]): { readonly starts: Int32Array; readonly order: Int32Array } {
  const starts = new Int32Array(2 ** bandBits + 1);
  for (const value of values) starts[value + 1]++;
  for (let value = 0; value < 2 ** bandBits; value++) starts[value + 1] += starts[value];
  const next = starts.slice();
  const order = new Int32Array(values.length);
  values.forEach((value, at) => {
    order[next[value]++] = at;
  });
  return { starts, order };
}
