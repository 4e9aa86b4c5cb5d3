import { isKind, type Node, type Padding2d, topologicalOrder } from "../graph/index.ts";
import { type ActivationName, type Layer, type LayerKind, layerWhere } from "../layers/index.ts";
import { callNamed, type Model, modelOutput, predictionGraph, tapOutput } from "../models/index.ts";
import { OptionError, type Shape, sizeOf } from "../tensor/index.ts";

/** What is done with the numbers of a window. */
export type WindowOperation = "convolution" | "product" | "maximum" | "average";

type Pair = readonly [height: number, width: number];
type ImageShape = readonly [height: number, width: number, channels: number];

/** How the windows of a layer lie on its input. */
export interface WindowWalk {
  readonly operation: WindowOperation;
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Around the input. */
  readonly padding: Padding2d;
  /** Whether the padding counts in the divisor of an average. */
  readonly countPadding: boolean;
  readonly groups: number;
  /** The kernel's node; `null` of poolings. */
  readonly kernel: Node | null;
}

/** A walk, and where its numbers come from. */
export interface WindowPlan extends WindowWalk {
  /** As it was named. */
  readonly layer: string | number;
  readonly kind: LayerKind;
  /** Indices of the calls that give the layer's input and its output. */
  readonly calls: readonly [input: number, output: number];
  /** A row of numbers is an image of one pixel. */
  readonly inputShape: ImageShape;
  readonly outputShape: ImageShape;
  /** Name of the bias; `null` where there is none. */
  readonly bias: string | null;
  readonly activation: ActivationName;
}

const unpadded: Padding2d = { top: 0, bottom: 0, left: 0, right: 0 };
const windowKinds: readonly string[] = ["conv2d", "matmul", "maxPool2d", "averagePool2d"];

/**
 * Finds out how a layer's windows lie, from the graph that it builds: there padding is numbers, and whatever layer builds one of the
 * known ops is understood.
 *
 * @throws OptionError for a name that is none, and a layer without windows
 */
export function planWindows(model: Model, name: string | number): WindowPlan {
  const { architecture } = model;
  const index = callNamed(architecture, name);
  const call = architecture.calls[index];
  const { name: layerName, layer } = architecture.layers[call.layer];
  const where = layerWhere(layerName, layer.kind);
  const [source] = call.inputs;
  const { outputs } = predictionGraph(model, "input", 1, source === undefined ? [index] : [index, source]);
  const begin = outputs[source === undefined ? modelOutput : tapOutput(source)];
  const known = new Set(topologicalOrder([begin]));
  const ops = topologicalOrder([outputs[tapOutput(index)]]).filter(
    (node) => !known.has(node) && windowKinds.includes(node.kind),
  );
  const [op] = ops;
  if (source === undefined || op === undefined || ops.length > 1) {
    throw new OptionError(ops.length > 1 ? "is two convolutions, not one" : "has no windows", {
      where,
      hint: "Take a convolution, a pooling or a dense layer.",
    });
  }
  return {
    ...walkOf(op),
    layer: name,
    kind: layer.kind,
    calls: [source, index],
    inputShape: asImage(begin.shape.slice(1)),
    outputShape: asImage(call.shape),
    bias: hasBias(layer) ? `${layerName}.bias` : null,
    activation: activationOf(layer),
  };
}

/** How the window of an op lies. */
function walkOf(op: Node): WindowWalk {
  const single: Pair = [1, 1];
  const usual = { strides: single, dilations: single, padding: unpadded, countPadding: false, groups: 1 };
  if (isKind(op, "conv2d")) {
    const [, kernel] = op.inputs;
    const size: Pair = [kernel.shape[0] ?? 1, kernel.shape[1] ?? 1];
    return { ...usual, ...op.attributes, operation: "convolution", size, kernel };
  }
  if (isKind(op, "maxPool2d")) {
    const { poolSize: size, strides, padding } = op.attributes;
    return { ...usual, operation: "maximum", size, strides, padding, kernel: null };
  }
  if (isKind(op, "averagePool2d")) {
    const { poolSize: size, strides, padding, countPadding } = op.attributes;
    return { ...usual, operation: "average", size, strides, padding, countPadding, kernel: null };
  }
  return { ...usual, operation: "product", size: single, kernel: op.inputs[1] };
}

/** Dense layers map the last axis: all before it are places. */
function asImage(shape: Shape): ImageShape {
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  const channels = shape[shape.length - 1] ?? 1;
  return [1, sizeOf(shape) / channels, channels];
}

function hasBias({ options }: Layer): boolean {
  return "useBias" in options && options.useBias === true;
}

function activationOf({ options }: Layer): ActivationName {
  return "activation" in options ? options.activation : "linear";
}
