import type { Node } from "../graph/index.ts";
import { type Build, noPadding, type PaddingOption } from "../ops/index.ts";
import {
  booleanField,
  type Fields,
  type Resolved,
  type Size2dOption,
  size2dField,
  wholeNumberField,
} from "../options/index.ts";
import type { Shape } from "../tensor/index.ts";
import { type ActivationName, activationField, applyActivation } from "./activations.ts";
import { windowOf } from "./conv2d.ts";
import { type LayerDefinition, oneInput, type ParameterSpec } from "./definition.ts";
import { biasParameter, kernelParameter } from "./dense.ts";
import { imageShape, paddingField, resolveWindow, size2d } from "./geometry.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.depthwiseConv2d`. */
export interface DepthwiseConv2dOptions {
  /** Height and width of the kernel, in pixels. */
  readonly kernelSize: Size2dOption;
  /** Default 1. */
  readonly strides?: Size2dOption;
  /** Default `"valid"`. */
  readonly padding?: PaddingOption;
  /** Output channels for each of the input; default 1. */
  readonly depthMultiplier?: number;
  /** Spacing of the kernel's points; default 1. */
  readonly dilationRate?: Size2dOption;
  /** Default `linear`. */
  readonly activation?: ActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly depthwiseInitializer?: InitializerOption;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerOption;
}

/** Options of `layers.separableConv2d`. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Default `glorotUniform`. */
  readonly pointwiseInitializer?: InitializerOption;
}

const depthwiseFields: Fields<DepthwiseConv2dOptions> = {
  kernelSize: size2dField(1),
  strides: size2dField(1, 1),
  padding: paddingField,
  depthMultiplier: wholeNumberField(1, 1),
  dilationRate: size2dField(1, 1),
  activation: activationField,
  useBias: booleanField(true),
  depthwiseInitializer: initializerField("glorotUniform"),
  biasInitializer: initializerField("zeros"),
};

/**
 * activation(x * W + b) where every channel has a kernel of its own, or as many as `depthMultiplier` says: output channel
 * c M + m is made of input channel c. It is a convolution in as many groups as channels, and its weight is stored as one.
 *
 * Shapes: [H, W, C] -> [H', W', C M]; weight [KH, KW, 1, C M] (Keras's [KH, KW, C, M] in the same order), bias [C M].
 */
export const depthwiseConv2dLayer: LayerDefinition<DepthwiseConv2dOptions> = {
  fields: depthwiseFields,
  arity: oneInput,
  outputShape: (options, inputs, where) => depthwiseShape(options, inputs, where),
  parameters: (options, [input = []]) => {
    const channels = (input[2] ?? 1) * options.depthMultiplier;
    return [
      depthwiseParameter("weight", options, channels),
      ...(options.useBias ? [biasParameter(channels, options.biasInitializer)] : []),
    ];
  },
  call: (options, { build }, [x], { weight, bias }) => {
    const convolution = depthwise(build, options, x, weight);
    const sum = bias === undefined ? convolution : build("add", [convolution, bias], {});
    return applyActivation(build, options.activation, sum);
  },
};

/**
 * A depthwise convolution and a pointwise one (1 x 1) behind it, then bias and activation, as in Keras (Chollet 2017).
 *
 * Shapes: [H, W, C] -> [H', W', filters]; depthwise_weight [KH, KW, 1, C M], pointwise_weight [1, 1, C M, filters], bias
 * [filters].
 */
export const separableConv2dLayer: LayerDefinition<SeparableConv2dOptions> = {
  fields: {
    ...depthwiseFields,
    filters: wholeNumberField(1),
    pointwiseInitializer: initializerField("glorotUniform"),
  },
  arity: oneInput,
  outputShape: (options, inputs, where) => depthwiseShape(options, inputs, where).with(2, options.filters),
  parameters: (options, [input = []]) => {
    const { filters, pointwiseInitializer, useBias, biasInitializer } = options;
    const channels = (input[2] ?? 1) * options.depthMultiplier;
    return [
      depthwiseParameter("depthwise_weight", options, channels),
      { ...kernelParameter([1, 1, channels, filters], pointwiseInitializer), name: "pointwise_weight" },
      ...(useBias ? [biasParameter(filters, biasInitializer)] : []),
    ];
  },
  call: (options, { build }, [x], { depthwise_weight, pointwise_weight, bias }) => {
    const convolution = build("conv2d", [depthwise(build, options, x, depthwise_weight), pointwise_weight], {
      ...{ strides: [1, 1], padding: noPadding, dilations: [1, 1], groups: 1 },
    });
    const sum = bias === undefined ? convolution : build("add", [convolution, bias], {});
    return applyActivation(build, options.activation, sum);
  },
};

function depthwiseShape(
  options: Resolved<DepthwiseConv2dOptions>,
  inputs: readonly Shape[],
  where: string,
): number[] {
  const image = imageShape(inputs, where);
  return [...resolveWindow(image, windowOf(options), where).outputSize, image[2] * options.depthMultiplier];
}

function depthwiseParameter(
  name: string,
  { kernelSize, depthwiseInitializer }: Resolved<DepthwiseConv2dOptions>,
  channels: number,
): ParameterSpec {
  return { ...kernelParameter([...size2d(kernelSize), 1, channels], depthwiseInitializer), name };
}

function depthwise(build: Build, options: Resolved<DepthwiseConv2dOptions>, x: Node, weight: Node): Node {
  const { padding } = resolveWindow(x.shape.slice(1), windowOf(options), "depthwise convolution");
  return build("conv2d", [x, weight], {
    strides: size2d(options.strides),
    padding,
    dilations: size2d(options.dilationRate),
    groups: x.shape[3] ?? 1,
  });
}
