import { type Node, type OpKind, topologicalOrder } from "../graph/index.ts";
import { type Build, createBuild, type GradientRule, opTable } from "../ops/index.ts";
import { formatShape, OptionError, ShapeError, sizeOf } from "../tensor/index.ts";
import { sumDown } from "./sum-down.ts";

/** One term of the chain rule: what reaches a node through one use of its value. */
export interface Contribution {
  /** The node that uses the value. */
  readonly from: Node;
  /** Which of its inputs the value is. */
  readonly input: number;
  /** The loss's gradient with respect to the value, as far as it flows through this use; of the value's shape. */
  readonly gradient: Node;
}

/** A finished walk. Only nodes between the loss and a wanted node occur; all others were never visited. */
export interface Backpropagation {
  /** d loss / d node: the sum of the node's contributions (the loss itself: ones). */
  readonly gradients: ReadonlyMap<Node, Node>;
  /** The terms of each sum, in the order in which they are added. The loss has none. */
  readonly contributions: ReadonlyMap<Node, readonly Contribution[]>;
}

/** Makes the function that builds nodes under a layer's path; `createBuild` unless a caller wants to look on. */
export type BuildFor = (scope: string) => Build;

/**
 * Rules that take the place of those of `opTable`, for signals that are not gradients: deconvolution and guided backpropagation
 * go back through a ReLU in ways of their own. Kinds that are left out keep their gradient.
 */
export type OtherRules = { readonly [K in OpKind]?: GradientRule<K> };

/**
 * Reverse-mode differentiation, graph to graph. Walks the nodes between `loss` and `wrt` from the loss back; asks each
 * one's rule for the gradients of its inputs, sums those down where broadcasting had stretched a value, and adds up
 * what reaches a value through several uses. Gradient nodes get the scope of the forward node they belong to.
 *
 * @param loss - a float32 node of size 1
 * @param wrt - float32 nodes, leaves or not
 * @param rules - for kinds whose rule is to be another than the gradient; then what comes out is not a gradient
 * @throws ShapeError when the loss has more than one element or a node is not float32
 * @throws OptionError when an op on the way has no gradient
 */
export function backpropagate(
  loss: Node,
  wrt: readonly Node[],
  buildFor: BuildFor = createBuild,
  rules: OtherRules = {},
): Backpropagation {
  checkLoss(loss);
  wrt.forEach(checkDifferentiable);
  const order = topologicalOrder([loss]);
  const needed = dependents(order, new Set(wrt));
  const gradients = new Map<Node, Node>();
  const contributions = new Map<Node, Contribution[]>();
  for (const node of order.reverse()) {
    if (!needed.has(node)) continue;
    const gradient = gradientOf(node, node === loss, contributions.get(node) ?? [], buildFor);
    // Nothing reaches it: every way to the loss goes through an input that does not matter to it.
    if (gradient === null) continue;
    gradients.set(node, gradient);
    if (!node.inputs.some((input) => needed.has(input))) continue;
    for (const contribution of contributionsOf(node, gradient, needed, buildFor(node.scope), rules)) {
      const target = node.inputs[contribution.input];
      const terms = contributions.get(target);
      if (terms === undefined) contributions.set(target, [contribution]);
      else terms.push(contribution);
    }
  }
  return { gradients, contributions };
}

/**
 * d loss / d node for each node of `wrt`, in order. A node that the loss does not depend on gets a constant zero.
 * See {@link backpropagate} for parameters and errors.
 */
export function gradients(loss: Node, wrt: readonly Node[], buildFor: BuildFor = createBuild): Node[] {
  const found = backpropagate(loss, wrt, buildFor).gradients;
  return wrt.map(
    (node) => found.get(node) ?? buildFor(node.scope)("constant", [], { value: 0, shape: node.shape }),
  );
}

function checkLoss(loss: Node): void {
  checkDifferentiable(loss);
  if (sizeOf(loss.shape) === 1) return;
  throw new ShapeError(`the loss must have one element, got ${formatShape(loss.shape)}`, {
    where: placeOf(loss),
    hint: "Sum or average it first.",
  });
}

function checkDifferentiable(node: Node): void {
  if (node.dtype === "float32") return;
  throw new ShapeError(`there is no gradient with respect to ${node.dtype}${formatShape(node.shape)}`, {
    where: placeOf(node),
    hint: "Only float32 values can be differentiated.",
  });
}

function placeOf(node: Node): string {
  return node.scope === "" ? node.kind : `${node.kind} in ${node.scope}`;
}

/** The nodes of `targets`, and all that depend on one. */
function dependents(order: readonly Node[], targets: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  for (const node of order) {
    if (targets.has(node) || node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}

/** The sum of what reaches a node. */
function gradientOf(
  node: Node,
  isLoss: boolean,
  terms: readonly Contribution[],
  buildFor: BuildFor,
): Node | null {
  const build = buildFor(node.scope);
  if (isLoss) return build("constant", [], { value: 1, shape: node.shape });
  const [first, ...rest] = terms.map(({ gradient }) => gradient);
  return first === undefined ? null : rest.reduce((sum, term) => build("add", [sum, term], {}), first);
}

/** What a node passes to each of its inputs that is needed. */
function contributionsOf(
  node: Node,
  gradient: Node,
  needed: ReadonlySet<Node>,
  build: Build,
  rules: OtherRules,
): Contribution[] {
  const rule = ruleFor(node.kind, rules);
  if (rule === null) {
    throw new OptionError("this op has no gradient, but the loss depends on a trained value through it", {
      where: placeOf(node),
      hint: "Use it outside the loss only.",
    });
  }
  const wanted = node.inputs.map((input) => needed.has(input));
  return rule(node, gradient, build, wanted).flatMap((term, input) =>
    term === null || !wanted[input]
      ? []
      : [{ from: node, input, gradient: sumDown(term, node.inputs[input].shape, build) }],
  );
}

/** The rule of a kind: another one where it was given. */
function ruleFor<K extends OpKind>(kind: K, rules: OtherRules): GradientRule<K> | null {
  const other: GradientRule<K> | undefined = rules[kind];
  return other ?? opTable[kind].gradient;
}
