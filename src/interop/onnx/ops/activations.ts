import { type ActivationName, type Layer, layers } from "../../../layers/index.ts";
import { formatShape, sizeOf } from "../../../tensor/index.ts";
import { exampleAxis } from "../axes.ts";
import { parameterOf } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import { reshapeValue } from "../reshape.ts";
import type { Activation } from "../values.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** The greatest float32: what stands for no bound. */
const unbounded = 3.4028234663852886e38;

/** A map of each element by itself: the order in which they lie does not matter. */
function elementwise(
  node: NodeReader,
  { builder }: RuleContext,
  make: (name: string) => Layer,
  suffix = "",
): Activation {
  const x = node.activation(0);
  return { ...x, tensor: builder.place(node, [x.tensor], make, { suffix }) };
}

/** A node that is one of the named activations. */
export function named(activation: ActivationName) {
  return (node: NodeReader, context: RuleContext): Activation =>
    elementwise(node, context, (name) => layers.activation({ name, activation }));
}

/** LeakyRelu. */
export function leakyRelu(node: NodeReader, context: RuleContext): Activation {
  const slope = node.float("alpha", 0.01);
  return elementwise(node, context, (name) => layers.leakyRelu({ name, slope }));
}

/** Gelu, exact or by tanh. */
export function gelu(node: NodeReader, context: RuleContext): Activation {
  if (node.text("approximate", "none") === "none") return named("gelu")(node, context);
  throw node.error("is approximated by tanh", 'Export it with approximate = "none".');
}

/** HardSigmoid: min(max(alpha x + beta, 0), 1). */
export function hardSigmoid(node: NodeReader, context: RuleContext): Activation {
  const alpha = node.float("alpha", 0.2);
  const beta = node.float("beta", 0.5);
  const isUsual = Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5;
  if (isUsual) return named("hardSigmoid")(node, context);
  const scaled = elementwise(
    node,
    context,
    (name) => layers.rescaling({ name, scale: alpha, offset: beta }),
    ".rescaling",
  );
  const tensor = context.builder.place(node, [scaled.tensor], (name) =>
    layers.clip({ name, minimum: 0, maximum: 1 }),
  );
  return { ...scaled, tensor };
}

/** Clip: bounds as attributes before operator set 11, inputs since. */
export function clip(node: NodeReader, context: RuleContext): Activation {
  const isOld = node.opset < 11;
  const bound = (attribute: string, index: number, fallback: number) =>
    isOld ? node.float(attribute, fallback) : (node.number(index, attribute) ?? fallback);
  const minimum = Math.max(-unbounded, bound("min", 1, -unbounded));
  const maximum = Math.min(unbounded, bound("max", 2, unbounded));
  if (minimum === 0 && maximum === 6) return named("relu6")(node, context);
  if (minimum === 0 && maximum === unbounded) return named("relu")(node, context);
  return elementwise(node, context, (name) => layers.clip({ name, minimum, maximum }));
}

/** PRelu: slopes of any shape that broadcasts to the value. */
export function prelu(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.unmix(node, node.activation(0));
  const slope = node.constant(1, "slopes");
  const rank = x.shape.length;
  const own = slope.shape.length > rank && slope.shape[0] === 1 ? slope.shape.slice(1) : slope.shape;
  const shape = [...new Array<number>(Math.max(0, rank - own.length)).fill(1), ...own];
  if (shape.length !== rank || shape.some((size, axis) => size !== 1 && size !== x.shape[axis])) {
    throw node.error(
      `has slopes ${formatShape(slope.shape)} for values ${formatShape(x.shape)}`,
      "They must be one number, or one for each channel or value.",
    );
  }
  const stored = x.order.map((axis) => shape[axis]);
  const sharedAxes = x.order.flatMap((axis, position) => (shape[axis] === 1 ? [position + 1] : []));
  const tensor = builder.place(node, [x.tensor], (name) => layers.prelu({ name, sharedAxes }), {
    weights: { weight: parameterOf({ ...slope, shape }, x.order, stored) },
    named: slope,
  });
  return { ...x, tensor };
}

/**
 * Softmax and LogSoftmax: along one axis since operator set 13; before it over all axes from the named one on, which is
 * the same for rows.
 */
export function softmax(kind: "softmax" | "logSoftmax"): Rule {
  return (node, context) => {
    const x = node.activation(0);
    const axis = exampleAxis(node, node.int("axis", node.opset >= 13 ? -1 : 1), x.shape);
    if (node.opset >= 13 || axis === x.shape.length - 1) return alongAxis(node, context, kind, x, axis);
    const flat = [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis))];
    const joined = reshapeValue(node, context.builder, x, flat);
    const mapped = alongAxis(node, context, kind, joined, axis);
    return reshapeValue(node, context.builder, mapped, x.shape);
  };
}

function alongAxis(
  node: NodeReader,
  { builder }: RuleContext,
  kind: "softmax" | "logSoftmax",
  x: Activation,
  axis: number,
): Activation {
  const position = x.order.indexOf(axis) + 1;
  const isLast = position === x.order.length;
  const tensor = builder.place(node, [x.tensor], (name) =>
    isLast ? layers.activation({ name, activation: kind }) : layers[kind]({ name, axis: position }),
  );
  return { ...x, tensor };
}

/** Dropout: the rate as an attribute before operator set 12, an input since. Its mask has no place in inference. */
export function dropout(node: NodeReader, context: RuleContext): Activation {
  const rate = node.opset < 12 ? node.float("ratio", 0.5) : (node.number(1, "ratio") ?? 0.5);
  if (!(rate >= 0 && rate < 1))
    throw node.error(`drops a share of ${rate}`, "It must be at least 0 and below 1.");
  return elementwise(node, context, (name) => layers.dropout({ name, rate }));
}

/** Identity, and Cast from one kind of floating-point number to another: all are float32 here. */
export function identity(node: NodeReader): Activation {
  return node.activation(0);
}

/** FLOAT, FLOAT16, DOUBLE and BFLOAT16. */
const floatTypes: ReadonlySet<number> = new Set([1, 10, 11, 16]);

/** Cast of a value that depends on the examples. */
export function cast(node: NodeReader): Activation {
  const type = node.int("to", 1);
  if (floatTypes.has(type)) return node.activation(0);
  throw node.error(
    `makes whole numbers (type ${type}) of a value`,
    "Values of a network are floating-point numbers.",
  );
}
