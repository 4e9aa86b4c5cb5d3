import type { Node } from "../graph/index.ts";
import { createBuild } from "../ops/build.ts";
import { OptionError, RandomStream } from "../tensor/index.ts";

/** Non-linearities that the walk knows, by the names that layers use. */
export const nonLinearities = ["sigmoid", "tanh", "relu", "gelu"] as const;
/** A non-linearity s that the walk knows. */
export type NonLinearity = (typeof nonLinearities)[number];

/**
 * Costs that the walk knows, each summed over the output units: (y - t)^2, half of it, and the cross-entropy
 * -t ln(p) - (1 - t) ln(1 - p) of p = 1 / (1 + e^-y).
 */
export const walkCosts = ["squared", "half-squared", "cross-entropy"] as const;
/** A cost C that the walk knows. */
export type WalkCost = (typeof walkCosts)[number];

/** A small dense net with one example, in numbers: y = (w3*+b3) o s o (w2*+b2) o s o (w1*+b1)(x) for depth 3. */
export interface SmallNetOptions {
  /** Number of linear maps (default 3); a non-linearity stands between each two. */
  readonly depth?: number;
  /** Units of each inner layer (default 1). */
  readonly width?: number;
  readonly nonLinearity?: NonLinearity;
  /** What is to become small (default `"squared"`). For `"cross-entropy"` targets are from 0 to 1. */
  readonly cost?: WalkCost;
  /** All weights, layer by layer, each layer's unit by unit; drawn by `seed` when left out. */
  readonly weights?: readonly number[];
  /** All biases, layer by layer; drawn by `seed` when left out. */
  readonly biases?: readonly number[];
  /** The input x, a number for each input unit (default 0.5). */
  readonly input?: readonly number[];
  /** What the net should answer, a number for each output unit (default 1). */
  readonly target?: readonly number[];
  /** Seed of the weights and biases that are not given (default 1). */
  readonly seed?: number;
}

