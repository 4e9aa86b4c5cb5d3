import type { SymbolicTensor } from "../../layers/index.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../../tensor/index.ts";
import type { GraphNode } from "./node.ts";

/** What a node gives: numbers that are known, or what depends on the image. */
export type Value =
  | { readonly kind: "constant"; readonly tensor: Tensor }
  /** Its shape has the batch in front, which the symbolic tensor's has not. */
  | { readonly kind: "activation"; readonly x: SymbolicTensor };

/** Sizes that shapes may be worked out from: more are no shape. */
const mostSizes = 64;

/** The layers that a graph becomes, and the graph's values by node: what importers of ops work with. */
export interface GraphContext {
  readonly node: GraphNode;
  /** The node's inputs, in order. */
  readonly inputs: readonly Value[];
}

/** An input that depends on the image. */
export function activationOf({ node, inputs }: GraphContext, index: number): SymbolicTensor {
  const value = inputs[index];
  if (value?.kind === "activation") return value.x;
  throw node.error(
    `its input ${index} does not depend on the image`,
    "Fold constants: tensorflowjs_converter does.",
  );
}

/** An input that is known. */
export function constantOf({ node, inputs }: GraphContext, index: number, what: string): Tensor {
  const value = inputs[index];
  if (value?.kind === "constant") return value.tensor;
  throw node.error(`its ${what} is not a constant`, "Freeze the graph: tensorflowjs_converter does.");
}

/** An input of whole numbers: a shape, axes. */
export function integersOf(context: GraphContext, index: number, what: string): readonly number[] {
  const { data } = constantOf(context, index, what);
  const numbers = Array.from(data.length <= mostSizes ? data : []);
  if (data.length <= mostSizes && numbers.every(Number.isSafeInteger)) return numbers;
  throw context.node.error(`its ${what} is not a list of whole numbers`, "Convert the model again.");
}

/** A constant as float32, checked against the shape that it must have; axes of size 1 in front count for nothing. */
export function weightOf(
  context: GraphContext,
  index: number,
  shape: Shape,
  what: string,
): Tensor<"float32"> {
  const tensor = constantOf(context, index, what);
  const found = tensor.shape.filter((size) => size !== 1).join();
  if (sizeOf(tensor.shape) === sizeOf(shape) && found === shape.filter((size) => size !== 1).join()) {
    return tensor.as("float32").reshape(shape);
  }
  throw context.node.error(
    `its ${what} has the shape ${formatShape(tensor.shape)}, it should be ${formatShape(shape)}`,
    "The file is damaged: convert the model again.",
  );
}
