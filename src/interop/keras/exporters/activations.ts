import type { ActivationName, LayerKind } from "../../../layers/index.ts";
import {
  type ExportContext,
  type Exporter,
  type KerasDescription,
  type Placed,
  plain,
  rescaled,
} from "./exporter.ts";

/** An activation as TensorFlow.js's layers name it in configurations, or as layers of its own. */
type Written =
  | { readonly name: string }
  | { readonly behind: (context: ExportContext<LayerKind>, x: Placed) => Placed };

const activations: { readonly [N in ActivationName]: Written } = {
  linear: { name: "linear" },
  relu: { name: "relu" },
  relu6: { name: "relu6" },
  sigmoid: { name: "sigmoid" },
  tanh: { name: "tanh" },
  softmax: { name: "softmax" },
  logSoftmax: { name: "log_softmax" },
  gelu: { name: "gelu" },
  leakyRelu: { behind: ({ helper }, x) => helper("leaky", leakyRelu(0.01), [x]) },
  hardSigmoid: { behind: hardSigmoid },
  hardSwish: {
    behind: (context, x) =>
      context.helper("swish", { className: "Multiply", config: {} }, [x, hardSigmoid(context, x)]),
  },
};

const positive: readonly ActivationName[] = ["relu", "relu6", "sigmoid", "softmax", "hardSigmoid"];

function leakyRelu(slope: number) {
  return { className: "LeakyReLU", config: { alpha: slope } } as const;
}

/** min(max(x, 0), most). */
function clipped(most: number) {
  return { className: "ReLU", config: { max_value: most } } as const;
}

/** min(max(x / 6 + 1 / 2, 0), 1): TensorFlow.js's own divides by 5, as Keras 2 did. */
function hardSigmoid({ helper }: ExportContext<LayerKind>, x: Placed): Placed {
  return helper("clip", clipped(1), [helper("scale", rescaled(1 / 6, 0.5), [x])]);
}

/** Places a layer that has an activation, and behind it what TensorFlow.js has no name for. */
export function placeActivated<K extends LayerKind>(
  context: ExportContext<K>,
  activation: ActivationName,
  place: (name: string) => Placed,
): Placed {
  const written = activations[activation];
  const result = "name" in written ? place(written.name) : written.behind(context, place("linear"));
  return { ...result, isPositive: positive.includes(activation) };
}

const activation: Exporter<"activation"> = (context) => {
  const { options, inputs, place } = context;
  const written = activations[options.activation];
  if ("behind" in written)
    return { ...written.behind(context, inputs[0]), isPositive: positive.includes(options.activation) };
  return placeActivated(context, options.activation, (name) =>
    place({ className: "Activation", config: { activation: name } }, inputs),
  );
};

/** Kinds that map values one by one. */
export const activationExporters = {
  activation,
  clip: ({ options: { minimum, maximum }, inputs, place, helper }: ExportContext<"clip">): Placed => {
    if (minimum === 0) return { ...place(clipped(maximum), inputs), isPositive: true };
    const shifted = helper("from", rescaled(1, -minimum), inputs);
    return place(rescaled(1, minimum), [helper("clip", clipped(maximum - minimum), [shifted])]);
  },
  leakyRelu: plain<"leakyRelu">("LeakyReLU", ({ options }) => leakyRelu(options.slope).config),
  prelu: ({ options, inputs, place, parameter }: ExportContext<"prelu">): Placed => {
    const shared = options.sharedAxes.map((axis) => (axis < 0 ? inputs[0].shape.length + 1 + axis : axis));
    const weights = { alpha: parameter("weight") };
    return place(
      { className: "PReLU", config: { shared_axes: shared.length === 0 ? null : shared }, weights },
      inputs,
    );
  },
  // TensorFlow.js takes a softmax along the last axis alone.
  softmax: (context: ExportContext<"softmax">): Placed => {
    const placed = alongLast(context, context.options.axis, { className: "Softmax", config: { axis: -1 } });
    return { ...placed, isPositive: true };
  },
  logSoftmax: (context: ExportContext<"logSoftmax">): Placed =>
    alongLast(context, context.options.axis, {
      className: "Activation",
      config: { activation: "log_softmax" },
    }),
} as const;

function alongLast<K extends LayerKind>(
  context: ExportContext<K>,
  axis: number,
  description: KerasDescription,
): Placed {
  const { inputs, shape, place, refuse } = context;
  if (axis !== -1 && axis !== shape.length) throw refuse("it runs along another axis than the last");
  return place(description, inputs);
}
