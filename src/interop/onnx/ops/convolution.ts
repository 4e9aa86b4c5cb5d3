import { channelsFirstOrder } from "../../../formats/layouts.ts";
import type { Size2d } from "../../../graph/index.ts";
import { layers } from "../../../layers/index.ts";
import { formatShape, type Tensor } from "../../../tensor/index.ts";
import { kernelOf, rowOf } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import type { Activation, Constant } from "../values.ts";
import { imageOrder } from "../values.ts";
import { followingBias } from "./bias.ts";
import type { RuleContext } from "./rule.ts";
import { paddingOf, pairOf, transposedPadding } from "./windows.ts";

/** Conv: weight [O, C / group, KH, KW]. */
export function convolution(node: NodeReader, context: RuleContext): Activation {
  const { builder } = context;
  const x = builder.image(node, node.activation(0));
  const kernel = filterOf(node);
  const [filters, , height, width] = kernel.shape;
  const groups = node.int("group", 1);
  const strides = pairOf(node, "strides", [1, 1]);
  const dilationRate = pairOf(node, "dilations", [1, 1]);
  checkChannels(node, x, kernel.shape[1] * groups, kernel);
  const window = {
    image: sizeOfImage(x),
    kernel: [height, width],
    strides,
    dilations: dilationRate,
  } as const;
  const padding = paddingOf(node, window);
  const bias = node.optionalConstant(2, "bias") ?? followingBias(node, context, filters, 2);
  const order = channelsFirstOrder([height, width, kernel.shape[1]]);
  const weights = withBias(kernelOf(kernel, [height, width, kernel.shape[1], filters], order), bias);
  const options = { filters, kernelSize: [height, width], strides, padding, dilationRate, groups } as const;
  const tensor = builder.place(
    node,
    [x.tensor],
    (name) => layers.conv2d({ name, ...options, useBias: bias !== undefined }),
    { weights, named: kernel, shared: bias === undefined ? [kernel] : [kernel, bias] },
  );
  return imageOf(tensor);
}

/** ConvTranspose: weight [C, O / group, KH, KW]. */
export function transposedConvolution(node: NodeReader, context: RuleContext): Activation {
  const { builder } = context;
  const x = builder.image(node, node.activation(0));
  const kernel = filterOf(node);
  const [channels, share, height, width] = kernel.shape;
  const groups = node.int("group", 1);
  const filters = share * groups;
  const strides = pairOf(node, "strides", [1, 1]);
  const dilationRate = pairOf(node, "dilations", [1, 1]);
  checkChannels(node, x, channels, kernel);
  const window = {
    image: sizeOfImage(x),
    kernel: [height, width],
    strides,
    dilations: dilationRate,
  } as const;
  const { padding, outputPadding } = transposedPadding(node, window);
  const bias = node.optionalConstant(2, "bias") ?? followingBias(node, context, filters, 2);
  const order = channelsFirstOrder([height, width, share]);
  const weights = withBias(kernelOf(kernel, [height, width, share, channels], order), bias);
  const options = { filters, kernelSize: [height, width], strides, padding, outputPadding } as const;
  const tensor = builder.place(
    node,
    [x.tensor],
    (name) => layers.conv2dTranspose({ name, ...options, dilationRate, groups, useBias: bias !== undefined }),
    { weights, named: kernel, shared: bias === undefined ? [kernel] : [kernel, bias] },
  );
  return imageOf(tensor);
}

function filterOf(node: NodeReader): Constant {
  const kernel = node.constant(1, "weights");
  if (kernel.shape.length === 4) return kernel;
  throw node.error(
    `has weights ${formatShape(kernel.shape)}`,
    "Only two-dimensional convolutions are supported: weights of four axes.",
  );
}

function checkChannels(node: NodeReader, x: Activation, channels: number, { shape }: Constant): void {
  if (x.shape[0] === channels) return;
  throw node.error(
    `has weights ${formatShape(shape)} for ${channels} channels, its input has ${x.shape[0]}`,
    "Give inputShape if the file leaves the number of channels open.",
  );
}

function sizeOfImage({ shape }: Activation): Size2d {
  return [shape[1], shape[2]];
}

/** A layer's output [H, W, C] as ONNX's [C, H, W]. */
export function imageOf(tensor: Activation["tensor"]): Activation {
  const [height, width, channels] = tensor.shape;
  return {
    kind: "activation",
    tensor,
    shape: [channels, height, width],
    order: [...imageOrder],
    mixed: null,
  };
}

function withBias(weight: Tensor, bias: Constant | undefined): Record<string, Tensor> {
  return bias === undefined ? { weight } : { weight, bias: rowOf(bias) };
}
