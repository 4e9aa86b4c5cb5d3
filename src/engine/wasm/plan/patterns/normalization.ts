import { isKind, type Node } from "../../../../graph/index.ts";
import { sameShape } from "../../../../tensor/index.ts";
import type { Gate } from "../../lower/batch-norm-gradient.ts";
import type { Fusion } from "../../lower/fused.ts";
import { gateOf, type RectifierGate, rectifierOf, type Uses } from "../uses.ts";

/** batchNormalize -> add of a residual -> relu. */
export function fuseNormalize(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "batchNormalize")) return null;
  const added = uses.soleUser(node, "add");
  const residual = added === null ? null : otherTerm(added, node);
  const sum = added !== null && residual !== null ? added : node;
  const rectified = uses.soleRectifier(sum);
  const target = rectified?.node ?? sum;
  if (target === node) return null;
  const ceiling = rectified?.ceiling ?? Infinity;
  const epilogue = { residual, rectify: rectified !== null, ceiling, target };
  const members = [...new Set([node, sum, target])];
  return { kind: "normalize", normalize: node, epilogue, members, turn: target };
}

/** The other operand of a sum of two values of one shape. */
function otherTerm(added: Node<"add">, term: Node): Node | null {
  const other = added.inputs.find((input) => input !== term);
  return other !== undefined && sameShape(other.shape, term.shape) ? other : null;
}

/**
 * batchNormalizeInputGradient and batchMomentsGradient -> add: dx in one pass, from the sums over the batch. Where dy went
 * through the gate of a rectifier that nothing else needs, the pass opens and closes it by itself.
 */
export function fuseNormalizeGradient(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "batchMomentsGradient")) return null;
  const [x, moments, dMoments] = node.inputs;
  const sum = uses.soleUser(node, "add");
  const scaled = sum?.inputs.find((input) => input !== node);
  if (sum === null || scaled === undefined || !isKind(scaled, "batchNormalizeInputGradient")) return null;
  const [dy, , gamma] = scaled.inputs;
  const isWhole =
    scaled.inputs[1] === moments &&
    uses.isOnlyFor(scaled, [sum]) &&
    isKind(dMoments, "batchNormalizeMomentsGradient") &&
    dMoments.inputs[1] === gamma &&
    uses.isOnlyFor(dMoments, [node]);
  if (!isWhole) return null;
  const reduced = dMoments.inputs[2];
  const gate = isKind(reduced, "batchNormalizeReduce") ? gateOfNormalization(reduced, scaled, uses) : null;
  const { beta = null, ceiling = Infinity } = gate ?? {};
  const operands = { x, moments, gamma, reduced, dy: gate?.dy ?? dy, beta, ceiling, target: sum };
  const { epsilon } = scaled.attributes;
  const members = [scaled, dMoments, node, sum];
  return { kind: "normalizeGradient", operands, epsilon, members, turn: sum };
}

/** What goes into a gate that both passes of a normalization's gradient, and nothing else, see the other side of. */
function gateOfNormalization(
  reduced: Node<"batchNormalizeReduce">,
  scaled: Node<"batchNormalizeInputGradient">,
  uses: Uses,
): { readonly dy: Node; readonly beta: Node; readonly ceiling: number } | null {
  const gated = reduced.inputs[2];
  const gate = gateOf(gated);
  if (gate === null || scaled.inputs[0] !== gated || uses.fusionOf(gated) !== null) return null;
  const normalize = normalizationBefore(gate, reduced);
  const isPrivate = normalize === gate.y.inputs[0] && uses.isOnlyFor(gated, [reduced, scaled]);
  const { dy, ceiling } = gate;
  return normalize !== null && isPrivate ? { dy, beta: normalize.inputs[3], ceiling } : null;
}

/**
 * reluGradient -> batchNormalizeReduce, where the rectifier stands behind the normalization and nothing else needs the gated
 * gradient: both passes over the gradient work out what the rectifier gave from x, which they read anyway.
 */
export function fuseOwnGate(node: Node, uses: Uses): Fusion | null {
  const parts = gateBefore(node);
  if (parts === null) return null;
  const { reduce, gated, dy, normalize, ceiling } = parts;
  const opensItself = uses.of(gated).some((user) => {
    const fusion = uses.fusionOf(user);
    return fusion?.kind === "normalizeGradient" && fusion.operands.beta !== null;
  });
  if (!opensItself) return null;
  const gate: Gate = { kind: "recomputed", normalize, dy, ceiling };
  return { kind: "normalizeReduce", reduce, gate, members: [gated, reduce], turn: reduce };
}

/**
 * [add of two gradients ->] reluGradient -> batchNormalizeReduce, where the rectifier stands behind the normalization or
 * behind the sum of it and a residual, and others, the residual's branch say, need the gated gradient too: the pass that
 * takes the sums writes it.
 */
export function fuseWrittenGate(node: Node, uses: Uses): Fusion | null {
  const parts = gateBefore(node);
  if (parts === null || uses.fusionOf(parts.gated) !== null) return null;
  const { reduce, gated, y, dy, ceiling } = parts;
  const sum = ceiling === Infinity && isKind(dy, "add") && isSumFor(gated, dy, uses) ? dy : null;
  const terms: readonly [Node, Node?] = sum === null ? [dy] : [sum.inputs[0], sum.inputs[1]];
  const gate: Gate = { kind: "written", y, terms, target: gated, ceiling };
  const members = sum === null ? [gated, reduce] : [sum, gated, reduce];
  // In the gradient's own place: what else reads it comes behind, and x and its moments came before y.
  return { kind: "normalizeReduce", reduce, gate, members, turn: gated };
}

/** What stands before the sums over a batch if their gradient comes through the gate of a rectifier of the same x. */
function gateBefore(reduce: Node) {
  if (!isKind(reduce, "batchNormalizeReduce")) return null;
  const gated = reduce.inputs[2];
  const gate = gateOf(gated);
  const normalize = gate === null ? null : normalizationBefore(gate, reduce);
  return gate === null || normalize === null ? null : { ...gate, reduce, gated, normalize };
}

/** The normalization of x whose result, a residual added or not, the rectifier y got. */
function normalizationBefore(
  { y, ceiling }: RectifierGate,
  reduce: Node<"batchNormalizeReduce">,
): Node<"batchNormalize"> | null {
  if (rectifierOf(y)?.ceiling !== ceiling) return null;
  const [x, moments] = reduce.inputs;
  const { epsilon } = reduce.attributes;
  const [inner] = y.inputs;
  const candidates = isKind(inner, "add") ? inner.inputs : [inner];
  const isOfX = (node: Node): node is Node<"batchNormalize"> =>
    isKind(node, "batchNormalize") &&
    node.inputs[0] === x &&
    node.inputs[1] === moments &&
    node.attributes.epsilon === epsilon;
  return candidates.find(isOfX) ?? null;
}

/** Whether a sum of two values of one shape, not yet part of anything, is needed by one node only. */
function isSumFor(user: Node, sum: Node<"add">, uses: Uses): boolean {
  return (
    uses.isOnlyFor(sum, [user]) &&
    uses.fusionOf(sum) === null &&
    sum.inputs.every(({ shape }) => sameShape(shape, sum.shape))
  );
}
