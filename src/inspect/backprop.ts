/**
 * Backpropagation by hand, on a net small enough to read: every value, every partial derivative as formula and number,
 * each checked against a central difference, and some steps of gradient descent. The numbers come from the graph, the
 * gradient rules and the float64 references that training uses, and the formulas are read off the gradient graph
 * itself (`formula.ts`): nothing is worked out a second time.
 */
import { evaluate } from "../engine/reference/index.ts";
import type { Node } from "../graph/index.ts";
import { updateTable } from "../ops/index.ts";
import { OptionError, sizeOf } from "../tensor/index.ts";
import {
  buildSmallNet,
  type NonLinearity,
  resolveSmallNet,
  type SmallNet,
  type SmallNetGraph,
  type SmallNetOptions,
  type WalkCost,
} from "./small-net.ts";
import { type BackwardLayer, type ForwardLayer, feedsOf, Walk, type WalkEquation } from "./walk.ts";

/** Which net to walk through, and how many steps of gradient descent to take. */
export interface BackpropOptions extends SmallNetOptions {
  /** Length of a step (default 0.1). */
  readonly learningRate?: number;
  /** Number of steps (default 10). */
  readonly steps?: number;
  /** The one parameter that the steps change, as the walk calls it: `w2`, `w1[2,1]`; default all. */
  readonly only?: string | null;
}

/** The cost before the first step (step 0) and after each. */
export interface WalkStep {
  readonly step: number;
  readonly cost: number;
  readonly output: readonly number[];
}

/** All that there is to say of a net's forward pass, backward pass and first steps. */
export interface BackpropWalk {
  readonly nonLinearity: NonLinearity;
  readonly costName: WalkCost;
  /** Units of each layer, the input first. */
  readonly sizes: readonly number[];
  readonly parameters: number;
  readonly input: readonly number[];
  readonly target: readonly number[];
  /** All weights, layer by layer, each layer's unit by unit. */
  readonly weights: readonly number[];
  /** All biases, layer by layer. */
  readonly biases: readonly number[];
  readonly forward: readonly ForwardLayer[];
  readonly cost: WalkEquation;
  /** From the last layer to the first. */
  readonly backward: readonly BackwardLayer[];
  readonly learningRate: number;
  readonly steps: readonly WalkStep[];
  /** The parameters behind the last step, in the order of `weights` and `biases`. */
  readonly after: { readonly weights: readonly number[]; readonly biases: readonly number[] };
}

const mostSteps = 100_000;

/**
 * Walks through a small net.
 *
 * @throws OptionError that names the option, what it should be and what came
 */
export function walkBackprop(options: BackpropOptions = {}): BackpropWalk {
  const { learningRate = 0.1, steps = 10, only = null } = options;
  checkDescent(learningRate, steps);
  const net = resolveSmallNet(options);
  const walk = new Walk(net);
  const descent = descend(net, walk, learningRate, steps, only);
  return {
    nonLinearity: net.nonLinearity,
    costName: net.cost,
    sizes: [net.input.length, ...net.layers.map(({ units }) => units)],
    parameters: net.layers.reduce((count, { weights, biases }) => count + weights.length + biases.length, 0),
    input: [...net.input],
    target: [...net.target],
    weights: net.layers.flatMap(({ weights }) => [...weights]),
    biases: net.layers.flatMap(({ biases }) => [...biases]),
    forward: net.layers.map((_, layer) => walk.forwardLayer(layer)),
    cost: walk.equation(walk.graph.cost, "C", []),
    backward: net.layers.map((_, layer) => walk.backwardLayer(layer)).reverse(),
    learningRate,
    ...descent,
  };
}

/** Plain gradient descent, w -= rate dC/dw, by the rule of the optimizer `sgd`. */
function descend(
  net: SmallNet,
  { graph, backpropagation: { gradients: partials } }: Walk,
  learningRate: number,
  count: number,
  only: string | null,
): Pick<BackpropWalk, "steps" | "after"> {
  const feeds = feedsOf(net);
  const output = graph.layers[graph.layers.length - 1].z;
  const parameters = graph.layers.flatMap(({ w, b }) => [w, b]);
  const wanted = parameters.map((node) => partials.get(node) ?? node);
  const alone = only === null ? null : placeOf(graph, only, "backprop only");
  const steps: WalkStep[] = [];
  for (let step = 0; step <= count; step++) {
    const [cost, y, ...slopes] = evaluate([graph.cost, output, ...wanted], feeds);
    steps.push({ step, cost: cost[0], output: [...y] });
    if (step === count) break;
    for (const [index, { attributes }] of parameters.entries()) {
      const hyper = Float64Array.of(learningRate);
      const { name } = attributes;
      const before = feeds[name];
      feeds[name] = before.slice();
      updateTable.sgd.reference({ weightDecay: 0 }, feeds[name], slopes[index], [], hyper);
      if (alone === null) continue;
      const moved = feeds[name][alone.index];
      feeds[name] = name === alone.variable ? before.with(alone.index, moved) : before;
    }
  }
  const all = (kind: "w" | "b") => graph.layers.flatMap((layer) => [...feeds[layer[kind].attributes.name]]);
  return { steps, after: { weights: all("w"), biases: all("b") } };
}

/**
 * The cost as a function of one parameter, all others as they are: its slope at the parameter's own value is the partial
 * derivative.
 *
 * @param parameter - as the walk calls it: `w2`, `b1`, `w1[2,1]`
 * @param values - what to set it to
 * @returns the cost at each of the values
 * @throws OptionError as {@link walkBackprop}, and for a parameter that there is not
 */
export function costAlong(options: BackpropOptions, parameter: string, values: readonly number[]): number[] {
  const net = resolveSmallNet(options);
  const graph = buildSmallNet(net);
  const feeds = feedsOf(net);
  const { variable, index } = placeOf(graph, parameter, "backprop parameter");
  const at = feeds[variable];
  return values.map((value) => {
    return evaluate([graph.cost], { ...feeds, [variable]: at.with(index, value) })[0][0];
  });
}

function placeOf(graph: SmallNetGraph, parameter: string, where: string) {
  const names = graph.layers.flatMap(({ w, b }) => [...parameterNames(w), ...parameterNames(b)]);
  const place = names.find(({ name }) => name === parameter);
  if (place !== undefined) return place;
  const hint = `It has ${names[0].name} to ${names[names.length - 1].name}.`;
  throw new OptionError(`the net has no ${parameter}`, { where, hint });
}

/** `w1[2,1]` and its like, with the place of each in the variable; a variable of one number has no subscript. */
function parameterNames({ attributes: { name, shape } }: Node<"variable">) {
  const count = sizeOf(shape);
  const columns = shape.length === 2 ? shape[1] : null;
  return Array.from({ length: count }, (_, index) => {
    const place = columns === null ? [index] : [Math.floor(index / columns), index % columns];
    const subscript = count === 1 ? "" : `[${place.map((one) => one + 1).join(",")}]`;
    return { name: `${name}${subscript}`, variable: name, index };
  });
}

function checkDescent(learningRate: number, steps: number): void {
  if (!Number.isFinite(learningRate) || learningRate < 0) {
    throw new OptionError(`a number of at least 0 was expected, got ${learningRate}`, {
      where: "backprop learningRate",
    });
  }
  if (!Number.isSafeInteger(steps) || steps < 0 || steps > mostSteps) {
    throw new OptionError(`a whole number from 0 to ${mostSteps} was expected, got ${steps}`, {
      where: "backprop steps",
    });
  }
}
