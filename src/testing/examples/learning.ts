import { type OpExamples, value } from "../op-values.ts";

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

const x = value([
  [1, 10],
  [3, 14],
]);
const moments = value([
  [2, 12],
  [1, 4],
]);
const odds = value([[0, Math.log(3)]]);
const images = value([1, 2, 3, 4, 10, 20, 30, 40], "uint8", [2, 2, 2, 1]);
const key = value([0, 0], "uint32");

/** Batch normalization, losses, metrics and data. */
export const learningExamples: OpExamples<Kinds> = {
  batchMoments: [{ name: "mean and biased variance", inputs: [x], attributes: {}, output: moments }],
  batchMomentsGradient: [
    {
      name: "dMean / M + 2 dVariance (x - mean) / M",
      inputs: [
        x,
        moments,
        value([
          [2, 0],
          [3, 1],
        ]),
      ],
      attributes: {},
      output: value([
        [-2, -2],
        [4, 2],
      ]),
    },
  ],
  batchNormalize: [
    {
      name: "without epsilon",
      inputs: [x, moments, value([2, 1]), value([1, 0])],
      attributes: { epsilon: 0 },
      output: value([
        [-1, -1],
        [3, 1],
      ]),
    },
    {
      name: "epsilon adds to the variance",
      inputs: [value([[3], [7]]), value([[1], [1]]), value([1]), value([0])],
      attributes: { epsilon: 3 },
      output: value([[1], [3]]),
    },
  ],
  batchNormalizeReduce: [
    {
      name: "sums of dy and of dy xHat",
      inputs: [
        x,
        moments,
        value([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: { epsilon: 0 },
      output: value([
        [4, 6],
        [2, 2],
      ]),
    },
  ],
  batchNormalizeInputGradient: [
    {
      name: "gamma dy / sqrt(variance + epsilon)",
      inputs: [
        value([
          [1, 2],
          [3, 4],
        ]),
        value([
          [0, 0],
          [1, 13],
        ]),
        value([2, 8]),
      ],
      attributes: { epsilon: 3 },
      output: value([
        [1, 4],
        [3, 8],
      ]),
    },
  ],
  batchNormalizeMomentsGradient: [
    {
      name: "dMean and dVariance",
      inputs: [value([[0], [1]]), value([4]), value([[3], [2]])],
      attributes: { epsilon: 3 },
      output: value([[-6], [-1]]),
    },
  ],
  softmaxCrossEntropy: [
    {
      name: "of labels",
      inputs: [
        value([
          [0, 0],
          [0, Math.log(3)],
        ]),
        value([0, 1], "int32"),
      ],
      attributes: { labelSmoothing: 0 },
      output: value([Math.LN2, Math.log(4 / 3)]),
    },
    {
      name: "smoothed: targets 1/4 and 3/4",
      inputs: [odds, value([1], "int32")],
      attributes: { labelSmoothing: 0.5 },
      output: value([0.25 * Math.log(4) + 0.75 * Math.log(4 / 3)]),
    },
    {
      name: "of targets",
      inputs: [odds, value([[0.5, 0.5]])],
      attributes: { labelSmoothing: 0 },
      output: value([0.5 * Math.log(4) + 0.5 * Math.log(4 / 3)]),
    },
    {
      name: "does not overflow",
      inputs: [value([[1000, 0]]), value([1], "int32")],
      attributes: { labelSmoothing: 0 },
      output: value([1000]),
    },
  ],
  softmaxCrossEntropyGradient: [
    {
      name: "dLoss (p - target)",
      inputs: [odds, value([0], "int32"), value([4])],
      attributes: { labelSmoothing: 0 },
      output: value([[-3, 3]]),
    },
    {
      name: "smoothed",
      inputs: [value([[0, 0]]), value([0], "int32"), value([2])],
      attributes: { labelSmoothing: 0.5 },
      output: value([[-0.5, 0.5]]),
    },
    {
      name: "targets that sum to 2",
      inputs: [odds, value([[1, 1]]), value([1])],
      attributes: { labelSmoothing: 0 },
      output: value([[-0.5, 0.5]]),
    },
  ],
  oneHot: [
    {
      name: "one in each row",
      inputs: [value([2, 0], "int32")],
      attributes: { classes: 3 },
      output: value([
        [0, 0, 1],
        [1, 0, 0],
      ]),
    },
  ],
  topKHits: [
    {
      name: "top 1, ties count for the label",
      inputs: [
        value([
          [1, 3, 2],
          [1, 3, 2],
          [5, 5, 5],
        ]),
        value([1, 2, 2], "int32"),
      ],
      attributes: { k: 1 },
      output: value([1, 0, 1]),
    },
    {
      name: "top 2",
      inputs: [
        value([
          [1, 3, 2],
          [1, 3, 2],
          [4, 4, 1],
        ]),
        value([2, 0, 2], "int32"),
      ],
      attributes: { k: 2 },
      output: value([1, 0, 0]),
    },
  ],
  loadImages: [
    {
      name: "gathers and scales",
      inputs: [images, value([1, 0, 1], "int32"), key],
      attributes: { scale: 0.5, offset: -1, shift: 0 },
      output: value([4, 9, 14, 19, -0.5, 0, 0.5, 1, 4, 9, 14, 19], "float32", [3, 2, 2, 1]),
    },
    {
      // Threefry of zeros is 6b200159 99ba4efe: 5 * 0.418 = 2.09 and 5 * 0.6005 = 3.002, so dx = 0 and dy = 1.
      name: "moves down by one and fills with raw zeros",
      inputs: [images, value([0], "int32"), key],
      attributes: { scale: 2, offset: 100, shift: 2 },
      output: value([100, 100, 102, 104], "float32", [1, 2, 2, 1]),
    },
  ],
  loadRows: [
    {
      name: "gathers rows of any shape",
      inputs: [value([1, 2, 3, 4, 5, 6, 7, 8], "float32", [2, 2, 2]), value([1, 0, 1], "int32")],
      attributes: {},
      output: value([5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8], "float32", [3, 2, 2]),
    },
    {
      name: "gathers single numbers",
      inputs: [value([0.5, -1.5], "float32"), value([1, 1, 0], "int32")],
      attributes: {},
      output: value([-1.5, -1.5, 0.5], "float32"),
    },
  ],
  loadLabels: [
    {
      name: "gathers",
      inputs: [value([7, 8, 9], "int32"), value([2, 2, 0], "int32")],
      attributes: {},
      output: value([9, 9, 7], "int32"),
    },
  ],
};
