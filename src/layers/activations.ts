import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { type Field, nameField } from "../options/index.ts";

/**
 * A non-linear map, element by element except `softmax`, which is over the last axis:
 *
 * - `linear`: x
 * - `relu`: max(x, 0)
 * - `sigmoid`: 1 / (1 + exp(-x))
 * - `tanh`: (exp(x) - exp(-x)) / (exp(x) + exp(-x))
 * - `softmax`: exp(x_i) / sum_j exp(x_j)
 * - `gelu`: x Phi(x), exact (Hendrycks and Gimpel 2016)
 */
export type ActivationName = "linear" | "relu" | "sigmoid" | "tanh" | "softmax" | "gelu";

const activations: { readonly [N in ActivationName]: (build: Build, x: Node) => Node } = {
  linear: (_build, x) => x,
  relu: (build, x) => build("relu", [x], {}),
  sigmoid: (build, x) => build("sigmoid", [x], {}),
  tanh: (build, x) => build("tanh", [x], {}),
  softmax: (build, x) => build("softmax", [x], {}),
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
