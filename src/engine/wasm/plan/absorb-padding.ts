import {
  type Convolution2dAttributes,
  type Graph,
  isKind,
  type Node,
  type Padding2d,
  rootsOf,
  topologicalOrder,
} from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { type Rewrite, rewriteGraph } from "./rewrite.ts";
import { usersOf } from "./uses.ts";

/**
 * Takes zeros around an image into the padding of the convolution behind it, as nets have them that come from Keras or
 * ONNX: no padded copy is made, nor its gradient, of which the border is cut off again.
 */
export function absorbPadding(graph: Graph): Graph {
  const roots = rootsOf(graph);
  const users = usersOf(topologicalOrder(roots));
  const isInner = (node: Node) => users.get(node)?.length === 1 && !roots.includes(node);
  return rewriteGraph(graph, (node, rewrite) => {
    if (isKind(node, "conv2d") || isKind(node, "conv2dFilterGradient")) return absorbed(node, rewrite);
    return isKind(node, "slice") ? uncut(node, isInner, rewrite) : null;
  });
}

/** A convolution of a padded image, or its filter's gradient, as one of the image itself. */
function absorbed(node: Node<"conv2d"> | Node<"conv2dFilterGradient">, rewrite: Rewrite): Node | null {
  const [padded, other] = node.inputs;
  if (!isKind(padded, "pad") || padded.attributes.value !== 0) return null;
  const [x] = padded.inputs;
  const margin = marginOf(padded.attributes.before, x.shape, padded.shape);
  if (margin === null) return null;
  const operands = [rewrite(x), rewrite(other)];
  const build = createBuild(node.scope);
  return isKind(node, "conv2d")
    ? build("conv2d", operands, widened(node.attributes, margin))
    : build("conv2dFilterGradient", operands, widened(node.attributes, margin));
}

/** The image's part of the gradient of a padded image, as the gradient of the image itself. */
function uncut(node: Node<"slice">, isInner: (node: Node) => boolean, rewrite: Rewrite): Node | null {
  const [gradient] = node.inputs;
  if (!isKind(gradient, "conv2dInputGradient") || !isInner(gradient)) return null;
  const margin = marginOf(node.attributes.begin, node.shape, gradient.shape);
  if (margin === null) return null;
  const attributes = { ...widened(gradient.attributes, margin), inputShape: node.shape };
  return createBuild(gradient.scope)("conv2dInputGradient", gradient.inputs.map(rewrite), attributes);
}

/** What is around an image that lies at `begin` in a larger one; null where that is not a matter of pixels alone. */
function marginOf(
  begin: readonly number[],
  inner: readonly number[],
  outer: readonly number[],
): Padding2d | null {
  if (inner.length !== 4 || inner[0] !== outer[0] || inner[3] !== outer[3]) return null;
  const [, top, left] = begin;
  return { top, left, bottom: outer[1] - top - inner[1], right: outer[2] - left - inner[2] };
}

function widened<A extends Convolution2dAttributes>(attributes: A, margin: Padding2d): A {
  const { top, bottom, left, right } = attributes.padding;
  const padding = {
    top: top + margin.top,
    bottom: bottom + margin.bottom,
    left: left + margin.left,
    right: right + margin.right,
  };
  return { ...attributes, padding };
}
