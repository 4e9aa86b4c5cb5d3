import fc from "fast-check";
import type { Empty } from "../../graph/index.ts";
import type { Shape } from "../../tensor/index.ts";
import {
  batches,
  channelCounts,
  type DrawnOperand,
  type DrawScale,
  floats,
  keyOf,
  type OpDraw,
  type OpDraws,
  positives,
  seeds,
  shapes,
  sides,
} from "./draw.ts";

type Kinds =
  | "input"
  | "variable"
  | "constant"
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "affine"
  | "channelAffine"
  | "clip"
  | "clipGradient"
  | "relu"
  | "reluGradient"
  | "leakyRelu"
  | "leakyReluGradient"
  | "hardSwish"
  | "hardSwishGradient"
  | "sigmoid"
  | "sigmoidGradient"
  | "tanh"
  | "tanhGradient"
  | "gelu"
  | "geluGradient"
  | "softmax"
  | "softmaxGradient"
  | "logSoftmax"
  | "logSoftmaxGradient"
  | "dropout";

/** Draws of any kind that has no attributes. */
type PlainDraws = fc.Arbitrary<{ readonly attributes: Empty; readonly operands: readonly DrawnOperand[] }>;

/** `count` operands of one shape, distinct numbers or tied ones. */
function alike(scale: DrawScale, count: number, minimumRank = 0): PlainDraws {
  return fc
    .record({
      shape: shapes(scale, minimumRank),
      seed: seeds,
      kind: fc.constantFrom("distinct" as const, "tied" as const),
    })
    .map(({ shape, seed, kind }) => ({
      attributes: {},
      operands: Array.from({ length: count }, (_, index) => ({
        shape,
        dtype: "float32" as const,
        fill: { kind, seed: seed + index },
      })),
    }));
}

/** Two shapes that broadcast: each loses some of its leading axes, or has size 1 on some. */
function broadcastPairs(scale: DrawScale): PlainDraws {
  const images = fc.tuple(batches(scale), sides(scale), sides(scale), channelCounts(scale));
  const biased = images.map((shape): [Shape, Shape] => [shape, shape.slice(3)]);
  const equal = shapes(scale).map((shape): [Shape, Shape] => [shape, shape]);
  const stretched = fc
    .record({
      shape: shapes(scale),
      ones: fc.tuple(fc.nat(15), fc.nat(15)),
      cut: fc.nat(3),
      swap: fc.boolean(),
    })
    .map(({ shape, ones, cut, swap }): [Shape, Shape] => {
      // No axis may be 1 on both sides, or the result would shrink: that is allowed, but tests less.
      const a = shape.map((size, axis) => ((ones[0] >> axis) & 1 ? 1 : size));
      const b = shape.map((size, axis) => (((ones[1] & ~ones[0]) >> axis) & 1 ? 1 : size)).slice(cut);
      return swap ? [b, a] : [a, b];
    });
  return fc
    .record({ pair: fc.oneof(biased, equal, stretched), seed: seeds })
    .map(({ pair: [a, b], seed }) => ({ attributes: {}, operands: [floats(a, seed), floats(b, seed + 1)] }));
}

function withAttributes<A>(draws: PlainDraws, attributes: fc.Arbitrary<A>) {
  return fc.tuple(draws, attributes).map(([{ operands }, drawn]) => ({ attributes: drawn, operands }));
}

/** As `draws`, with positive numbers for the operand `index`. */
function withPositive(draws: PlainDraws, index: number): PlainDraws {
  return fc.tuple(draws, seeds).map(([{ attributes, operands }, seed]) => ({
    attributes,
    operands: operands.with(index, positives(operands[index].shape, seed)),
  }));
}

/** Images and colours with a factor and an offset for each channel. */
function channelAffines(scale: DrawScale): fc.Arbitrary<OpDraw<"channelAffine">> {
  const number = fc.constantFrom(2, -0.3, 1, 0.7, 0);
  const numbers = fc.array(number, { minLength: 33, maxLength: 33 });
  return fc
    .record({
      outer: shapes(scale).map((shape) => shape.slice(0, 3)),
      channels: channelCounts(scale),
      factors: numbers,
      offsets: numbers,
      seed: seeds,
    })
    .map(({ outer, channels, factors, offsets, seed }) => ({
      attributes: { factors: factors.slice(0, channels), offsets: offsets.slice(0, channels) },
      operands: [floats([...outer, channels], seed)],
    }));
}

/** Generators for leaves, arithmetic, and maps of single elements or rows. */
export function elementwiseDraws(scale: DrawScale): OpDraws<Kinds> {
  const leaf = fc
    .record({
      shape: shapes(scale),
      dtype: fc.constantFrom("float32" as const, "int32" as const, "uint8" as const),
    })
    .map((type) => ({ attributes: { name: "leaf", ...type }, operands: [] }));
  const approximate = fc.record({ approximate: fc.boolean() });
  // Limits that none of a few distinct numbers comes near.
  const limits = fc.constant({ minimum: -0.777, maximum: 1.131 });
  const slope = fc.record({ slope: fc.constantFrom(0.01, 0.3, 0, -0.5) });
  const rate = fc.constantFrom(0, 0.1, 0.25, 0.5, 0.9);
  return {
    input: leaf,
    variable: leaf,
    constant: fc
      .record({ shape: shapes(scale), value: fc.constantFrom(0, 1, -2.5, 1 / 255) })
      .map((attributes) => ({ attributes, operands: [] })),
    add: broadcastPairs(scale),
    subtract: broadcastPairs(scale),
    multiply: broadcastPairs(scale),
    divide: withPositive(broadcastPairs(scale), 1),
    affine: withAttributes(
      alike(scale, 1),
      fc.record({ factor: fc.constantFrom(2, -0.3, 1), offset: fc.constantFrom(0, 0.7) }),
    ),
    channelAffine: channelAffines(scale),
    clip: withAttributes(alike(scale, 1), limits),
    clipGradient: withAttributes(alike(scale, 2), limits),
    relu: alike(scale, 1),
    reluGradient: alike(scale, 2),
    leakyRelu: withAttributes(alike(scale, 1), slope),
    leakyReluGradient: withAttributes(alike(scale, 2), slope),
    hardSwish: alike(scale, 1),
    hardSwishGradient: alike(scale, 2),
    sigmoid: alike(scale, 1),
    sigmoidGradient: alike(scale, 2),
    tanh: alike(scale, 1),
    tanhGradient: alike(scale, 2),
    gelu: withAttributes(alike(scale, 1), approximate),
    geluGradient: withAttributes(alike(scale, 2), approximate),
    softmax: alike(scale, 1, 1),
    softmaxGradient: withPositive(alike(scale, 2, 1), 0),
    logSoftmax: alike(scale, 1, 1),
    // The sum of dy is large then, as is what it is taken from: no error is left of two that cancel.
    logSoftmaxGradient: withPositive(alike(scale, 2, 1), 1),
    dropout: fc.record({ shape: shapes(scale), rate, stream: fc.nat(9), seed: seeds }).map((drawn) => ({
      attributes: { rate: drawn.rate, stream: drawn.stream },
      operands: [floats(drawn.shape, drawn.seed), keyOf(drawn.seed + 1)],
    })),
  };
}
