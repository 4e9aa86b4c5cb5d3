import type { Shape } from "../../tensor/index.ts";

/** Which positions along an axis: 1 where one is in, else 0. */
export type AxisSet = Uint8Array;

/** Some elements of a tensor: all whose position is in the set of each axis. */
export type Region = readonly AxisSet[];

/** All positions of an axis. */
export function all(size: number): AxisSet {
  return new Uint8Array(size).fill(1);
}

/** One position of an axis, or all. */
export function one(size: number, position: number | null): AxisSet {
  if (position === null) return all(size);
  const set = new Uint8Array(size);
  set[position] = 1;
  return set;
}

/** A whole tensor. */
export function everything(shape: Shape): Region {
  return shape.map(all);
}

/** Whether no element is in. */
export function isEmpty(region: Region): boolean {
  return region.some((set) => !set.includes(1));
}

/** The positions that `from` names for each that is in; those outside are left out. */
export function gathered(set: AxisSet, size: number, from: (position: number) => Iterable<number>): AxisSet {
  const result = new Uint8Array(size);
  for (const [position, isIn] of set.entries()) {
    if (isIn === 0) continue;
    for (const source of from(position)) if (source >= 0 && source < size) result[source] = 1;
  }
  return result;
}

/** Whether all of `b` is in `a`. */
function contains(a: Region, b: Region): boolean {
  return a.every((set, axis) => b[axis].every((isIn, position) => isIn <= set[position]));
}

/** Beyond so many regions the smallest one that holds them all takes their place; nets have two or three at a time. */
const mostRegions = 16;

/** Regions with another one: what lies in another is left out. */
export function joined(regions: readonly Region[], next: Region): readonly Region[] {
  if (regions.some((region) => contains(region, next))) return regions;
  const list = [...regions.filter((region) => !contains(next, region)), next];
  return list.length <= mostRegions ? list : [list.reduce(union)];
}

/** The smallest region that holds both: axis by axis, the positions of either. */
export function union(a: Region, b: Region): Region {
  return a.map((set, axis) => set.map((isIn, position) => isIn | b[axis][position]));
}

/** The first position that is in, and the one behind the last; from 0 to 0 where none is. */
export function extentOf(set: AxisSet): readonly [begin: number, end: number] {
  return [Math.max(0, set.indexOf(1)), set.lastIndexOf(1) + 1];
}

/** What an operand gives to a result of broadcasting: axes are aligned from the last on, sizes of 1 are stretched. */
export function unbroadcast(region: Region, result: Shape, operand: Shape): Region {
  const missing = result.length - operand.length;
  return operand.map((size, axis) => (size === 1 ? all(1) : (region[axis + missing] ?? all(size))));
}

/**
 * Where the elements of a region lie under another shape of the same size, row-major: exact for axes that are merged, the
 * smallest region that holds them for axes that are split.
 */
export function reshaped(region: Region, from: Shape, to: Shape): Region {
  const result: AxisSet[] = [];
  let [fromBegin, toBegin] = [0, 0];
  while (fromBegin < from.length || toBegin < to.length) {
    // The shortest stretches of axes that hold the same number of elements.
    let [fromEnd, toEnd] = [fromBegin, toBegin];
    let [fromSize, toSize] = [1, 1];
    do {
      if (fromSize <= toSize && fromEnd < from.length) fromSize *= from[fromEnd++];
      else if (toEnd < to.length) toSize *= to[toEnd++];
      else fromSize *= from[fromEnd++];
    } while (fromSize !== toSize);
    result.push(...regrouped(region.slice(fromBegin, fromEnd), to.slice(toBegin, toEnd), fromSize));
    [fromBegin, toBegin] = [fromEnd, toEnd];
  }
  return result;
}

function regrouped(sets: Region, to: Shape, size: number): AxisSet[] {
  if (sets.length === 1 && to.length === 1) return [sets[0]];
  let merged: AxisSet = all(1);
  for (const set of sets) {
    const next = new Uint8Array(merged.length * set.length);
    for (const [at, isIn] of merged.entries()) if (isIn === 1) next.set(set, at * set.length);
    merged = next;
  }
  // Strides of the new axes, the last one 1.
  let stride = size;
  return to.map((length) => {
    stride /= length;
    const axis = new Uint8Array(length);
    for (const [at, isIn] of merged.entries()) if (isIn === 1) axis[Math.floor(at / stride) % length] = 1;
    return axis;
  });
}
