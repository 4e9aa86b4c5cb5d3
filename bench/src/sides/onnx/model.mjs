/**
 * An ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its field numbers): one graph
 * with one input and one output, opset 17.
 */
import { float, integer, integers, message, text } from "./protobuf.mjs";

/** @typedef {import("./protobuf.mjs").Bytes} Bytes */

/** A whole number, several, or a real number marked as such. @typedef {number | readonly number[] | { readonly real: number }} Attribute */

/**
 * @typedef {object} OnnxNode
 * @property {string} kind
 * @property {readonly string[]} inputs
 * @property {string} output
 * @property {Readonly<Record<string, Attribute>>} [attributes]
 */

/** @typedef {{ name: string, shape: readonly number[], values: Float32Array }} Initializer */

const elementType = 1; // float32

/**
 * @param {object} graph
 * @param {readonly number[]} graph.inputShape of `x`
 * @param {readonly OnnxNode[]} graph.nodes each after those that it reads; the last one's output is the graph's
 * @param {readonly Initializer[]} graph.initializers
 * @returns {Bytes}
 */
export function encodeModel({ inputShape, nodes, initializers }) {
  const dimensions = message(
    2,
    inputShape.flatMap((size) => message(1, integer(1, size))),
  );
  const input = [...text(1, "x"), ...message(2, message(1, [...integer(1, elementType), ...dimensions]))];
  const output = [
    ...text(1, nodes.at(-1)?.output ?? "x"),
    ...message(2, message(1, integer(1, elementType))),
  ];
  const graph = [
    ...nodes.flatMap((node) => message(1, encodeNode(node))),
    ...text(2, "net"),
    ...initializers.flatMap((initializer) => message(5, encodeTensor(initializer))),
    ...message(11, input),
    ...message(12, output),
  ];
  const opset = message(8, [...text(1, ""), ...integer(2, 17)]);
  return [...integer(1, 8), ...message(7, graph), ...opset];
}

/** @param {OnnxNode} node @returns {Bytes} */
function encodeNode({ kind, inputs, output, attributes = {} }) {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(4, kind),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      message(5, [...text(1, name), ...encodeAttribute(value)]),
    ),
  ];
}

/** @param {Attribute} value @returns {Bytes} */
function encodeAttribute(value) {
  const [real, whole, several] = [1, 2, 7];
  if (typeof value === "number") return [...integer(3, value), ...integer(20, whole)];
  if ("real" in value) return [...float(2, value.real), ...integer(20, real)];
  return [...integers(8, value), ...integer(20, several)];
}

/** @param {Initializer} initializer @returns {Bytes} */
function encodeTensor({ name, shape, values }) {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [...integers(1, shape), ...integer(2, elementType), ...text(8, name), ...message(9, [bytes])];
}