/** The numbers of one layer: `weights[j * inputs + i]` leads from unit i before to unit j. */
export interface LayerValues {
  readonly inputs: number;
  readonly units: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** A small net with all its numbers, checked. */
export interface SmallNet {
  readonly nonLinearity: NonLinearity;
  readonly cost: WalkCost;
  readonly layers: readonly LayerValues[];
  readonly input: Float64Array;
  readonly target: Float64Array;
}

/** The nodes of one layer. The last layer has no non-linearity: its z is the net's output y, and `a` is that node. */
export interface LayerNodes {
  readonly w: Node<"variable">;
  readonly b: Node<"variable">;
  readonly z: Node;
  readonly a: Node;
}

/** The graph of a small net and its cost C. */
export interface SmallNetGraph {
  readonly x: Node<"input">;
  readonly t: Node<"input">;
  readonly layers: readonly LayerNodes[];
  readonly cost: Node;
}

const deepest = 20;
const widest = 16;

/**
 * Checks the options and fills in what was left out.
 *
 * @throws OptionError that names the option, what it should be and what came
 */
export function resolveSmallNet(options: SmallNetOptions = {}): SmallNet {
  const { depth = 3, width = 1, nonLinearity = "sigmoid", cost = "squared", seed = 1 } = options;
  checkWhole("depth", depth, 1, deepest, "More layers do not fit a screen; the rule stays the same.");
  checkWhole("width", width, 1, widest, "Wider layers do not fit a screen; the rule stays the same.");
  checkWhole("seed", seed, 0, Number.MAX_SAFE_INTEGER, "");
  const input = finiteNumbers("input", options.input ?? [0.5]);
  const target = finiteNumbers("target", options.target ?? [1]);
  checkTarget(cost, target);
  const sizes = [input.length, ...new Array<number>(depth - 1).fill(width), target.length];
  const shapes = sizes.slice(1).map((units, layer) => ({ units, inputs: sizes[layer] ?? 1 }));
  const weightCounts = shapes.map(({ units, inputs }) => units * inputs);
  const biasCounts = shapes.map(({ units }) => units);
  const weights = valuesOrDraws("weights", options.weights, total(weightCounts), seed);
  const biases = valuesOrDraws("biases", options.biases, total(biasCounts), seed);
  const layerWeights = splitBy(weights, weightCounts);
  const layerBiases = splitBy(biases, biasCounts);
  const layers = shapes.map(({ units, inputs }, layer) => ({
    inputs,
    units,
    weights: layerWeights[layer],
    biases: layerBiases[layer],
  }));
  return { nonLinearity, cost, layers, input, target };
}

/** Builds the graph of a net: the same ops that models are made of. */
export function buildSmallNet(net: SmallNet): SmallNetGraph {
  const build = createBuild();
  const x = build("input", [], { name: "x", shape: [1, net.input.length], dtype: "float32" });
  const t = build("input", [], { name: "t", shape: [1, net.target.length], dtype: "float32" });
  const layers: LayerNodes[] = [];
  let previous: Node = x;
  for (const [index, { units, inputs }] of net.layers.entries()) {
    const scope = createBuild(`layer${index + 1}`);
    const w = scope("variable", [], { name: `w${index + 1}`, shape: [units, inputs], dtype: "float32" });
    const b = scope("variable", [], { name: `b${index + 1}`, shape: [units], dtype: "float32" });
    const weighed = scope("matmul", [previous, w], { transposeA: false, transposeB: true });
    const z = scope("add", [weighed, b], {});
    previous = index === net.layers.length - 1 ? z : applyNonLinearity(net.nonLinearity, z);
    layers.push({ w, b, z, a: previous });
  }
  return { x, t, layers, cost: buildCost(net.cost, previous, t) };
}

/** A state of the net that the walk can take hold of: a layer's z, or its a. */
export type State = "z" | "a";

/**
 * The cost as a function of a state in the middle: the rest of the net behind an input named `state`.
 * Central differences of z and a are taken on it.
 */
export function buildTail(net: SmallNet, graph: SmallNetGraph, layer: number, state: State): Node {
  const held = graph.layers[layer]?.z;
  if (held === undefined) throw new RangeError(`no layer ${layer}`);
  const isLast = (index: number) => index === net.layers.length - 1;
  const start = createBuild()("input", [], { name: "state", shape: held.shape, dtype: "float32" });
  let previous: Node = state === "a" || isLast(layer) ? start : applyNonLinearity(net.nonLinearity, start);
  for (const [index, { w, b }] of graph.layers.entries()) {
    if (index <= layer) continue;
    const build = createBuild(`layer${index + 1}`);
    const z = build("add", [build("matmul", [previous, w], { transposeA: false, transposeB: true }), b], {});
    previous = isLast(index) ? z : applyNonLinearity(net.nonLinearity, z);
  }
  return buildCost(net.cost, previous, graph.t);
}

/** s(z) as layers build it. */
export function applyNonLinearity(nonLinearity: NonLinearity, z: Node): Node {
  const build = createBuild(z.scope);
  return nonLinearity === "gelu" ? build("gelu", [z], { approximate: false }) : build(nonLinearity, [z], {});
}

function buildCost(cost: WalkCost, y: Node, t: Node): Node {
  if (cost === "cross-entropy") return buildCrossEntropy(y, t);
  const build = createBuild("cost");
  const error = build("subtract", [y, t], {});
  const square = build("multiply", [error, error], {});
  const each = cost === "squared" ? square : build("affine", [square], { factor: 0.5, offset: 0 });
  return build("reduceSum", [each], { axes: [0, 1], keepDimensions: false });
}

/** Of two classes a unit, whose logits are y and 0: their softmax is the sigmoid of y and what is left of 1. */
function buildCrossEntropy(y: Node, t: Node): Node {
  const build = createBuild("cost");
  const column = [y.shape[1], 1];
  const nothing = build("constant", [], { value: 0, shape: column });
  const logits = build("concatenate", [build("reshape", [y], { shape: column }), nothing], { axis: 1 });
  const wanted = build("reshape", [t], { shape: column });
  const others = build("affine", [wanted], { factor: -1, offset: 1 });
  const targets = build("concatenate", [wanted, others], { axis: 1 });
  const each = build("softmaxCrossEntropy", [logits, targets], { labelSmoothing: 0 });
  return build("reduceSum", [each], { axes: [0], keepDimensions: false });
}

function checkTarget(cost: WalkCost, target: Float64Array): void {
  if (!walkCosts.includes(cost)) {
    throw new OptionError(`one of ${walkCosts.join(", ")} was expected, got ${cost}`, {
      where: "backprop cost",
    });
  }
  const outside = target.find((value) => value < 0 || value > 1);
  if (cost !== "cross-entropy" || outside === undefined) return;
  throw new OptionError(`numbers from 0 to 1 were expected, got ${outside}`, {
    where: "backprop target",
    hint: "Cross-entropy takes a target for the probability of a yes.",
  });
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Cuts a row of numbers into runs of the given lengths. */
function splitBy(values: Float64Array, counts: readonly number[]): Float64Array[] {
  let end = 0;
  return counts.map((count) => {
    end += count;
    return values.slice(end - count, end);
  });
}

function checkWhole(name: string, value: number, minimum: number, maximum: number, reason: string): void {
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return;
  throw new OptionError(`a whole number from ${minimum} to ${maximum} was expected, got ${value}`, {
    where: `backprop ${name}`,
    hint: reason,
  });
}

function finiteNumbers(name: string, values: readonly number[]): Float64Array {
  const where = `backprop ${name}`;
  if (values.length < 1 || values.length > widest) {
    throw new OptionError(`1 to ${widest} numbers were expected, got ${values.length}`, { where });
  }
  for (const value of values) {
    if (!Number.isFinite(value)) throw new OptionError(`${value} is not a finite number`, { where });
  }
  return Float64Array.from(values);
}

function valuesOrDraws(
  name: "weights" | "biases",
  given: readonly number[] | undefined,
  count: number,
  seed: number,
): Float64Array {
  if (given === undefined) return drawReadable(new RandomStream(seed).split(name), count);
  if (given.length !== count) {
    throw new OptionError(`${count} numbers were expected, got ${given.length}`, {
      where: `backprop ${name}`,
      hint: "Give them layer by layer, from the input to the output; within a layer unit by unit.",
    });
  }
  for (const value of given) {
    if (!Number.isFinite(value)) {
      throw new OptionError(`${value} is not a finite number`, { where: `backprop ${name}` });
    }
  }
  return Float64Array.from(given);
}

/** Numbers of one decimal from -1.5 to 1.5, none of them 0: a reader can follow them in the head. */
function drawReadable(stream: RandomStream, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const drawn = stream.integer(30) - 15;
    return (drawn < 0 ? drawn : drawn + 1) / 10;
  });
}
