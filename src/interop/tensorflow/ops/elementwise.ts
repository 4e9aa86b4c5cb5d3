import type { ActivationName, SymbolicTensor } from "../../../layers/index.ts";
import { broadcastShapes, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import type { OpContext } from "../builder.ts";
import { activationOf, constantOf, type Value, weightOf } from "../values.ts";
import type { OpImporter } from "./importer.ts";
import { preluOf } from "./products.ts";

function activation(name: ActivationName): OpImporter {
  return (context) => context.place("activation", { activation: name }, [activationOf(context, 0)]);
}

type Arithmetic = "add" | "subtract" | "multiply" | "divide";

/** Two activations, or one and a constant: a number for all, for each channel, or for each value. */
function arithmetic(operation: Arithmetic): OpImporter {
  return (context) => {
    const { inputs, place } = context;
    const [first, second] = inputs;
    if (first?.kind === "activation" && second?.kind === "activation") {
      return place(operation, {}, [first.x, second.x]);
    }
    if (first?.kind === "constant" && second?.kind === "constant") return folded(context, operation);
    const isReversed = first?.kind === "constant";
    const x = activationOf(context, isReversed ? 1 : 0);
    const index = isReversed ? 0 : 1;
    const constant = constantOf(context, index, "second operand");
    if (constant.data.length === 1) {
      const scaled = scaledBy(operation, constant.data[0], isReversed);
      if (scaled !== null) return place("rescaling", scaled, [x]);
    }
    const isPerChannel = isLastAxis(constant, x);
    if (isPerChannel && !isReversed) return perChannel(context, operation, x, index);
    if (isPerChannel && (operation === "add" || operation === "multiply"))
      return perChannel(context, operation, x, index);
    const shape = constant.shape.length > x.shape.length ? constant.shape.slice(1) : constant.shape;
    const weight = constant.as("float32").reshape(shape.length === 0 ? [1] : shape);
    return place("arithmetic", { operation, shape: weight.shape, reversed: isReversed }, [x], { weight });
  };
}

const onNumbers: { readonly [A in Arithmetic]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** Two constants: numbers for each channel with others, or with filters. The one with fewer axes is repeated. */
function folded(context: OpContext, operation: Arithmetic): Value {
  const a = constantOf(context, 0, "first operand");
  const b = constantOf(context, 1, "second operand");
  const shape = broadcastShapes(a.shape, b.shape, context.node.name);
  const length = sizeOf(shape);
  if (length !== Math.max(a.data.length, b.data.length) || !repeats(a, shape) || !repeats(b, shape)) {
    throw context.node.error(
      "its constants are repeated along axes in between",
      "Fold constants: tensorflowjs_converter does.",
    );
  }
  const values = Float32Array.from({ length }, (_, index) =>
    Math.fround(onNumbers[operation](a.data[index % a.data.length], b.data[index % b.data.length])),
  );
  return { kind: "constant", tensor: new Tensor("float32", shape, values) };
}

/** Whether a tensor that is broadcast to a shape is simply written again and again. */
function repeats(tensor: Tensor, shape: Shape): boolean {
  const own = tensor.shape.filter((size, axis) => size !== 1 || axis === tensor.shape.length - 1);
  return (
    tensor.data.length <= 1 || own.every((size, index) => size === shape[shape.length - own.length + index])
  );
}

/** x with one number: scale x + offset; null where that is not what it comes to. */
function scaledBy(operation: Arithmetic, value: number, isReversed: boolean) {
  switch (operation) {
    case "add":
      return { scale: 1, offset: value };
    case "subtract":
      return isReversed ? { scale: -1, offset: value } : { scale: 1, offset: -value };
    case "multiply":
      return { scale: value, offset: 0 };
    case "divide":
      return isReversed ? null : { scale: 1 / value, offset: 0 };
  }
}

function isLastAxis({ shape, data }: Tensor, x: SymbolicTensor): boolean {
  return data.length === (x.shape[x.shape.length - 1] ?? 1) && data.length === (shape[shape.length - 1] ?? 1);
}

/** One number a channel as a trainable factor or offset. */
function perChannel(
  context: OpContext,
  operation: Arithmetic,
  x: SymbolicTensor,
  index: number,
): SymbolicTensor {
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const constant = weightOf(context, index, [channels], "second operand");
  const isFactor = operation === "multiply" || operation === "divide";
  const own = (value: number) =>
    operation === "subtract" ? -value : operation === "divide" ? 1 / value : value;
  const tensor = new Tensor("float32", [channels], constant.data.map(own));
  return context.place("scale", { scale: isFactor, center: !isFactor }, [x], {
    [isFactor ? "weight" : "bias"]: tensor,
  });
}

const fusedBatchNorm: OpImporter = (context) => {
  const { node, place } = context;
  node.requireChannelsLast();
  if (node.boolean("is_training"))
    throw node.error("it is in training mode", "Export the model for inference.");
  const x = activationOf(context, 0);
  const channels = x.shape[x.shape.length - 1] ?? 1;
  const [weight, bias, mean, variance] = ["scale", "offset", "mean", "variance"].map((what, index) =>
    weightOf(context, index + 1, [channels], what),
  );
  const weights = { weight, bias, running_mean: mean, running_var: variance };
  return place("batchNormalization", { epsilon: node.number("epsilon", 1e-4) }, [x], weights);
};

/** The greater of two; with 0 as one of them a ReLU. */
const maximum: OpImporter = (context) => {
  const { inputs, place, node } = context;
  const [first, second] = inputs;
  if (first?.kind === "activation" && second?.kind === "activation") {
    const excess = place("activation", { activation: "relu" }, [place("subtract", {}, [first.x, second.x])]);
    return place("add", {}, [second.x, excess]);
  }
  const index = first?.kind === "constant" ? 0 : 1;
  const { data } = constantOf(context, index, "second operand");
  if (data.length !== 1 || data[0] !== 0)
    throw node.error("it is no maximum with 0", "Only that is supported.");
  return place("activation", { activation: "relu" }, [activationOf(context, 1 - index)]);
};

/** 1 / sqrt(x) of constants: what a normalization in training form divides by. */
const reciprocalRoot: OpImporter = (context) => {
  const { shape, data } = constantOf(context, 0, "operand");
  const values = Float32Array.from(data, (value) => 1 / Math.sqrt(value));
  return { kind: "constant", tensor: new Tensor("float32", shape, values) };
};

/** Ops that map values one by one. */
export const elementwiseOps = {
  Add: arithmetic("add"),
  AddV2: arithmetic("add"),
  BiasAdd: arithmetic("add"),
  Sub: arithmetic("subtract"),
  Mul: arithmetic("multiply"),
  RealDiv: arithmetic("divide"),
  Div: arithmetic("divide"),
  AddN: (context) =>
    context.place(
      "add",
      {},
      context.inputs.map((_, index) => activationOf(context, index)),
    ),
  Maximum: maximum,
  Rsqrt: reciprocalRoot,
  Square: (context) => context.place("multiply", {}, [activationOf(context, 0), activationOf(context, 0)]),
  Relu: activation("relu"),
  Relu6: activation("relu6"),
  Sigmoid: activation("sigmoid"),
  Tanh: activation("tanh"),
  LeakyRelu: (context) =>
    context.place("leakyRelu", { slope: context.node.number("alpha", 0.2) }, [activationOf(context, 0)]),
  Prelu: (context) => preluOf(context, activationOf(context, 0), 1),
  Softmax: activation("softmax"),
  LogSoftmax: activation("logSoftmax"),
  FusedBatchNorm: fusedBatchNorm,
  FusedBatchNormV2: fusedBatchNorm,
  FusedBatchNormV3: fusedBatchNorm,
} satisfies { readonly [op: string]: OpImporter };
