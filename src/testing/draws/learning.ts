import fc from "fast-check";
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
  sides,
  wholes,
} from "./draw.ts";

type Kinds =
  | "batchMoments"
  | "batchMomentsGradient"
  | "batchNormalize"
  | "batchNormalizeReduce"
  | "batchNormalizeInputGradient"
  | "batchNormalizeMomentsGradient"
  | "softmaxCrossEntropy"
  | "softmaxCrossEntropyGradient"
  | "oneHot"
  | "topKHits"
  | "loadImages"
  | "loadRows"
  | "loadLabels";

function momentsOf(channels: number, seed: number): DrawnOperand {
  return { shape: [2, channels], dtype: "float32", fill: { kind: "moments", seed } };
}

/** x of two or four axes, its channels, epsilon and a seed. */
function normalizations(scale: DrawScale) {
  const lead: fc.Arbitrary<Shape> = fc.oneof(
    fc.tuple(batches(scale), sides(scale), sides(scale)),
    fc.integer({ min: 1, max: scale === "small" ? 5 : 40 }).map((rows) => [rows]),
  );
  return fc
    .record({ lead, channels: channelCounts(scale), epsilon: fc.constantFrom(1e-5, 1e-3), seed: seeds })
    .map(({ lead: rows, channels, epsilon, seed }) => ({
      shape: [...rows, channels],
      channels,
      epsilon,
      seed,
    }));
}

function normalizationDraws(scale: DrawScale) {
  const drawn = normalizations(scale);
  return {
    batchMoments: drawn.map(({ shape, seed }) => ({ attributes: {}, operands: [floats(shape, seed)] })),
    batchMomentsGradient: drawn.map(({ shape, channels, seed }) => ({
      attributes: {},
      operands: [floats(shape, seed), momentsOf(channels, seed + 1), floats([2, channels], seed + 2)],
    })),
    batchNormalize: drawn.map(({ shape, channels, epsilon, seed }) => ({
      attributes: { epsilon },
      operands: [
        floats(shape, seed),
        momentsOf(channels, seed + 1),
        floats([channels], seed + 2),
        floats([channels], seed + 3),
      ],
    })),
    batchNormalizeReduce: drawn.map(({ shape, channels, epsilon, seed }) => ({
      attributes: { epsilon },
      operands: [floats(shape, seed), momentsOf(channels, seed + 1), floats(shape, seed + 2)],
    })),
    batchNormalizeInputGradient: drawn.map(({ shape, channels, epsilon, seed }) => ({
      attributes: { epsilon },
      operands: [floats(shape, seed), momentsOf(channels, seed + 1), floats([channels], seed + 2)],
    })),
    batchNormalizeMomentsGradient: drawn.map(({ channels, epsilon, seed }) => ({
      attributes: { epsilon },
      operands: [momentsOf(channels, seed), floats([channels], seed + 1), floats([2, channels], seed + 2)],
    })),
  };
}

/** Logits with labels, or with targets that need not sum to one. */
function losses(scale: DrawScale) {
  return fc
    .record({
      examples: fc.integer({ min: 1, max: scale === "small" ? 3 : 40 }),
      classes: channelCounts(scale),
      sparse: fc.boolean(),
      labelSmoothing: fc.constantFrom(0, 0.1, 1),
      seed: seeds,
    })
    .map(({ examples, classes, sparse, labelSmoothing, seed }) => ({
      attributes: { labelSmoothing },
      examples,
      operands: [
        floats([examples, classes], seed),
        sparse ? wholes([examples], "int32", classes, seed + 1) : positives([examples, classes], seed + 1),
      ],
      seed: seed + 2,
    }));
}

function dataDraws(scale: DrawScale) {
  const stored = fc.integer({ min: 1, max: 9 });
  return {
    loadImages: fc
      .record({
        stored,
        batch: batches(scale),
        height: sides(scale),
        width: sides(scale),
        channels: fc.constantFrom(1, 3, 4),
        shift: fc.constantFrom(0, 1, 2, 5),
        offset: fc.constantFrom(0, -0.5),
        seed: seeds,
      })
      .map((drawn) => ({
        attributes: { scale: 1 / 255, offset: drawn.offset, shift: drawn.shift },
        operands: [
          wholes([drawn.stored, drawn.height, drawn.width, drawn.channels], "uint8", 256, drawn.seed),
          wholes([drawn.batch], "int32", drawn.stored, drawn.seed + 1),
          keyOf(drawn.seed + 2),
        ],
      })),
    loadRows: fc
      .record({ stored, batch: batches(scale), row: fc.array(sides(scale), { maxLength: 3 }), seed: seeds })
      .map((drawn) => ({
        attributes: {},
        operands: [
          floats([drawn.stored, ...drawn.row], drawn.seed),
          wholes([drawn.batch], "int32", drawn.stored, drawn.seed + 1),
        ],
      })),
    loadLabels: fc.record({ stored, batch: batches(scale), seed: seeds }).map((drawn) => ({
      attributes: {},
      operands: [
        wholes([drawn.stored], "int32", 1000, drawn.seed),
        wholes([drawn.batch], "int32", drawn.stored, drawn.seed + 1),
      ],
    })),
  };
}

/** Generators for batch normalization, losses, metrics and data. */
export function learningDraws(scale: DrawScale): OpDraws<Kinds> {
  const examples = fc.integer({ min: 1, max: scale === "small" ? 3 : 40 });
  const loss = losses(scale);
  return {
    ...normalizationDraws(scale),
    ...dataDraws(scale),
    softmaxCrossEntropy: loss.map(({ attributes, operands }) => ({ attributes, operands })),
    softmaxCrossEntropyGradient: loss.map((drawn) => ({
      attributes: drawn.attributes,
      operands: [...drawn.operands, floats([drawn.examples], drawn.seed)],
    })),
    oneHot: fc.record({ examples, classes: channelCounts(scale), seed: seeds }).map((drawn) => ({
      attributes: { classes: drawn.classes },
      operands: [wholes([drawn.examples], "int32", drawn.classes, drawn.seed)],
    })),
    topKHits: fc
      .record({
        examples,
        classes: channelCounts(scale),
        k: fc.integer({ min: 1, max: 5 }),
        fill: fc.constantFrom("distinct" as const, "tied" as const),
        seed: seeds,
      })
      .map(({ examples: rows, classes, k, fill, seed }) => ({
        attributes: { k },
        operands: [
          { shape: [rows, classes], dtype: "float32", fill: { kind: fill, seed } },
          wholes([rows], "int32", classes, seed + 1),
        ],
      })),
  };
}
