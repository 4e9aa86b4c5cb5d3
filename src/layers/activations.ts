import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { type Field, nameField } from "../options/index.ts";

/**
 * A non-linear map, element by element except `softmax` and `logSoftmax`, which are over the last axis:
 *
 * - `linear`: x
 * - `relu`: max(x, 0)
 * - `relu6`: min(max(x, 0), 6) (Krizhevsky 2010)
 * - `leakyRelu`: x where positive, or x / 100, as in PyTorch; `layers.leakyRelu` takes other slopes
 * - `hardSigmoid`: min(max(x / 6 + 1 / 2, 0), 1), as in PyTorch and Keras 3
 * - `hardSwish`: x hardSigmoid(x) (Howard et al. 2019)
 * - `sigmoid`: 1 / (1 + exp(-x))
 * - `tanh`: (exp(x) - exp(-x)) / (exp(x) + exp(-x))
 * - `softmax`: exp(x_i) / sum_j exp(x_j)
 * - `logSoftmax`: x_i - log sum_j exp(x_j)
 * - `gelu`: x Phi(x), exact (Hendrycks and Gimpel 2016)
 */
export type ActivationName =
  | "linear"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "hardSigmoid"
  | "hardSwish"
  | "sigmoid"
  | "tanh"
  | "softmax"
  | "logSoftmax"
  | "gelu";

/** The slope of `leakyRelu` where none is given: PyTorch's. */
export const leakySlope = 0.01;

const activations: { readonly [N in ActivationName]: (build: Build, x: Node) => Node } = {
  linear: (_build, x) => x,
  relu: (build, x) => build("relu", [x], {}),
  relu6: (build, x) => build("clip", [x], { minimum: 0, maximum: 6 }),
  leakyRelu: (build, x) => build("leakyRelu", [x], { slope: leakySlope }),
  hardSigmoid: (build, x) =>
    build("clip", [build("affine", [x], { factor: 1 / 6, offset: 0.5 })], { minimum: 0, maximum: 1 }),
  hardSwish: (build, x) => build("hardSwish", [x], {}),
  sigmoid: (build, x) => build("sigmoid", [x], {}),
  tanh: (build, x) => build("tanh", [x], {}),
  softmax: (build, x) => build("softmax", [x], {}),
  logSoftmax: (build, x) => build("logSoftmax", [x], {}),
  gelu: (build, x) => build("gelu", [x], { approximate: false }),
};

/** All names, for checks and errors. */
export const activationNames = Object.keys(activations) as readonly ActivationName[];

/** Builds an activation. */
export function applyActivation(build: Build, name: ActivationName, x: Node): Node {
  return activations[name](build, x);
}

/** The option `activation` of a layer; `linear` when not given. */
export const activationField: Field<ActivationName> = nameField(activationNames, "linear");
