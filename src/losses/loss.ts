import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { checkOptions, type Resolved, readChoice } from "../options/index.ts";
import {
  type CrossentropyOptions,
  categoricalCrossentropyLoss,
  sparseCategoricalCrossentropyLoss,
} from "./crossentropy.ts";
import type { LossDefinition } from "./definition.ts";
import { type MaximumAPosterioriOptions, maximumAPosterioriLoss } from "./maximum-a-posteriori.ts";
import { type MeanSquaredErrorOptions, meanSquaredErrorLoss } from "./mean-squared-error.ts";

/** All kinds of losses and the type of their options: a closed union. */
export interface LossOptions {
  meanSquaredError: MeanSquaredErrorOptions;
  categoricalCrossentropy: CrossentropyOptions;
  sparseCategoricalCrossentropy: CrossentropyOptions;
  maximumAPosteriori: MaximumAPosterioriOptions;
}

/** The name of a loss. */
export type LossKind = keyof LossOptions;

/** A loss: a plain description that JSON keeps. */
export interface Loss<K extends LossKind = LossKind> {
  readonly kind: K;
  readonly options: Resolved<LossOptions[K]>;
}

const lossTable: { readonly [K in LossKind]: LossDefinition<LossOptions[K]> } = {
  meanSquaredError: meanSquaredErrorLoss,
  categoricalCrossentropy: categoricalCrossentropyLoss,
  sparseCategoricalCrossentropy: sparseCategoricalCrossentropyLoss,
  maximumAPosteriori: maximumAPosterioriLoss,
};

/** All kinds as a list. */
export const lossKinds = Object.keys(lossTable) as readonly LossKind[];

function definitionOf<K extends LossKind>(kind: K): LossDefinition<LossOptions[K]> {
  return lossTable[kind];
}

/** @throws OptionError for an unknown or wrong option */
export function createLoss<K extends LossKind>(kind: K, options: unknown): Loss<K> {
  const { fields } = definitionOf(kind);
  return Object.freeze({ kind, options: checkOptions(`losses.${kind}`, options, fields) });
}

/**
 * A loss from its name or from a description that JSON kept.
 *
 * @throws OptionError for an unknown name, or a wrong option
 */
export function readLoss(value: unknown): Loss {
  const { kind, options } = readChoice("loss", value, lossTable);
  return createLoss(kind, options);
}

/**
 * Builds the loss of each example.
 *
 * Shapes: output [N, classes], labels int32 [N] -> [N].
 * @throws OptionError when the loss does not suit what the model ends in
 */
export function perExampleLoss<K extends LossKind>(
  loss: Loss<K>,
  build: Build,
  output: Node,
  labels: Node,
): Node {
  return definitionOf(loss.kind).perExample(loss.options, build, output, labels);
}
