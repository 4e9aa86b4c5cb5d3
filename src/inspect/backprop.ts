/**
 * Backpropagation by hand, on a net small enough to read: every value, every partial derivative as formula and number,
 * each checked against a central difference, and some steps of gradient descent. The numbers come from the graph, the
 * gradient rules and the float64 references that training uses, and the formulas are read off the gradient graph
 * itself (`formula.ts`): nothing is worked out a second time.
 */
import type { Backpropagation } from "../autodiff/index.ts";
import { evaluate } from "../engine/reference/index.ts";
import { updateTable } from "../ops/index.ts";
import { OptionError } from "../tensor/index.ts";
import {
  type NonLinearity,
  resolveSmallNet,
  type SmallNet,
  type SmallNetGraph,
  type SmallNetOptions,
} from "./small-net.ts";
import { type BackwardLayer, type ForwardLayer, feedsOf, Walk, type WalkEquation } from "./walk.ts";

/** Which net to walk through, and how many steps of gradient descent to take. */
export interface BackpropOptions extends SmallNetOptions {
  /** Length of a step (default 0.1). */
  readonly learningRate?: number;
  /** Number of steps (default 10). */
  readonly steps?: number;
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
  /** Units of each layer, the input first. */
  readonly sizes: readonly number[];
  readonly parameters: number;
  readonly input: readonly number[];
  readonly target: readonly number[];
  readonly forward: readonly ForwardLayer[];
  readonly cost: WalkEquation;
  /** From the last layer to the first. */
  readonly backward: readonly BackwardLayer[];
  readonly learningRate: number;
  readonly steps: readonly WalkStep[];
}

const mostSteps = 100_000;

/**
 * Walks through a small net.
 *
 * @throws OptionError that names the option, what it should be and what came
 */
export function walkBackprop(options: BackpropOptions = {}): BackpropWalk {
  const { learningRate = 0.1, steps = 10 } = options;
  checkDescent(learningRate, steps);
  const net = resolveSmallNet(options);
  const walk = new Walk(net);
  return {
    nonLinearity: net.nonLinearity,
    sizes: [net.input.length, ...net.layers.map(({ units }) => units)],
    parameters: net.layers.reduce((count, { weights, biases }) => count + weights.length + biases.length, 0),
    input: [...net.input],
    target: [...net.target],
    forward: net.layers.map((_, layer) => walk.forwardLayer(layer)),
    cost: walk.equation(walk.graph.cost, "C", []),
    backward: net.layers.map((_, layer) => walk.backwardLayer(layer)).reverse(),
    learningRate,
    steps: descend(net, walk.graph, walk.backpropagation, learningRate, steps),
  };
}

/** Plain gradient descent, w -= rate dC/dw, by the rule of the optimizer `sgd`. */
function descend(
  net: SmallNet,
  graph: SmallNetGraph,
  { gradients: partials }: Backpropagation,
  learningRate: number,
  count: number,
): WalkStep[] {
  const feeds = feedsOf(net);
  const output = graph.layers[graph.layers.length - 1].z;
  const parameters = graph.layers.flatMap(({ w, b }) => [w, b]);
  const wanted = parameters.map((node) => partials.get(node) ?? node);
  const steps: WalkStep[] = [];
  for (let step = 0; step <= count; step++) {
    const [cost, y, ...slopes] = evaluate([graph.cost, output, ...wanted], feeds);
    steps.push({ step, cost: cost[0], output: [...y] });
    for (const [index, { attributes }] of parameters.entries()) {
      const hyper = Float64Array.of(learningRate);
      updateTable.sgd.reference({ weightDecay: 0 }, feeds[attributes.name], slopes[index], [], hyper);
    }
  }
  return steps;
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
