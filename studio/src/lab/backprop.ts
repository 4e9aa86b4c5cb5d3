import {
  type BackpropOptions,
  type BackpropWalk,
  type ChainPath,
  chainPaths,
  costAlong,
  walkBackprop,
} from "fovea";

/** A small net as the panel draws it: all its numbers, and each derivative's chain. */
export interface NetPicture {
  readonly walk: BackpropWalk;
  /** Of each partial derivative, by its name. */
  readonly chains: Readonly<Record<string, readonly ChainPath[]>>;
  readonly along: CostAlong;
}

/** The cost as a function of one parameter. */
export interface CostAlong {
  readonly parameter: string;
  /** Where the net has it, and dC/d(parameter) there. */
  readonly at: number;
  readonly slope: number;
  readonly values: readonly number[];
  readonly costs: readonly number[];
  /** The parameter and the cost behind one step that changes nothing else. */
  readonly next: { readonly value: number; readonly cost: number };
}

/** How far from 0 a parameter is drawn at least, and how far to show where a step leads. */
const usualSpan = 3;
const longSpan = 15;
const points = 121;

function along(options: BackpropOptions, walk: BackpropWalk, parameter: string): CostAlong {
  const partials = walk.backward.flatMap(({ partials: all }) => all);
  const slope = partials.find(({ name }) => name === `dC/d${parameter}`)?.value ?? Number.NaN;
  const step = walkBackprop({ ...options, steps: 1, only: parameter });
  const at = parameterOf(walk, walk, parameter);
  const value = parameterOf(walk, step.after, parameter);
  const far = Math.min(longSpan, Math.ceil(Math.abs(value) + 0.5));
  const span = Math.max(usualSpan, far, Math.ceil(Math.abs(at) + 0.5));
  const values = Array.from({ length: points }, (_, index) => span * ((2 * index) / (points - 1) - 1));
  const costs = costAlong(options, parameter, values);
  return { parameter, at, slope, values, costs, next: { value, cost: step.steps[1].cost } };
}

/** A parameter's number, by its name: the names of the walk's derivatives are in the order of the parameters. */
function parameterOf(
  { backward }: BackpropWalk,
  { weights, biases }: Pick<BackpropWalk, "weights" | "biases">,
  parameter: string,
): number {
  const names = [...backward].reverse().flatMap(({ partials }) => partials.map(({ name }) => name));
  const list = parameter.startsWith("w") ? weights : biases;
  const place = names.filter((name) => name.startsWith(`dC/d${parameter[0]}`)).indexOf(`dC/d${parameter}`);
  return list[place];
}

/** The lab's side of the panel Backprop. */
export const backprop = {
  /** @param parameter - whose curve to draw */
  picture(options: BackpropOptions, parameter: string): NetPicture {
    const walk = walkBackprop({ ...options, steps: 0 });
    const names = walk.backward.flatMap(({ partials }) => partials.map(({ name }) => name));
    const chains = Object.fromEntries(names.map((name) => [name, chainPaths(walk, name)]));
    return { walk, chains, along: along(options, walk, parameter) };
  },

  /** Some steps of gradient descent: the cost before and after each, and the parameters behind the last. */
  descend(options: BackpropOptions): Pick<BackpropWalk, "steps" | "after"> {
    const { steps, after } = walkBackprop(options);
    return { steps, after };
  },
};
