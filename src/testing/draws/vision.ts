import fc from "fast-check";
import type { Taps } from "../../graph/index.ts";
import {
  batches,
  channelCounts,
  type DrawScale,
  floats,
  type OpDraws,
  seeds,
  shapes,
  sides,
} from "./draw.ts";

type Kinds = "resample2d" | "localResponseNormalization" | "localResponseNormalizationGradient";

/** Taps of a few positions, none of some, on an axis of `size`. */
function axisTaps(scale: DrawScale, size: number): fc.Arbitrary<readonly Taps[]> {
  const tap = fc.tuple(fc.nat(size - 1), fc.constantFrom(1, 0.25, -0.5, 0.7));
  const taps = fc.array(tap, { maxLength: 3 });
  return fc.array(taps, { minLength: 1, maxLength: scale === "small" ? 4 : 13 });
}

/** Generators for what vision nets have beside convolutions and pools. */
export function visionDraws(scale: DrawScale): OpDraws<Kinds> {
  const resampled = fc.tuple(sides(scale), sides(scale)).chain(([height, width]) =>
    fc.record({
      rows: axisTaps(scale, height),
      columns: axisTaps(scale, width),
      x: fc.tuple(batches(scale), channelCounts(scale)).map(([n, c]) => [n, height, width, c]),
      seed: seeds,
    }),
  );
  const normalized = fc.record({
    shape: fc.tuple(shapes(scale), channelCounts(scale)).map(([outer, c]) => [...outer.slice(0, 3), c]),
    size: fc.integer({ min: 1, max: 9 }),
    alpha: fc.constantFrom(0, 1e-4, 0.5, 2),
    beta: fc.constantFrom(0.75, 0.75, 0.5, 1, -0.3),
    bias: fc.constantFrom(1, 2, 0.5),
    seed: seeds,
  });
  return {
    resample2d: resampled.map(({ rows, columns, x, seed }) => ({
      attributes: { rows, columns },
      operands: [floats(x, seed)],
    })),
    localResponseNormalization: normalized.map(({ shape, seed, ...attributes }) => ({
      attributes,
      operands: [floats(shape, seed)],
    })),
    localResponseNormalizationGradient: normalized.map(({ shape, seed, ...attributes }) => ({
      attributes,
      operands: [floats(shape, seed), floats(shape, seed + 1)],
    })),
  };
}
