import type { Node, Update } from "../graph/index.ts";
import { type Build, createUpdate, updateTable } from "../ops/index.ts";
import { checkOptions, type Resolved, readChoice } from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import { type AdamOptions, adamOptimizer, adamWOptimizer } from "./adam.ts";
import { clipByGlobalNorm, clipByValue } from "./clip.ts";
import type { CommonOptimizerOptions, OptimizerDefinition } from "./definition.ts";
import { type RmspropOptions, rmspropOptimizer } from "./rmsprop.ts";
import { learningRateAt } from "./schedule.ts";
import { type SgdOptions, sgdOptimizer } from "./sgd.ts";

/** All kinds of optimizers and the type of their options: a closed union. */
export interface OptimizerOptions {
  sgd: SgdOptions;
  adam: AdamOptions;
  adamW: AdamOptions;
  rmsprop: RmspropOptions;
}

/** The name of an optimizer. */
export type OptimizerKind = keyof OptimizerOptions;

/** An optimizer: a plain description that JSON keeps. Its state lives in the engine. */
export interface Optimizer<K extends OptimizerKind = OptimizerKind> {
  readonly kind: K;
  readonly options: Resolved<OptimizerOptions[K]>;
}

const optimizerTable: { readonly [K in OptimizerKind]: OptimizerDefinition<OptimizerOptions[K]> } = {
  sgd: sgdOptimizer,
  adam: adamOptimizer,
  adamW: adamWOptimizer,
  rmsprop: rmspropOptimizer,
};

/** All kinds as a list. */
export const optimizerKinds = Object.keys(optimizerTable) as readonly OptimizerKind[];

function definitionOf<K extends OptimizerKind>(kind: K): OptimizerDefinition<OptimizerOptions[K]> {
  return optimizerTable[kind];
}

/** @throws OptionError for an unknown or wrong option, or two ways of clipping at once */
export function createOptimizer<K extends OptimizerKind>(kind: K, options: unknown): Optimizer<K> {
  const where = `optimizers.${kind}`;
  const resolved = checkOptions(where, options, definitionOf(kind).fields);
  const { clipNorm, clipValue }: Resolved<CommonOptimizerOptions> = resolved;
  if (clipNorm !== null && clipValue !== null) {
    throw new OptionError("clipNorm and clipValue cannot be used together", { where, hint: "Choose one." });
  }
  return Object.freeze({ kind, options: resolved });
}

/**
 * An optimizer from its name or from a description that JSON kept.
 *
 * @throws OptionError for an unknown name, or a wrong option
 */
export function readOptimizer(value: unknown): Optimizer {
  const { kind, options } = readChoice("optimizer", value, optimizerTable);
  return createOptimizer(kind, options);
}

/** A parameter with its gradient. */
export interface Trained {
  readonly variable: Node<"variable">;
  readonly gradient: Node;
  /** Whether weight decay applies by default: true for kernels, false for biases and normalization. */
  readonly decays: boolean;
  /** What the learning rate is multiplied with for it. */
  readonly rateFactor: number;
}

/** Name of the variable that holds an optimizer's state for a parameter: `optimizer/firstMoment/conv1.weight`. */
export function slotName(slot: string, parameter: string): string {
  return `optimizer/${slot}/${parameter}`;
}

/** Names of an optimizer's slots: as many values as a parameter has, each. */
export function slotsOf<K extends OptimizerKind>(optimizer: Optimizer<K>): readonly string[] {
  return updateTable[updateOf(optimizer, 0).kind].slots;
}

/** Length of the `hyper` vector: the learning rate first. */
export function hyperLengthOf<K extends OptimizerKind>(optimizer: Optimizer<K>): number {
  return updateTable[updateOf(optimizer, 0).kind].hyperLength;
}

function updateOf<K extends OptimizerKind>(optimizer: Optimizer<K>, weightDecay: number) {
  return definitionOf(optimizer.kind).update(optimizer.options, weightDecay);
}

/**
 * The optimizer's learning rate at a step, counted from 0 over all training of a model, as its schedule has it.
 */
export function scheduledLearningRate(optimizer: Optimizer, step: number): number {
  return learningRateAt(optimizer.options.learningRate, step);
}

/** The `hyper` vector of a step, counted from 0: the rate and the corrections, computed in float64. */
export function hyperOf<K extends OptimizerKind>(
  optimizer: Optimizer<K>,
  step: number,
  learningRate: number,
): Float32Array {
  const corrections = definitionOf(optimizer.kind).corrections(optimizer.options, step + 1);
  return Float32Array.of(learningRate, ...corrections);
}

/**
 * The updates of one step: gradients clipped if so asked, then one update a parameter.
 *
 * @param hyper - the fed vector of length {@link hyperLengthOf}
 */
export function buildUpdates<K extends OptimizerKind>(
  optimizer: Optimizer<K>,
  build: Build,
  trained: readonly Trained[],
  hyper: Node,
): Update[] {
  const { weightDecay, decayBiases }: Resolved<CommonOptimizerOptions> = optimizer.options;
  const gradients = clip(optimizer, build, trained);
  const hyperWith = scaledHypers(build, hyper);
  return trained.map(({ variable, decays, rateFactor }, index) => {
    const { kind, attributes } = updateOf(optimizer, decays || decayBiases ? weightDecay : 0);
    const slots = updateTable[kind].slots.map((slot) => slotVariable(build, slot, variable));
    const value = gradients[index];
    return createUpdate(kind, attributes, { variable, value, slots, hyper: hyperWith(rateFactor) });
  });
}

/** The vector with the learning rate, its first number, multiplied: one node for each factor that is not 1. */
function scaledHypers(build: Build, hyper: Node): (factor: number) => Node {
  const known = new Map([[1, hyper]]);
  const [length] = hyper.shape;
  const offsets = Array.from({ length }, () => 0);
  return (factor) => {
    const factors = offsets.map((_, index) => (index === 0 ? factor : 1));
    const scaled = known.get(factor) ?? build("channelAffine", [hyper], { factors, offsets });
    known.set(factor, scaled);
    return scaled;
  };
}

function clip<K extends OptimizerKind>(
  optimizer: Optimizer<K>,
  build: Build,
  trained: readonly Trained[],
): readonly Node[] {
  const { clipNorm, clipValue }: Resolved<CommonOptimizerOptions> = optimizer.options;
  const gradients = trained.map(({ gradient }) => gradient);
  if (clipNorm !== null) return clipByGlobalNorm(build, gradients, clipNorm);
  if (clipValue !== null) return clipByValue(build, gradients, clipValue);
  return gradients;
}

function slotVariable(build: Build, slot: string, variable: Node<"variable">): Node<"variable"> {
  const { shape, dtype } = variable;
  return build("variable", [], { name: slotName(slot, variable.attributes.name), shape, dtype });
}
