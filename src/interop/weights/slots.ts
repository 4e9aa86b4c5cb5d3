import { channelsFirstOrder, type Order } from "../../formats/layouts.ts";
import type { LayerKind } from "../../layers/index.ts";
import {
  type Architecture,
  type Call,
  type ModelParameter,
  modelParameters,
  type NamedLayer,
} from "../../models/index.ts";
import { sizeOf } from "../../tensor/index.ts";
import { featureOrders } from "./feature-order.ts";

/** A parameter of a model, with what decides how other frameworks keep it. */
export interface Slot {
  readonly parameter: ModelParameter;
  readonly layer: NamedLayer;
  /** Its name within the layer: `weight`, `running_mean`. */
  readonly local: string;
  /** Whether it is a filter or a matrix, with its outputs as the last axis. */
  readonly isKernel: boolean;
  /** Whether it is a filter for each channel by itself: one input, and so many outputs a channel. Else 0. */
  readonly depthMultiplier: number;
  /**
   * Where its inputs (of a kernel) or its values (of others) lie in a net with channels first; `null` where they lie as
   * they do here.
   */
  readonly order: Order | null;
  /** Whether its layer is the last one that has any: a classifier has its scores from it, or a head has. */
  readonly isLast: boolean;
}

/** Layers with weights that are multiplied with the input and summed. */
const kernelLayers: ReadonlySet<LayerKind> = new Set([
  "conv2d",
  "conv2dTranspose",
  "dense",
  "depthwiseConv2d",
  "separableConv2d",
]);

/** All parameters of a model, in its order. */
export function slotsOf(architecture: Architecture): readonly Slot[] {
  const { layers, calls } = architecture;
  const features = featureOrders(architecture);
  const last = lastLayers(architecture);
  return modelParameters(architecture).map((parameter) => {
    const layer = layers[parameter.layer];
    const local = parameter.name.slice(layer.name.length + 1);
    const isKernel = kernelLayers.has(layer.layer.kind) && local.endsWith("weight");
    const call = calls.find((candidate) => candidate.layer === parameter.layer);
    const [source] = call?.inputs ?? [];
    const incoming = source === undefined ? null : features[source];
    return {
      parameter,
      layer,
      local,
      isKernel,
      depthMultiplier: isKernel ? depthMultiplierOf(layer, local, parameter) : 0,
      order: orderOf(parameter, isKernel, incoming),
      isLast: last.has(parameter.layer),
    };
  });
}

/** Indices of the layers with parameters that the output, and each head, comes from most directly. */
function lastLayers(architecture: Architecture): ReadonlySet<number> {
  const { calls, output, auxiliaries } = architecture;
  const withParameters = new Set(modelParameters(architecture).map(({ layer }) => layer));
  const last = new Set<number>();
  for (const end of [output, ...auxiliaries.map((head) => head.output)]) {
    let call: Call | undefined = calls[end];
    while (call !== undefined && !withParameters.has(call.layer)) call = calls[call.inputs[0] ?? -1];
    if (call !== undefined) last.add(call.layer);
  }
  return last;
}

function orderOf({ shape }: ModelParameter, isKernel: boolean, incoming: Order | null): Order | null {
  if (isKernel && shape.length === 4) return channelsFirstOrder(shape.slice(0, 3));
  const values = isKernel ? shape[0] : sizeOf(shape);
  return incoming !== null && incoming.length === values ? incoming : null;
}

function depthMultiplierOf({ layer }: NamedLayer, local: string, { shape }: ModelParameter): number {
  const { kind, options } = layer;
  if (kind === "conv2d" && "groups" in options) {
    // A group that sees one channel: a depthwise convolution under another name.
    return options.groups > 1 && shape[2] === 1 ? (shape[3] ?? 0) / options.groups : 0;
  }
  if (kind === "depthwiseConv2d" || (kind === "separableConv2d" && local === "depthwise_weight")) {
    return "depthMultiplier" in options ? options.depthMultiplier : 1;
  }
  return 0;
}
