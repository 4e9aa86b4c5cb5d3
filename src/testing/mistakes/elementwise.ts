import type { Empty } from "../../graph/index.ts";
import type { Mistakes } from "./mistake.ts";

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

const attributes: Empty = {};
const leaf = { name: "w", shape: [2], dtype: "float32" } as const;
const noSize = "shape [2, 0] has a size that is not a positive whole number.";
const broadcasting = "Sizes aligned at the end must be equal or 1; here axis 1 has 3 and 2.";

const disordered = {
  attributes: { minimum: 2, maximum: 1 },
  message: "limits must be in order, got [2, 1].",
} as const;

/** What any op of one operand refuses. */
function unary<A>(drawn: A) {
  return [
    { inputs: [], attributes: drawn, message: "takes 1 input (x), got 0." },
    { inputs: ["int32[2]"], attributes: drawn, message: "x must be float32[...], got int32[2]." },
  ] as const;
}

/** What the gradient of a map refuses: `kept` is what the forward op kept. */
function gradientOf<A>(kept: "x" | "y", drawn: A) {
  return [
    { inputs: ["[2]"], attributes: drawn, message: `takes 2 inputs (${kept}, dy), got 1.` },
    {
      inputs: ["[2, 3]", "[3, 2]"],
      attributes: drawn,
      message: "dy must be float32[2, 3], got float32[3, 2].",
    },
  ] as const;
}

function binary() {
  return [
    { inputs: ["[2]"], attributes, message: "takes 2 inputs (a, b), got 1." },
    { inputs: ["[2]", "uint8[2]"], attributes, message: "b must be float32[...], got uint8[2]." },
    {
      inputs: ["[2, 3]", "[2]"],
      attributes,
      message: `cannot broadcast [2, 3] with [2]. ${broadcasting}`,
    },
  ] as const;
}

/** What a map of rows refuses. */
function rows() {
  return [
    { inputs: [], attributes, message: "takes 1 input (x), got 0." },
    { inputs: ["[]"], attributes, message: "x must be float32[..., C], got float32[]." },
  ] as const;
}

function rowGradients() {
  return [
    ...gradientOf("y", attributes),
    { inputs: ["[]", "[]"], attributes, message: "y must be float32[..., C], got float32[]." },
  ] as const;
}

/** What leaves, arithmetic and maps refuse. */
export const elementwiseMistakes: Mistakes<Kinds> = {
  input: [
    { inputs: ["[2]"], attributes: leaf, message: "takes no inputs, got 1." },
    {
      inputs: [],
      attributes: { ...leaf, name: "" },
      message: "the name is empty. Give it a name that is unique in its graph.",
    },
  ],
  variable: [
    { inputs: ["[2]"], attributes: leaf, message: "takes no inputs, got 1." },
    {
      inputs: [],
      attributes: { ...leaf, name: "" },
      message: "the name is empty. Give it a name that is unique in its graph.",
    },
  ],
  constant: [
    { inputs: ["[2]"], attributes: { value: 1, shape: [2] }, message: "takes no inputs, got 1." },
    { inputs: [], attributes: { value: 1, shape: [2, 0] }, message: noSize },
  ],
  add: binary(),
  subtract: binary(),
  multiply: binary(),
  divide: binary(),
  affine: unary({ factor: 1, offset: 0 }),
  channelAffine: [
    ...unary({ factors: [1, 1], offsets: [0, 0] }),
    {
      inputs: ["[]"],
      attributes: { factors: [], offsets: [] },
      message: "x must be float32[..., C], got float32[].",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { factors: [1, 1], offsets: [0, 0, 0] },
      message: "factors must have one number for each of the 3 channels of [2, 3], got 2.",
    },
    {
      inputs: ["[2, 3]"],
      attributes: { factors: [1, 1, 1], offsets: [0] },
      message: "offsets must have one number for each of the 3 channels of [2, 3], got 1.",
    },
  ],
  clip: [...unary({ minimum: 0, maximum: 1 }), { inputs: ["[2]"], ...disordered }],
  clipGradient: [...gradientOf("y", { minimum: 0, maximum: 1 }), { inputs: ["[2]", "[2]"], ...disordered }],
  relu: unary(attributes),
  reluGradient: gradientOf("y", attributes),
  leakyRelu: unary({ slope: 0.1 }),
  leakyReluGradient: gradientOf("x", { slope: 0.1 }),
  hardSwish: unary(attributes),
  hardSwishGradient: gradientOf("x", attributes),
  sigmoid: unary(attributes),
  sigmoidGradient: gradientOf("y", attributes),
  tanh: unary(attributes),
  tanhGradient: gradientOf("y", attributes),
  gelu: unary({ approximate: false }),
  geluGradient: gradientOf("x", { approximate: false }),
  softmax: rows(),
  softmaxGradient: rowGradients(),
  logSoftmax: rows(),
  logSoftmaxGradient: rowGradients(),
  dropout: [
    { inputs: ["[2]"], attributes: { rate: 0.5, stream: 0 }, message: "takes 2 inputs (x, key), got 1." },
    {
      inputs: ["[2]", "int32[2]"],
      attributes: { rate: 0.5, stream: 0 },
      message: "key must be uint32[2], got int32[2].",
    },
    {
      inputs: ["[2]", "uint32[2]"],
      attributes: { rate: 1, stream: 0 },
      message: "rate must be at least 0 and below 1, got 1.",
    },
    {
      inputs: ["[2]", "uint32[2]"],
      attributes: { rate: 0.5, stream: 0.5 },
      message: "stream must be a whole number of at least 0, got 0.5.",
    },
  ],
};
