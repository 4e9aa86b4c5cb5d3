import fc from "fast-check";
import { evaluate } from "../../engine/reference/index.ts";
import { isKind, type Node, type OpAttributes, type OpKind } from "../../graph/index.ts";
import { createBuild, plainWarpRecord, warpParts } from "../../ops/index.ts";
import { type DType, RandomStream, type Shape, sizeOf, type TensorType } from "../../tensor/index.ts";

/**
 * How an operand's elements are drawn:
 * - `distinct`: different numbers on [-3, 3], none of them 0: no kink and no tie within reach of a small step;
 * - `tied`: whole numbers from -2 to 2, so that zeros and ties abound;
 * - `positive`: on [0.25, 2.25];
 * - `moments`: means in row 0, positive variances in row 1;
 * - `below`: whole numbers from 0 to `limit - 1`;
 * - `warps`: records of `warpImages`, of all ways that its kernels take;
 * - `maximum`: the maxima that a max pooling of operand 0 gives.
 */
export type Fill =
  | { readonly kind: "distinct" | "tied" | "positive" | "moments" | "warps"; readonly seed: number }
  | { readonly kind: "below"; readonly limit: number; readonly seed: number }
  | { readonly kind: "maximum" };

export interface DrawnOperand extends TensorType {
  readonly fill: Fill;
}

/** Attributes and operands that an op accepts: plain data, so that a counterexample prints and shrinks. */
export interface OpDraw<K extends OpKind> {
  readonly attributes: OpAttributes[K];
  readonly operands: readonly DrawnOperand[];
}

/** "small" for checks that evaluate an op once for each element, "large" for comparing engines. */
export type DrawScale = "small" | "large";

/** Generators of every kind in `Kinds`. */
export type OpDraws<Kinds extends OpKind = OpKind> = { readonly [K in Kinds]: fc.Arbitrary<OpDraw<K>> };

/** A drawn op as nodes, with the values of its leaves (rounded to float32 where they are floats). */
export interface OpCase {
  readonly node: Node;
  readonly leaves: readonly (Node<"input"> | Node<"variable">)[];
  readonly values: ReadonlyMap<Node, Float64Array>;
}

/**
 * Builds the nodes of a draw. With `smooth`, ties are replaced by distinct numbers; with `resident`, all operands but
 * the first are variables, as weights are.
 */
export function buildCase<K extends OpKind>(
  kind: K,
  { attributes, operands }: OpDraw<K>,
  options: { readonly smooth?: boolean; readonly resident?: boolean } = {},
): OpCase {
  const build = createBuild("drawn");
  const leaves = operands.map(({ shape, dtype }, index) =>
    build(options.resident === true && index > 0 ? "variable" : "input", [], {
      name: `operand${index}`,
      shape,
      dtype,
    }),
  );
  const node: Node = build(kind, leaves, attributes);
  const values = new Map<Node, Float64Array>();
  operands.forEach(({ shape, fill }, index) => {
    const smooth =
      options.smooth === true && fill.kind === "tied" ? { ...fill, kind: "distinct" as const } : fill;
    values.set(
      leaves[index],
      smooth.kind === "maximum" ? maxima(node, leaves, values) : drawValues(shape, smooth),
    );
  });
  if (isKind(node, "input") || isKind(node, "variable")) values.set(node, drawLeaf(node));
  return { node, leaves, values };
}

function maxima(node: Node, leaves: readonly Node[], values: ReadonlyMap<Node, Float64Array>): Float64Array {
  if (!isKind(node, "maxPool2dGradient")) throw new Error("only a max pooling's gradient takes maxima");
  return evaluate([createBuild()("maxPool2d", [leaves[0]], node.attributes)], values)[0];
}

function drawLeaf({ shape, dtype }: Node): Float64Array {
  return drawValues(
    shape,
    dtype === "float32" ? { kind: "distinct", seed: 1 } : { kind: "below", limit: 200, seed: 1 },
  );
}

