import { toOrder } from "../../../../formats/layouts.ts";
import { leakySlope } from "../../../../layers/activations.ts";
import type { ActivationName } from "../../../../layers/index.ts";
import { sizeOf } from "../../../../tensor/index.ts";
import { permute } from "../../values.ts";
import type { ExportedValue } from "../exported-value.ts";
import { axisOf, inverse, rowOrder } from "../values.ts";
import type { Attributes, LayerWriter } from "../writer.ts";
import type { Exporter } from "./exporter.ts";

type Write = (writer: LayerWriter, x: ExportedValue, part: string) => string;

/** A map of each element by itself: a node of one input. */
function single(op: string, attributes: Attributes = {}): Write {
  return (writer, x, part) => writer.node(op, [x.name], attributes, part);
}

/** ONNX's names of its parameters: min(max(alpha x + beta, 0), 1). */
const hardSigmoid = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } };

const activations: { readonly [N in ActivationName]: Write } = {
  linear: (_writer, x) => x.name,
  relu: single("Relu"),
  relu6: (writer, x, part) => clipped(writer, x, 0, 6, part),
  leakyRelu: single("LeakyRelu", { alpha: { float: leakySlope } }),
  hardSigmoid: single("HardSigmoid", hardSigmoid),
  hardSwish: (writer, x, part) => {
    if (writer.opset >= 14) return single("HardSwish")(writer, x, part);
    return writer.node("Mul", [x.name, single("HardSigmoid", hardSigmoid)(writer, x, part)], {}, part);
  },
  sigmoid: single("Sigmoid"),
  tanh: single("Tanh"),
  softmax: (writer, x, part) => alongAxis("Softmax", writer, x, x.order.length - 1, part),
  logSoftmax: (writer, x, part) => alongAxis("LogSoftmax", writer, x, x.order.length - 1, part),
  gelu: (writer, x, part) => {
    if (writer.opset >= 20) return single("Gelu")(writer, x, part);
    // x (1 + erf(x / sqrt 2)) / 2
    const node = (op: string, ...inputs: string[]) => writer.node(op, inputs, {}, part);
    const erf = node("Erf", node("Div", x.name, writer.scalar(Math.SQRT2)));
    return node("Mul", node("Mul", x.name, node("Add", erf, writer.scalar(1))), writer.scalar(0.5));
  },
};

/**
 * Writes the activation that a layer ends in.
 *
 * @param part - what it is called within the layer; the layer itself by default
 */
export function writeActivation(
  writer: LayerWriter,
  activation: ActivationName,
  x: ExportedValue,
  part: string = activation,
): ExportedValue {
  return { ...x, name: activations[activation](writer, x, part) };
}

function clipped(writer: LayerWriter, x: ExportedValue, minimum: number, maximum: number, part = ""): string {
  return writer.node("Clip", [x.name, writer.scalar(minimum), writer.scalar(maximum)], {}, part);
}

/** The order within a row does not matter, nor where the axis lies. */
function alongAxis(op: string, writer: LayerWriter, x: ExportedValue, position: number, part = ""): string {
  return writer.node(op, [x.name], { axis: axisOf(x, position) }, part);
}

export const activation: Exporter<"activation"> = (writer, options, [x]) =>
  writeActivation(writer, options.activation, x, "");

export const clip: Exporter<"clip"> = (writer, { minimum, maximum }, [x]) => ({
  ...x,
  name: clipped(writer, x, minimum, maximum),
});

export const leakyRelu: Exporter<"leakyRelu"> = (writer, { slope }, [x]) => ({
  ...x,
  name: writer.node("LeakyRelu", [x.name], { alpha: { float: slope } }),
});

export const prelu: Exporter<"prelu"> = (writer, _options, [x]) => ({
  ...x,
  name: writer.node("PRelu", [x.name, broadcastParameter(writer, "weight", x)]),
});

export const softmax: Exporter<"softmax"> = (writer, { axis }, [x]) => ({
  ...x,
  name: alongAxis("Softmax", writer, x, positionOf(axis, x)),
});

export const logSoftmax: Exporter<"logSoftmax"> = (writer, { axis }, [x]) => ({
  ...x,
  name: alongAxis("LogSoftmax", writer, x, positionOf(axis, x)),
});

/** An axis of a layer's options, counted with the batch as 0 or from the end, as one of an example. */
export function positionOf(axis: number, x: ExportedValue): number {
  return axis < 0 ? x.order.length + axis : axis - 1;
}

/** A parameter that broadcasts to a value: its axes where the value has them, as many as the value. */
export function broadcastParameter(writer: LayerWriter, name: string, x: ExportedValue): string {
  const given = writer.shapeOf(name) ?? [];
  const own = [...new Array<number>(x.order.length - given.length).fill(1), ...given];
  const order = rowOrder(x.mixed);
  if (order !== null && sizeOf(own) > 1) {
    return writer.parameter(name, own, `${order}`, (values) => toOrder(values, order));
  }
  const axes = inverse(x.order);
  const shape = axes.map((axis) => own[axis]);
  return writer.parameter(name, shape, `${axes}`, (values) => {
    const moved = new Float32Array(values.length);
    permute(values, own, axes, moved);
    return moved;
  });
}
