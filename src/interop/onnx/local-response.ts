/**
 * PyTorch's exporters know no `LRN`: they write local response normalization as what it is made of, a mean over channels
 * by a three-dimensional pooling of squares, padded by hand:
 *
 * x -> Mul(x, x) -> Reshape or Unsqueeze -> Pad -> AveragePool [size, 1, 1] -> ... -> Mul alpha -> Add bias -> Pow beta
 * -> Div(x, ...)
 *
 * It is found by its ends and becomes one node again.
 */
import type { OnnxAttribute, OnnxNode } from "../../formats/index.ts";

/** What is known of a graph before it is gone through. */
export interface GraphView {
  producerOf(name: string): OnnxNode | undefined;
  consumersOf(name: string): readonly OnnxNode[];
  /** A constant of one number; undefined for all else. */
  numberOf(name: string): number | undefined;
}

/** The longest way from the squares to the pooling: two paddings and what puts an axis in front. */
const longestWay = 4;

/** The nodes, with an `LRN` in place of the division that ends such a normalization; what led to it is not needed then. */
export function joinLocalResponse(nodes: readonly OnnxNode[], view: GraphView): readonly OnnxNode[] {
  // Looked for once for each value, however many divide it: a file may have a hundred thousand.
  const sizes = new Map<string, number | null>();
  const sizeOf = (x: string) => {
    const size = sizes.has(x) ? sizes.get(x) : poolingSize(x, view);
    sizes.set(x, size ?? null);
    return size ?? null;
  };
  return nodes.map((node) => localResponse(node, view, sizeOf) ?? node);
}

function localResponse(
  node: OnnxNode,
  view: GraphView,
  sizeOf: (x: string) => number | null,
): OnnxNode | null {
  const [x, divisor] = node.input;
  if (node.opType !== "Div" || node.input.length !== 2) return null;
  const power = withNumber(view, view.producerOf(divisor), "Pow");
  const sum = power && withNumber(view, view.producerOf(power.other), "Add");
  const scaled = sum && withNumber(view, view.producerOf(sum.other), "Mul");
  const size = scaled && sizeOf(x);
  // Of even sizes PyTorch has the odd channel before, ONNX behind.
  if (!size || size % 2 === 0) return null;
  // Named one by one: fields that a file leaves out lie on a message's prototype.
  return {
    $typeName: node.$typeName,
    domain: node.domain,
    output: node.output,
    name: node.name.replace(/Div(_\d+)?$/, "LRN"),
    opType: "LRN",
    input: [x],
    attribute: [
      { ...emptyAttribute, name: "size", type: 2, i: BigInt(size) },
      ...Object.entries({ alpha: scaled.number, bias: sum.number, beta: power.number }).map(
        ([name, f]): OnnxAttribute => ({ ...emptyAttribute, name, type: 1, f }),
      ),
    ],
  };
}

const emptyAttribute: OnnxAttribute = {
  $typeName: "onnx.AttributeProto",
  name: "",
  type: 0,
  f: 0,
  i: 0n,
  s: new Uint8Array(),
  floats: [],
  ints: [],
  strings: [],
};

/** A node of an op that takes a value and then a number. */
function withNumber(view: GraphView, node: OnnxNode | undefined, op: string) {
  if (node?.opType !== op || node.input.length !== 2) return null;
  const number = view.numberOf(node.input[1]);
  return number === undefined ? null : { number, other: node.input[0] };
}

/** Over how many channels the squares of a value are averaged. */
function poolingSize(x: string, view: GraphView): number | null {
  const isSquare = ({ opType, input }: OnnxNode) =>
    (opType === "Mul" && input.every((name) => name === x)) ||
    (opType === "Pow" && input[0] === x && view.numberOf(input[1]) === 2);
  let node = view.consumersOf(x).find(isSquare);
  for (let step = 0; step < longestWay && node !== undefined; step++) {
    const [next, ...others] = view.consumersOf(node.output[0] ?? "");
    if (next === undefined || others.length > 0) return null;
    if (next.opType === "AveragePool") return windowOf(next);
    if (!["Reshape", "Unsqueeze", "Pad"].includes(next.opType)) return null;
    node = next;
  }
  return null;
}

/** The size of a window [size, 1, 1] without strides or padding of its own. */
function windowOf({ attribute }: OnnxNode): number | null {
  const ints = (name: string) => attribute.find((entry) => entry.name === name)?.ints.map(Number) ?? [];
  const [size, ...rest] = ints("kernel_shape");
  const isPlain = ints("pads").every((pad) => pad === 0) && ints("strides").every((stride) => stride === 1);
  return rest.length === 2 && rest.every((extent) => extent === 1) && isPlain ? size : null;
}