function drawValues(shape: Shape, fill: Exclude<Fill, { readonly kind: "maximum" }>): Float64Array {
  const size = sizeOf(shape);
  const random = new RandomStream(fill.seed);
  const fillWith = (draw: (index: number) => number) =>
    Float64Array.from({ length: size }, (_, index) => draw(index));
  switch (fill.kind) {
    case "distinct": {
      const order = random.permutation(size);
      return fillWith((index) => Math.fround((6 * (order[index] + 0.5)) / size - 3 || 1 / size));
    }
    case "tied":
      return fillWith(() => random.integer(5) - 2);
    case "positive":
      return fillWith(() => Math.fround(0.25 + 2 * random.uniform()));
    case "moments":
      return fillWith((index) =>
        Math.fround(index < size / 2 ? random.normal() : 0.25 + 2 * random.uniform()),
      );
    case "warps":
      return Float64Array.from(Array.from({ length: shape[0] }, () => [...drawWarp(random)]).flat());
    case "below":
      return fillWith(() => random.integer(fill.limit));
  }
}

/** A record of `warpImages`: whole moves, mirror images and any map; with colours and a covered box or without. */
function drawWarp(random: RandomStream): Float32Array {
  const record = plainWarpRecord();
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const whole = () => random.integer(19) - 6;
  const way = random.integer(4);
  if (way < 2) record.set([way === 0 ? 1 : -1, 0, whole(), 0, 1, whole()], warpParts.map);
  else if (way === 2) record.set([between(0.2, 2), 0, between(-3, 5), 0, between(0.2, 2), between(-3, 5)]);
  else
    record.set(
      [1, 2, 9, 1, 2, 9].map((most, index) => between(index === 2 || index === 5 ? -3 : -most, most)),
    );
  if (random.integer(2) === 1) {
    for (let at = warpParts.colour; at < warpParts.box; at++) {
      record[at] += at < warpParts.bias ? between(-0.3, 0.3) : between(-20, 20);
    }
  }
  if (random.integer(2) === 1) {
    const [top, left] = [whole(), whole()];
    record.set([top, left, top + random.integer(9), left + random.integer(9)], warpParts.box);
    record[warpParts.cover] = random.integer(2) === 1 ? -1 : random.integer(256);
  }
  return record;
}

/** A seed, which shrinks towards 0. */
export const seeds = fc.nat({ max: 2 ** 31 - 1 });

/** An operand of distinct floats. */
export function floats(shape: Shape, seed: number): DrawnOperand {
  return { shape, dtype: "float32", fill: { kind: "distinct", seed } };
}

/** An operand of positive floats. */
export function positives(shape: Shape, seed: number): DrawnOperand {
  return { shape, dtype: "float32", fill: { kind: "positive", seed } };
}

/** An operand of whole numbers below a limit. */
export function wholes(shape: Shape, dtype: DType, limit: number, seed: number): DrawnOperand {
  return { shape, dtype, fill: { kind: "below", limit, seed } };
}

/** The key of a step. */
export function keyOf(seed: number): DrawnOperand {
  return wholes([2], "uint32", 2 ** 32, seed);
}

/** Batch sizes: 1 to 5. */
export function batches(scale: DrawScale): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: scale === "small" ? 2 : 5 });
}

/** Numbers of channels: one, odd ones, whole SIMD vectors, and one beyond. */
export function channelCounts(scale: DrawScale): fc.Arbitrary<number> {
  return scale === "small" ? fc.constantFrom(1, 2, 3) : fc.constantFrom(1, 3, 6, 8, 10, 16, 17, 33);
}

/** Heights and widths. */
export function sides(scale: DrawScale): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: scale === "small" ? 4 : 13 });
}

/** Shapes of `minimumRank` to 4 axes, now and then one long row that fills no tile. */
export function shapes(scale: DrawScale, minimumRank = 0): fc.Arbitrary<Shape> {
  const size = fc.integer({ min: 1, max: scale === "small" ? 3 : 9 });
  const boxes = fc.array(size, { minLength: minimumRank, maxLength: 4 });
  if (scale === "small" || minimumRank > 1) return boxes;
  const rows = fc.integer({ min: 1, max: 5000 }).map((length) => [length]);
  return fc.oneof({ weight: 3, arbitrary: boxes }, { weight: 1, arbitrary: rows });
}
