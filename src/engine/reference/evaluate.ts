import { type AnyNode, isKind, type Node, topologicalOrder } from "../../graph/index.ts";
import { type OpRule, opTable } from "../../ops/index.ts";
import { OptionError, ShapeError, sizeOf } from "../../tensor/index.ts";

/** A node whose value comes from outside. */
export type FedNode = Node<"input"> | Node<"variable">;

/**
 * Computes nodes in float64, each after its inputs.
 *
 * @param order - a topological order: every node after all of its inputs
 * @param fed - gives the value of an input or a variable
 * @param lap - called after each node that was computed
 */
export function evaluateInOrder(
  order: readonly Node[],
  fed: (node: FedNode) => Float64Array,
  lap: () => void = () => {},
): Map<Node, Float64Array> {
  const values = new Map<Node, Float64Array>();
  for (const node of order) {
    if (isKind(node, "input") || isKind(node, "variable")) {
      values.set(node, fed(node));
    } else {
      values.set(node, compute(node, values));
      lap();
    }
  }
  return values;
}

function compute(node: Node, values: ReadonlyMap<Node, Float64Array>): Float64Array {
  const inputs = node.inputs.map((input) => values.get(input) ?? missing(input));
  const output = new Float64Array(sizeOf(node.shape));
  const rule = opTable[node.kind] as OpRule<AnyNode["kind"]>;
  rule.reference({ node, inputs, output });
  return output;
}

function missing(node: Node): never {
  throw new Error(`${node.kind} comes after a node that uses it`);
}

/** Values of inputs and variables: by node, or by name. */
export type LeafValues = ReadonlyMap<Node, ArrayLike<number>> | Readonly<Record<string, ArrayLike<number>>>;

/**
 * Computes nodes in float64 from given values: the plain function behind the reference engine, for tests.
 *
 * @param feeds - values of inputs and variables, by node or by name
 * @returns the value of each node, in order
 * @throws OptionError when a needed value is missing, ShapeError when one has the wrong number of elements
 */
export function evaluate(nodes: readonly Node[], feeds: LeafValues = {}): Float64Array[] {
  const values = evaluateInOrder(topologicalOrder(nodes), (node) => leafValue(node, feeds));
  return nodes.map((node) => values.get(node) ?? missing(node));
}

function leafValue(node: FedNode, feeds: LeafValues): Float64Array {
  const { name } = node.attributes;
  const value =
    feeds instanceof Map ? feeds.get(node) : (feeds as Readonly<Record<string, ArrayLike<number>>>)[name];
  if (value === undefined)
    throw new OptionError(`no value was given for ${node.kind} "${name}"`, { where: "evaluate" });
  if (value.length !== sizeOf(node.shape)) {
    throw new ShapeError(`"${name}" needs ${sizeOf(node.shape)} elements, got ${value.length}`, {
      where: "evaluate",
    });
  }
  return Float64Array.from(value);
}
