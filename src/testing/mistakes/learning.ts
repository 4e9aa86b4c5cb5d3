import type { Empty } from "../../graph/index.ts";
import type { Mistakes } from "./mistake.ts";

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

const attributes: Empty = {};
const epsilon = { epsilon: 1e-3 };
const rows = "Row 0 is the means, row 1 the variances.";
const labels = "Labels are int32[N], or the targets of all classes are float32[N, C].";
const sharp = { labelSmoothing: 0 };
const load = { scale: 1, offset: 0, shift: 0 };
const badEpsilon = "epsilon must be at least 0, got -1.";

/** What batch normalization, losses, metrics and data refuse. */
export const learningMistakes: Mistakes<Kinds> = {
  batchMoments: [{ inputs: ["[4]"], attributes, message: "x must be float32[..., M, C], got float32[4]." }],
  batchMomentsGradient: [
    { inputs: ["[5, 4]"], attributes, message: "takes 3 inputs (x, moments, dMoments), got 1." },
    {
      inputs: ["[5, 4]", "[2, 4]", "[2, 5]"],
      attributes,
      message: "dMoments must be float32[2, C = 4], got float32[2, 5].",
    },
  ],
  batchNormalize: [
    { inputs: ["[5, 4]"], attributes: epsilon, message: "takes 4 inputs (x, moments, gamma, beta), got 1." },
    {
      inputs: ["[5, 4]", "[4, 2]", "[4]", "[4]"],
      attributes: epsilon,
      message: `moments must be float32[2, C = 4], got float32[4, 2]. ${rows}`,
    },
    {
      inputs: ["[5, 4]", "[2, 4]", "[5]", "[4]"],
      attributes: epsilon,
      message: "gamma must be float32[C = 4], got float32[5].",
    },
    {
      inputs: ["[5, 4]", "[2, 4]", "[4]", "[1]"],
      attributes: epsilon,
      message: "beta must be float32[C = 4], got float32[1].",
    },
    { inputs: ["[5, 4]", "[2, 4]", "[4]", "[4]"], attributes: { epsilon: -1 }, message: badEpsilon },
  ],
  batchNormalizeReduce: [
    { inputs: [], attributes: epsilon, message: "takes 3 inputs (x, moments, dy), got 0." },
    {
      inputs: ["[5, 4]", "[2, 4]", "[4, 5]"],
      attributes: epsilon,
      message: "dy must be float32[5, 4], got float32[4, 5].",
    },
    { inputs: ["[5, 4]", "[2, 4]", "[5, 4]"], attributes: { epsilon: -1 }, message: badEpsilon },
  ],
  batchNormalizeInputGradient: [
    {
      inputs: ["[5, 4]", "[2, 4]", "[3]"],
      attributes: epsilon,
      message: "gamma must be float32[C = 4], got float32[3].",
    },
    { inputs: ["[5, 4]", "[2, 4]", "[4]"], attributes: { epsilon: -1 }, message: badEpsilon },
  ],
  batchNormalizeMomentsGradient: [
    {
      inputs: ["[2, 4]", "[4]", "[4, 2]"],
      attributes: epsilon,
      message: "reduced must be float32[2, C = 4], got float32[4, 2].",
    },
    { inputs: ["[2, 4]", "[4]", "[2, 4]"], attributes: { epsilon: -1 }, message: badEpsilon },
  ],
  softmaxCrossEntropy: [
    { inputs: ["[5, 4]"], attributes: sharp, message: "takes 2 inputs (logits, targets), got 1." },
    {
      inputs: ["[5]", "int32[5]"],
      attributes: sharp,
      message: "logits must be float32[N, C], got float32[5]. One row of scores for each example.",
    },
    {
      inputs: ["[5, 4]", "int32[4]"],
      attributes: sharp,
      message: `labels must be int32[N = 5], got int32[4]. ${labels}`,
    },
    {
      inputs: ["[5, 4]", "[5]"],
      attributes: sharp,
      message: `targets must be float32[N = 5, C = 4], got float32[5]. ${labels}`,
    },
    {
      inputs: ["[5, 4]", "int32[5]"],
      attributes: { labelSmoothing: 1.5 },
      message: "labelSmoothing must be from 0 to 1, got 1.5.",
    },
  ],
  softmaxCrossEntropyGradient: [
    {
      inputs: ["[5, 4]", "int32[5]"],
      attributes: sharp,
      message: "takes 3 inputs (logits, labels, dLoss), got 2.",
    },
    {
      inputs: ["[5, 4]", "int32[5]", "[5, 4]"],
      attributes: sharp,
      message: "dLoss must be float32[N = 5], got float32[5, 4].",
    },
  ],
  oneHot: [
    { inputs: ["[5]"], attributes: { classes: 3 }, message: "labels must be int32[N], got float32[5]." },
    {
      inputs: ["int32[5]"],
      attributes: { classes: 0 },
      message: "classes must be a whole number of at least 1, got 0.",
    },
  ],
  topKHits: [
    {
      inputs: ["[5, 4]", "int32[4]"],
      attributes: { k: 1 },
      message: "labels must be int32[N = 5], got int32[4].",
    },
    {
      inputs: ["[5, 4]", "int32[5]"],
      attributes: { k: 0 },
      message: "k must be a whole number of at least 1, got 0.",
    },
  ],
  loadImages: [
    {
      inputs: ["[9, 4, 4, 1]", "int32[2]", "uint32[2]"],
      attributes: load,
      message: "images must be uint8[M, H, W, C], got float32[9, 4, 4, 1].",
    },
    {
      inputs: ["uint8[9, 4, 4, 1]", "uint32[2]", "uint32[2]"],
      attributes: load,
      message: "indices must be int32[N], got uint32[2].",
    },
    {
      inputs: ["uint8[9, 4, 4, 1]", "int32[2]", "uint32[3]"],
      attributes: load,
      message: "key must be uint32[2], got uint32[3].",
    },
    {
      inputs: ["uint8[9, 4, 4, 1]", "int32[2]", "uint32[2]"],
      attributes: { ...load, shift: -1 },
      message: "shift must be a whole number of at least 0, got -1.",
    },
    {
      inputs: ["uint8[9, 4, 4, 1]", "int32[2]", "uint32[2]"],
      attributes: { ...load, shift: 2 ** 20 },
      message: "shift must be below 1048576, got 1048576.",
    },
  ],
  loadRows: [
    {
      inputs: ["uint8[9, 4]", "int32[2]"],
      attributes,
      message: "rows must be float32[...], got uint8[9, 4].",
    },
    {
      inputs: ["[9, 4]", "[2]"],
      attributes,
      message: "indices must be int32[N], got float32[2].",
    },
    {
      inputs: ["[]", "int32[2]"],
      attributes,
      message: "rows must have an axis that counts them, got float32[].",
    },
    { inputs: ["[9, 4]"], attributes, message: "takes 2 inputs (rows, indices), got 1." },
  ],
  loadLabels: [
    { inputs: ["[9]", "int32[2]"], attributes, message: "labels must be int32[M], got float32[9]." },
    { inputs: ["int32[9]", "[2]"], attributes, message: "indices must be int32[N], got float32[2]." },
  ],
};
