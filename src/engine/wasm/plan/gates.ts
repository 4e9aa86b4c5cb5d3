import { type Graph, isKind, type Node, rootsOf, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { rewriteGraph } from "./rewrite.ts";
import { gateOf, rectifierOf, usersOf } from "./uses.ts";

/** The gradient of a concatenation of rectified values, and how it goes through their gates. */
interface JoinedGates {
  readonly joined: Node<"concatenate">;
  readonly gradient: Node;
  /** Each with the slice of the gradient that goes through it. */
  readonly gates: ReadonlyMap<Node, Node<"slice">>;
}

/**
 * Opens and closes the gates of rectifiers whose results are concatenated before their gradient is cut up, not behind:
 * cut_i(g) where y_i > 0 is cut_i(g where y > 0), with y the concatenation. Then one gate rides on whatever makes g, and
 * the parts of y are needed no longer. The bits of the result are the same.
 *
 * Behind a normalization gates are left where they are: its own gradient opens them at no cost.
 */
export function joinGates(graph: Graph): Graph {
  const roots = rootsOf(graph);
  const order = topologicalOrder(roots);
  const users = usersOf(order);
  const usersOfInner = (node: Node) => (roots.includes(node) ? [] : (users.get(node) ?? []));
  const found = new Map<Node, JoinedGates>();
  for (const node of order) {
    const place = isKind(node, "concatenate") ? gatesOf(node, usersOfInner) : null;
    if (place !== null) for (const gate of place.gates.keys()) found.set(gate, place);
  }
  const gatedOf = new Map<JoinedGates, Node>();
  return rewriteGraph(graph, (node, rewrite) => {
    const place = found.get(node);
    const slice = place?.gates.get(node);
    if (place === undefined || slice === undefined) return null;
    const build = createBuild(place.joined.scope);
    const operands = [rewrite(place.joined), rewrite(place.gradient)];
    const gated = gatedOf.get(place) ?? build(node.kind, operands, node.attributes);
    gatedOf.set(place, gated);
    return createBuild(node.scope)("slice", [gated], slice.attributes);
  });
}

/** The gates of all parts of a concatenation, if nothing but they reads the slices of its gradient. */
function gatesOf(
  joined: Node<"concatenate">,
  usersOfInner: (node: Node) => readonly Node[],
): JoinedGates | null {
  const { axis } = joined.attributes;
  const ceiling = rectifierOf(joined.inputs[0])?.ceiling;
  if (axis === 0 || axis !== joined.shape.length - 1 || ceiling === undefined) return null;
  const gates = new Map<Node, Node<"slice">>();
  let gradient: Node | null = null;
  let offset = 0;
  for (const part of joined.inputs) {
    const gate = usersOfInner(part).find((user) => gateOf(user)?.y === part);
    const slice = gate?.inputs[1];
    const isGated =
      gate !== undefined &&
      slice !== undefined &&
      usersOfInner(part).length === 2 &&
      rectifierOf(part)?.ceiling === ceiling &&
      gateOf(gate)?.ceiling === ceiling &&
      !isNormalized(part.inputs[0]) &&
      isKind(slice, "slice") &&
      usersOfInner(slice).length === 1 &&
      slice.attributes.begin.every((begin, index) => begin === (index === axis ? offset : 0));
    if (!isGated) return null;
    gates.set(gate, slice);
    gradient ??= slice.inputs[0];
    if (slice.inputs[0] !== gradient) return null;
    offset += part.shape[axis];
  }
  const isSliced = gradient !== null && usersOfInner(gradient).length === gates.size;
  return isSliced && gradient !== null && gates.size === joined.inputs.length
    ? { joined, gradient, gates }
    : null;
}

/** Whether a value is a normalization's, with a residual or without. */
function isNormalized(node: Node): boolean {
  return isKind(node, "batchNormalize") || node.inputs.some((input) => isKind(input, "batchNormalize"));
}
