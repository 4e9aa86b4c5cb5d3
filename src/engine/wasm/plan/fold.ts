import { type Graph, isKind, type Node, rootsOf, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { fixedNodes, type Rewrite, rewriteGraph } from "./rewrite.ts";
import { usersOf } from "./uses.ts";

/**
 * Takes batch normalization with fixed moments, as inference has it, into the linear map before it: with
 * factor = gamma / sqrt(variance + epsilon) of each output channel,
 *
 *   factor (x * filter + bias - mean) + beta = x * (factor filter) + (factor (bias - mean) + beta).
 *
 * The new filter and bias are nodes themselves. They depend on variables alone, so that the planner has them computed
 * only when one has changed (see prologue.ts).
 */
export function foldNormalizations(graph: Graph): Graph {
  const roots = rootsOf(graph);
  const order = topologicalOrder(roots);
  const users = usersOf(order);
  const fixed = fixedNodes(order);
  const isInner = (node: Node) => users.get(node)?.length === 1 && !roots.includes(node);
  return rewriteGraph(graph, (node, rewrite) =>
    isKind(node, "batchNormalize") ? fold(node, isInner, fixed, rewrite) : null,
  );
}

/** The linear map that stands for a normalization and the map before it, or null where that is not possible. */
function fold(
  node: Node<"batchNormalize">,
  isInner: (node: Node) => boolean,
  fixed: ReadonlySet<Node>,
  rewrite: Rewrite,
): Node | null {
  const [x, moments, gamma, beta] = node.inputs;
  if (!isInner(x) || ![moments, gamma, beta].every((input) => fixed.has(input))) return null;
  const { product, bias } = readLinear(x);
  if (product === null || (product !== x && !isInner(product))) return null;
  const [operand, filter] = product.inputs;
  if (!fixed.has(filter) || (bias !== null && !fixed.has(bias))) return null;
  const build = createBuild(node.scope);
  const channels = [node.shape[node.shape.length - 1]];
  // The gradient of a normalization with fixed moments is its linear part.
  const scaled = build("batchNormalizeInputGradient", [filter, moments, gamma], node.attributes);
  const offset =
    bias === null
      ? build("constant", [], { value: 0, shape: channels })
      : build("reshape", [bias], { shape: channels });
  const shifted = build("batchNormalize", [offset, moments, gamma, beta], node.attributes);
  return build("add", [{ ...product, inputs: [rewrite(operand), scaled] }, shifted], {});
}

/** A convolution or a product with columns as channels, with or without a bias. */
function readLinear(x: Node): { readonly product: Node | null; readonly bias: Node | null } {
  if (isLinear(x)) return { product: x, bias: null };
  if (!isKind(x, "add")) return { product: null, bias: null };
  const product = x.inputs.find(isLinear) ?? null;
  const bias = x.inputs.find((input) => input !== product) ?? null;
  const channels = x.shape[x.shape.length - 1];
  const isRow = bias !== null && sizeOf(bias.shape) === channels && bias.shape.at(-1) === channels;
  return isRow && product !== null && sizeOf(product.shape) === sizeOf(x.shape)
    ? { product, bias }
    : { product: null, bias: null };
}

function isLinear(node: Node): boolean {
  return isKind(node, "conv2d") || (isKind(node, "matmul") && !node.attributes.transposeB);
}
