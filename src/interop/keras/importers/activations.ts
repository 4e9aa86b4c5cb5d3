import type { ActivationName, SymbolicTensor } from "../../../layers/index.ts";
import { describeValue, isObject } from "../../../options/index.ts";
import { registeredName } from "../options.ts";
import { objectOf } from "../topology.ts";
import { type ImportContext, type Importer, identity, single } from "./importer.ts";

/** An activation of ours by name, or what is applied behind the layer. */
export type Activation =
  | { readonly name: ActivationName }
  | { readonly name: "linear"; readonly behind: (x: SymbolicTensor) => SymbolicTensor };

/** Keras's names, also those of Keras 2 and TensorFlow.js, of activations that layers here take as an option. */
const named: { readonly [name: string]: ActivationName } = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softmax: "softmax",
  log_softmax: "logSoftmax",
  logSoftmax: "logSoftmax",
  gelu: "gelu",
  hard_silu: "hardSwish",
  hard_swish: "hardSwish",
  ReLU: "relu",
  Softmax: "softmax",
};

/** Activations that take a layer of their own or several. */
const composed: {
  readonly [name: string]: (context: ImportContext) => (x: SymbolicTensor) => SymbolicTensor;
} = {
  silu: swish,
  swish: swish,
  leaky_relu: slopedBy(0.2),
  leakyRelu: slopedBy(0.2),
  hard_sigmoid: hardSigmoid,
  hardSigmoid: hardSigmoid,
  LeakyReLU: (context) => slopedBy(slopeOf(context))(context),
};

/**
 * The activation that a layer has as an option.
 *
 * @throws FormatError for one that is not known here
 */
export function activationOf(context: ImportContext): Activation {
  const value = context.options.raw("activation");
  if (value === undefined || value === null) return { name: "linear" };
  const name = registeredName(value);
  if (name !== null && Object.hasOwn(named, name)) {
    // Objects carry options: only what is no more than its name is taken by name.
    const isPlain = typeof value === "string" || !isObject(value) || !hasOptions(value);
    if (isPlain) return { name: named[name] };
  }
  if (name !== null && Object.hasOwn(composed, name))
    return { name: "linear", behind: composed[name](context) };
  const known = [...Object.keys(named), ...Object.keys(composed)].filter((each) => /^[a-z0-9_]+$/.test(each));
  throw context.options.error(
    `the activation ${describeValue(name ?? value)} is not supported`,
    `Supported are ${known.join(", ")}.`,
  );
}

/** Whether a serialized layer says more than its class: a ReLU's greatest value, say. */
function hasOptions({ config }: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(config)) return false;
  const { max_value: most = null, negative_slope: slope = 0, threshold = 0 } = config;
  return most !== null || slope !== 0 || threshold !== 0;
}

/** A layer of ours with an activation option, and behind it what the option does not know. */
export function withActivation(
  context: ImportContext,
  make: (activation: ActivationName) => (inputs: readonly SymbolicTensor[]) => SymbolicTensor,
): (inputs: readonly SymbolicTensor[]) => SymbolicTensor {
  const activation = activationOf(context);
  const apply = make(activation.name);
  return "behind" in activation ? (inputs) => activation.behind(apply(inputs)) : apply;
}

/** x sigmoid(x) (Ramachandran, Zoph and Le 2017). */
function swish({ helper }: ImportContext) {
  const gate = helper("activation", { activation: "sigmoid" });
  const product = helper("multiply", {});
  return (x: SymbolicTensor) => product.apply([x, gate.apply(x)]);
}

function slopedBy(slope: number) {
  return ({ helper }: ImportContext) => {
    const layer = helper("leakyRelu", { slope });
    return (x: SymbolicTensor) => layer.apply(x);
  };
}

/** The slope of a LeakyReLU that stands in the place of a name. */
function slopeOf({ options }: ImportContext): number {
  const { config } = objectOf(options.raw("activation"));
  const { negative_slope: slope, alpha } = objectOf(config);
  return typeof slope === "number" ? slope : typeof alpha === "number" ? alpha : 0.3;
}

/** Keras 3: x / 6 + 1 / 2 between 0 and 1. Before, and in TensorFlow.js: x / 5 + 1 / 2. */
function hardSigmoid({ helper, kerasVersion }: ImportContext) {
  if (kerasVersion >= 3) {
    const layer = helper("activation", { activation: "hardSigmoid" });
    return (x: SymbolicTensor) => layer.apply(x);
  }
  const scaled = helper("rescaling", { scale: 0.2, offset: 0.5 });
  const clipped = helper("clip", { minimum: 0, maximum: 1 });
  return (x: SymbolicTensor) => clipped.apply(scaled.apply(x));
}

/** `Activation`: a layer that is nothing else. */
const activation: Importer = (context) => {
  const found = activationOf(context);
  if ("behind" in found) return ([x]) => found.behind(x);
  if (found.name === "linear") return ([x]) => x;
  const layer = context.make("activation", { activation: found.name });
  return (inputs) => layer.apply(inputs);
};

/** max(x, 0) with a greatest value and a slope below 0. */
const relu: Importer = (context) => {
  const { options, make, helper } = context;
  const slope =
    options.raw("negative_slope") === undefined ? 0 : firstOf(options.numbers("negative_slope", 0));
  const threshold = firstOf(options.numbers("threshold", 0));
  if (threshold !== 0) throw options.error(`its threshold is ${threshold}`, "Only 0 is supported.");
  const most = options.isGiven("max_value") ? firstOf(options.numbers("max_value")) : null;
  if (slope === 0 && most === null) return single("activation", () => ({ activation: "relu" }))(context);
  if (slope === 0 && most !== null) return single("clip", () => ({ minimum: 0, maximum: most }))(context);
  const sloped = make("leakyRelu", { slope });
  if (most === null) return (inputs) => sloped.apply(inputs);
  const clipped = helper("clip", { minimum: -3.4e38, maximum: most });
  return (inputs) => clipped.apply(sloped.apply(inputs));
};

function firstOf(value: number | readonly number[]): number {
  return typeof value === "number" ? value : value[0];
}

/** Softmax along one axis, which is counted with the batch. */
const softmax: Importer = ({ options, make }) => {
  const axes = options.wholeNumbers("axis", [-1]);
  if (axes.length !== 1) throw options.error("it runs along several axes", "Only one axis is supported.");
  const layer = make("softmax", { axis: axes[0] });
  return (inputs) => layer.apply(inputs);
};

/** Classes that map values one by one. */
export const activationImporters = {
  Activation: activation,
  ReLU: relu,
  LeakyReLU: single("leakyRelu", (options) => ({
    // Keras 2 and TensorFlow.js: alpha.
    slope: options.isGiven("negative_slope")
      ? options.number("negative_slope")
      : options.number("alpha", 0.3),
  })),
  PReLU: single("prelu", (options) => ({ sharedAxes: options.wholeNumbers("shared_axes", []) })),
  Softmax: softmax,
  ActivityRegularization: identity,
  Identity: identity,
  Masking: identity,
} satisfies { readonly [className: string]: Importer };
