/** A net from its beginning to its end as a row of parts: boxes that all ways pass, and blocks of branches between them. */
import type { Unit } from "./unit.ts";

/** A box that all ways pass, with the branches that lead to it from the one before. */
export interface Segment {
  /** Indices of units on the branches, in their order. */
  readonly inner: readonly number[];
  /** Index of the unit in which they meet. */
  readonly end: number;
}

/** Segments that look the same, one behind the other, drawn once. */
export interface Stretch {
  /** Segments of the first. */
  readonly segments: readonly Segment[];
  /** Segments of those that look the same, the first included. */
  readonly copies: readonly (readonly Segment[])[];
}

/**
 * Cuts a net wherever no edge passes by a unit.
 *
 * @param members - indices of units, each after its inputs
 */
export function segmentsOf(units: readonly Unit[], members: readonly number[]): Segment[] {
  const own = new Set(members);
  const segments: Segment[] = [];
  let inner: number[] = [];
  // The last unit that an edge from what has been seen leads to.
  let reach = -1;
  const lastUse = new Map<number, number>();
  for (const unit of members) {
    for (const source of units[unit].inputs) if (own.has(source)) lastUse.set(source, unit);
  }
  for (const unit of members) {
    if (reach <= unit) {
      segments.push({ inner, end: unit });
      inner = [];
    } else inner.push(unit);
    reach = Math.max(reach, lastUse.get(unit) ?? -1);
  }
  // What leads nowhere.
  if (inner.length > 0) segments.push({ inner: inner.slice(0, -1), end: inner[inner.length - 1] });
  return segments;
}

/** Segments of a stretch that looks the same again. */
const longestPeriod = 8;
/** Boxes that a repetition must save to be worth the words. */
const leastSaved = 3;

/**
 * Finds repetitions, the longest first from each place on.
 *
 * @param looks - what each segment looks like: the same text for the same look
 * @param sizes - boxes of each segment
 */
export function stretchesOf(
  segments: readonly Segment[],
  looks: readonly string[],
  sizes: readonly number[],
): Stretch[] {
  const stretches: Stretch[] = [];
  for (let at = 0; at < segments.length; ) {
    let best = { period: 1, count: 1, saved: 0 };
    for (let period = 1; period <= longestPeriod && at + 2 * period <= segments.length; period++) {
      let count = 1;
      while (isSame(looks, at, at + count * period, period)) count++;
      const size = sizes.slice(at, at + period).reduce((sum, boxes) => sum + boxes, 0);
      const saved = size * (count - 1);
      if (saved > best.saved) best = { period, count, saved };
    }
    const { period, count } = best.saved >= leastSaved ? best : { period: 1, count: 1 };
    const copies = Array.from({ length: count }, (_, copy) =>
      segments.slice(at + copy * period, at + (copy + 1) * period),
    );
    stretches.push({ segments: copies[0], copies });
    at += period * count;
  }
  return stretches;
}

function isSame(looks: readonly string[], a: number, b: number, period: number): boolean {
  if (b + period > looks.length) return false;
  return Array.from({ length: period }, (_, step) => looks[a + step] === looks[b + step]).every(Boolean);
}
