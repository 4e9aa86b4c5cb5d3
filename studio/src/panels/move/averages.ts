import type { MoveFigures } from "fovea";

/** What all moves come to, of those that are done. */
export interface MoveAverages {
  /** Share right of the images as they are. */
  readonly clean: number;
  /** Means over all moves but none. */
  readonly accuracy: number;
  readonly consistency: number;
  readonly lowest: number;
}

/** Means over moves; null before the first. */
export function averages(figures: readonly MoveFigures[]): MoveAverages | null {
  const clean = figures.find(({ dx, dy }) => dx === 0 && dy === 0);
  if (clean === undefined) return null;
  const real = figures.filter((one) => one !== clean);
  const of = real.length === 0 ? [clean] : real;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    clean: clean.accuracy,
    accuracy: mean(of.map(({ accuracy }) => accuracy)),
    consistency: mean(of.map(({ consistency }) => consistency)),
    lowest: Math.min(...of.map(({ accuracy }) => accuracy)),
  };
}

/** The mean over the moves of each distance, max(|dx|, |dy|), from 0 on; null of those that are not all done. */
export function byDistance(
  figures: readonly MoveFigures[],
  of: "accuracy" | "consistency",
  maxShift: number,
): (number | null)[] {
  return Array.from({ length: maxShift + 1 }, (_, distance) => {
    const there = figures.filter(({ dx, dy }) => Math.max(Math.abs(dx), Math.abs(dy)) === distance);
    if (there.length < Math.max(1, 8 * distance)) return null;
    return there.reduce((sum, one) => sum + one[of], 0) / there.length;
  });
}
