import { type Graph, isKind, type Node, rootsOf, topologicalOrder } from "../graph/index.ts";
import {
  EngineError,
  formatShape,
  nameHint,
  OptionError,
  ShapeError,
  sameShape,
  type TensorType,
} from "../tensor/index.ts";
import type { Feeds } from "./engine.ts";

/** Names and types of what a graph is fed, and of the state it reads and changes. */
export interface Leaves {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly variables: ReadonlyMap<string, TensorType>;
}

/** A type as text: `float32[2, 3]`. */
export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype}${formatShape(shape)}`;
}

function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/**
 * Collects a graph's leaves and checks that it can be run: one type for each name, one update for each variable.
 *
 * @throws ShapeError when one name stands for two types
 * @throws OptionError when two updates change one variable
 */
export function leavesOf(graph: Graph): Leaves {
  const inputs = new Map<string, TensorType>();
  const variables = new Map<string, TensorType>();
  for (const node of topologicalOrder(rootsOf(graph))) {
    if (isKind(node, "input")) addLeaf(inputs, node, node.attributes.name);
    if (isKind(node, "variable")) addLeaf(variables, node, node.attributes.name);
  }
  const changed = new Set<string>();
  for (const { variable, slots } of graph.updates) {
    for (const { attributes } of [variable, ...slots]) {
      if (changed.has(attributes.name)) {
        throw new OptionError(`two updates change the variable "${attributes.name}"`, { where: "compile" });
      }
      changed.add(attributes.name);
    }
  }
  return { inputs, variables };
}

function addLeaf(leaves: Map<string, TensorType>, node: Node, name: string): void {
  const known = leaves.get(name);
  if (known !== undefined && !sameType(known, node)) {
    throw new ShapeError(`the ${node.kind} "${name}" is both ${formatType(known)} and ${formatType(node)}`, {
      where: "compile",
    });
  }
  leaves.set(name, { shape: node.shape, dtype: node.dtype });
}

/**
 * Checks the values for one step.
 *
 * @throws OptionError when an input is missing or a name is not an input
 * @throws ShapeError when a value has not the type of its input
 */
export function checkFeeds(inputs: ReadonlyMap<string, TensorType>, feeds: Feeds): void {
  for (const [name, type] of inputs) {
    const value = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (value === undefined) {
      throw new OptionError(`the input "${name}" is missing`, {
        where: "run",
        hint: `Feed ${formatType(type)}.`,
      });
    }
    checkType(`the input "${name}"`, type, value, "run");
  }
  for (const name of Object.keys(feeds)) {
    if (inputs.has(name)) continue;
    const hint = inputs.size === 0 ? "This program has no inputs." : nameHint(name, [...inputs.keys()]);
    throw new OptionError(`"${name}" is not an input of this program`, { where: "run", hint });
  }
}

/** @throws EngineError when there are more steps than the program was compiled for */
export function checkSteps(steps: number, maximumSteps: number): void {
  if (steps <= maximumSteps) return;
  throw new EngineError(`${steps} steps were given to a program that takes at most ${maximumSteps}`, {
    where: "run",
    hint: "Compile it with a greater maximumSteps.",
  });
}

/** @throws OptionError when a session has no variable of this name */
export function checkVariableName(
  variables: ReadonlyMap<string, TensorType>,
  name: string,
  where: string,
): TensorType {
  const type = variables.get(name);
  if (type !== undefined) return type;
  const hint = variables.size === 0 ? "There are none yet." : nameHint(name, [...variables.keys()]);
  throw new OptionError(`there is no variable "${name}"`, { where, hint });
}

/** @throws ShapeError when `value` is not of `type` */
export function checkType(what: string, type: TensorType, value: TensorType, where: string): void {
  if (sameType(type, value)) return;
  throw new ShapeError(`${what} must be ${formatType(type)}, got ${formatType(value)}`, { where });
}
