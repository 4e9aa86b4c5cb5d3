import {
  cast,
  clip,
  dropout,
  gelu,
  hardSigmoid,
  identity,
  leakyRelu,
  named,
  prelu,
  softmax,
} from "./activations.ts";
import { arithmetic, sum } from "./arithmetic.ts";
import {
  concatenate,
  flatten,
  gather,
  reshape,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "./axes.ts";
import { convolution, transposedConvolution } from "./convolution.ts";
import { gemm, matmul } from "./dense.ts";
import { pad, resize } from "./images.ts";
import { batchNormalization, localResponseNormalization } from "./normalization.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool, reduceMean } from "./pooling.ts";
import type { Rule } from "./rule.ts";

/** How nodes become layers, by op. What can be worked out at import never comes here. */
export const rules: { readonly [op: string]: Rule } = {
  Add: arithmetic("add"),
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Concat: concatenate,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  Div: arithmetic("divide"),
  Dropout: dropout,
  Flatten: flatten,
  Gather: gather,
  Gelu: gelu,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  HardSigmoid: hardSigmoid,
  HardSwish: named("hardSwish"),
  Identity: identity,
  LRN: localResponseNormalization,
  LeakyRelu: leakyRelu,
  LogSoftmax: softmax("logSoftmax"),
  MatMul: matmul,
  MaxPool: maxPool,
  Mul: arithmetic("multiply"),
  PRelu: prelu,
  Pad: pad,
  ReduceMean: reduceMean,
  Relu: named("relu"),
  Reshape: reshape,
  Resize: resize,
  Sigmoid: named("sigmoid"),
  Slice: slice,
  Softmax: softmax("softmax"),
  Split: split,
  Squeeze: squeeze,
  Sub: arithmetic("subtract"),
  Sum: sum,
  Tanh: named("tanh"),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Upsample: resize,
};

/** The rule of an op, if there is one. */
export function ruleOf(op: string): Rule | undefined {
  return Object.hasOwn(rules, op) ? rules[op] : undefined;
}
