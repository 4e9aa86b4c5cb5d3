import { type OpExamples, value } from "../op-values.ts";

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

const leaf = { name: "leaf", shape: [2], dtype: "float32" } as const;
// Figures of the normal distribution and density at 1 (Abramowitz and Stegun, table 26.1).
const phi1 = 0.8413447460685429;
const density1 = 0.24197072451914337;

/** Leaves, arithmetic, and maps of single elements or rows. */
export const elementwiseExamples: OpExamples<Kinds> = {
  // What feeds an example gives a leaf the example's output as its value.
  input: [{ name: "is what is fed", inputs: [], attributes: leaf, output: value([3, -4]) }],
  variable: [{ name: "is what is written", inputs: [], attributes: leaf, output: value([0.5, 8]) }],
  constant: [
    {
      name: "fills",
      inputs: [],
      attributes: { value: -2.5, shape: [2, 1] },
      output: value([[-2.5], [-2.5]]),
    },
  ],
  add: [
    {
      name: "repeats a row",
      inputs: [
        value([
          [1, 2],
          [3, 4],
        ]),
        value([10, 20]),
      ],
      attributes: {},
      output: value([
        [11, 22],
        [13, 24],
      ]),
    },
    { name: "repeats a scalar", inputs: [value(1), value([1, 2])], attributes: {}, output: value([2, 3]) },
  ],
  subtract: [
    {
      name: "stretches both sides",
      inputs: [value([[1], [2]]), value([[10, 20]])],
      attributes: {},
      output: value([
        [-9, -19],
        [-8, -18],
      ]),
    },
  ],
  multiply: [
    {
      name: "repeats a channel",
      inputs: [
        value([
          [1, 2],
          [3, 4],
        ]),
        value([[2], [-1]]),
      ],
      attributes: {},
      output: value([
        [2, 4],
        [-3, -4],
      ]),
    },
  ],
  divide: [
    {
      name: "repeats a row below the line",
      inputs: [
        value([
          [1, 2],
          [3, 4],
        ]),
        value([2, -4]),
      ],
      attributes: {},
      output: value([
        [0.5, -0.5],
        [1.5, -1],
      ]),
    },
    {
      name: "divides one number",
      inputs: [value(1), value([2, 4])],
      attributes: {},
      output: value([0.5, 0.25]),
    },
  ],
  affine: [
    {
      name: "2 x - 1",
      inputs: [value([0, 1, -3])],
      attributes: { factor: 2, offset: -1 },
      output: value([-1, 1, -7]),
    },
  ],
  channelAffine: [
    {
      name: "has numbers of its own for each channel",
      inputs: [
        value([
          [1, 2],
          [3, 4],
        ]),
      ],
      attributes: { factors: [2, -1], offsets: [0.5, 10] },
      output: value([
        [2.5, 8],
        [6.5, 6],
      ]),
    },
  ],
  clip: [
    {
      name: "limits both ends",
      inputs: [value([-3, -1, 0.5, 2, 7])],
      attributes: { minimum: -1, maximum: 2 },
      output: value([-1, -1, 0.5, 2, 2]),
    },
  ],
  clipGradient: [
    {
      name: "stops on and beyond both limits",
      inputs: [value([0, 0.5, 5.5, 6, -1, 7]), value([1, 2, 3, 4, 5, 6])],
      attributes: { minimum: 0, maximum: 6 },
      output: value([0, 2, 3, 0, 0, 0]),
    },
  ],
  relu: [{ name: "cuts below zero", inputs: [value([-2, 0, 3])], attributes: {}, output: value([0, 0, 3]) }],
  reluGradient: [
    {
      name: "is zero at zero",
      inputs: [value([0, 2, 0.5]), value([5, -6, 7])],
      attributes: {},
      output: value([0, -6, 7]),
    },
  ],
  leakyRelu: [
    {
      name: "keeps a tenth of what is negative",
      inputs: [value([-2, 0, 3])],
      attributes: { slope: 0.125 },
      output: value([-0.25, 0, 3]),
    },
  ],
  leakyReluGradient: [
    {
      name: "has its slope at zero",
      inputs: [value([-2, 0, 3]), value([8, 16, 24])],
      attributes: { slope: 0.125 },
      output: value([1, 2, 24]),
    },
  ],
  hardSwish: [
    {
      name: "is nothing, a parabola, and x",
      inputs: [value([-4, -3, -1.5, 0, 1.5, 3, 4])],
      attributes: {},
      output: value([0, 0, -0.375, 0, 1.125, 3, 4]),
    },
  ],
  hardSwishGradient: [
    {
      name: "jumps at both ends of the parabola",
      inputs: [value([-4, -3, -1.5, 0, 1.5, 3, 4]), value([2, 2, 2, 2, 2, 2, 2])],
      attributes: {},
      output: value([0, 0, 0, 1, 2, 2, 2]),
    },
  ],
  sigmoid: [
    {
      name: "of logarithms of odds",
      inputs: [value([0, Math.log(3), -Math.log(3)])],
      attributes: {},
      output: value([0.5, 0.75, 0.25]),
    },
  ],
  sigmoidGradient: [
    {
      name: "y (1 - y)",
      inputs: [value([0.5, 0.75]), value([4, 2])],
      attributes: {},
      output: value([1, 0.375]),
    },
  ],
  tanh: [
    {
      name: "of ln 2: (2 - 1/2) / (2 + 1/2)",
      inputs: [value([Math.LN2, 0, -Math.LN2])],
      attributes: {},
      output: value([0.6, 0, -0.6]),
    },
  ],
  tanhGradient: [
    { name: "1 - y^2", inputs: [value([0.6, 0]), value([5, 3])], attributes: {}, output: value([3.2, 3]) },
  ],
  gelu: [
    {
      name: "exact",
      inputs: [value([0, 1, -1, 10])],
      attributes: { approximate: false },
      output: value([0, phi1, phi1 - 1, 10]),
    },
    {
      // x / 2 (1 + tanh(sqrt(2 / pi) 1.044715)) at 1, whose published value is 0.841192.
      name: "by tanh",
      inputs: [value([0, 1, -1])],
      attributes: { approximate: true },
      output: value([0, 0.841191990608, -0.158808009392]),
    },
  ],
  geluGradient: [
    {
      name: "exact: Phi + x phi",
      inputs: [value([0, 1]), value([2, 1])],
      attributes: { approximate: false },
      output: value([1, phi1 + density1]),
    },
    {
      name: "by tanh at 0",
      inputs: [value([0]), value([3])],
      attributes: { approximate: true },
      output: value([1.5]),
    },
  ],
  softmax: [
    {
      name: "rows of odds 1 to 3",
      inputs: [
        value([
          [0, Math.log(3)],
          [1, 1],
        ]),
      ],
      attributes: {},
      output: value([
        [0.25, 0.75],
        [0.5, 0.5],
      ]),
    },
    { name: "does not overflow", inputs: [value([1000, 1000])], attributes: {}, output: value([0.5, 0.5]) },
  ],
  softmaxGradient: [
    {
      name: "y (dy - sum y dy)",
      inputs: [value([[0.25, 0.75]]), value([[4, 0]])],
      attributes: {},
      output: value([[0.75, -0.75]]),
    },
  ],
  logSoftmax: [
    {
      name: "of logarithms is the logarithm of their shares, however great they are",
      inputs: [
        value([
          [0, Math.log(3)],
          [1000, 1000],
        ]),
      ],
      attributes: {},
      output: value([
        [-Math.log(4), Math.log(3 / 4)],
        [-Math.LN2, -Math.LN2],
      ]),
    },
  ],
  logSoftmaxGradient: [
    {
      name: "takes each class's share of the sum away",
      inputs: [value([[-Math.log(4), Math.log(3 / 4)]]), value([[1, 3]])],
      attributes: {},
      output: value([[0, 0]]),
    },
    {
      name: "pulls the other class",
      inputs: [value([[-Math.LN2, -Math.LN2]]), value([[1, 0]])],
      attributes: {},
      output: value([[0.5, -0.5]]),
    },
  ],
  dropout: [
    {
      // Threefry-2x32-20 of zeros is 6b200159 99ba4efe (Random123's known answers): 0.418 and 0.600 of 2^32.
      name: "drops the first of two at rate 0.5",
      inputs: [value([3, 4]), value([0, 0], "uint32")],
      attributes: { rate: 0.5, stream: 0 },
      output: value([0, 8]),
    },
    {
      name: "keeps both at rate 0.4",
      inputs: [value([3, 6]), value([0, 0], "uint32")],
      attributes: { rate: 0.4, stream: 0 },
      output: value([5, 10]),
    },
    {
      name: "keeps everything at rate 0",
      inputs: [value([[1], [2], [3]]), value([7, 8], "uint32")],
      attributes: { rate: 0, stream: 5 },
      output: value([[1], [2], [3]]),
    },
  ],
};
