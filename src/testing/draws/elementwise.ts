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
  | "affine"
  | "clip"
  | "relu"
  | "reluGradient"
  | "sigmoid"
  | "sigmoidGradient"
  | "tanh"
  | "tanhGradient"
  | "gelu"
  | "geluGradient"
  | "softmax"
  | "softmaxGradient"
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

/** Generators for leaves, arithmetic, and maps of single elements or rows. */
export function elementwiseDraws(scale: DrawScale): OpDraws<Kinds> {
  const leaf = fc
    .record({
      shape: shapes(scale),
      dtype: fc.constantFrom("float32" as const, "int32" as const, "uint8" as const),
    })
    .map((type) => ({ attributes: { name: "leaf", ...type }, operands: [] }));
  const approximate = fc.record({ approximate: fc.boolean() });
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
    affine: withAttributes(
      alike(scale, 1),
      fc.record({ factor: fc.constantFrom(2, -0.3, 1), offset: fc.constantFrom(0, 0.7) }),
    ),
    // Limits that none of a few distinct numbers comes near.
    clip: withAttributes(alike(scale, 1), fc.constant({ minimum: -0.777, maximum: 1.131 })),
    relu: alike(scale, 1),
    reluGradient: alike(scale, 2),
    sigmoid: alike(scale, 1),
    sigmoidGradient: alike(scale, 2),
    tanh: alike(scale, 1),
    tanhGradient: alike(scale, 2),
    gelu: withAttributes(alike(scale, 1), approximate),
    geluGradient: withAttributes(alike(scale, 2), approximate),
    softmax: alike(scale, 1, 1),
    softmaxGradient: fc.tuple(alike(scale, 1, 1), seeds).map(
      ([
        {
          operands: [dy],
        },
        seed,
      ]) => ({
        attributes: {},
        operands: [positives(dy.shape, seed), dy],
      }),
    ),
    dropout: fc.record({ shape: shapes(scale), rate, stream: fc.nat(9), seed: seeds }).map((drawn) => ({
      attributes: { rate: drawn.rate, stream: drawn.stream },
      operands: [floats(drawn.shape, drawn.seed), keyOf(drawn.seed + 1)],
    })),
  };
}
