import type { PaddingOption } from "../ops/index.ts";
import { booleanField, type Size2dOption, size2dField, wholeNumberField } from "../options/index.ts";
import { ShapeError } from "../tensor/index.ts";
import { type ActivationName, activationField, applyActivation } from "./activations.ts";
import { type LayerDefinition, oneInput } from "./definition.ts";
import { biasParameter, kernelParameter } from "./dense.ts";
import { imageShape, paddingField, resolveWindow, size2d } from "./geometry.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.conv2d`. */
export interface Conv2dOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Height and width of the kernel, in pixels. */
  readonly kernelSize: Size2dOption;
  /** Default 1. */
  readonly strides?: Size2dOption;
  /** Default `"valid"`. */
  readonly padding?: PaddingOption;
  /** Spacing of the kernel's points; default 1. */
  readonly dilationRate?: Size2dOption;
  /** Input and output channels are split into so many groups that do not see each other; default 1. */
  readonly groups?: number;
  /** Default `linear`. */
  readonly activation?: ActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: InitializerOption;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerOption;
}

/**
 * activation(x * W + b), cross-correlation over height and width:
 * y[n,i,j,o] = b[o] + sum over u,v,c of x[n, i s + u d, j s + v d, c] W[u,v,c,o].
 *
 * Shapes: [H, W, C] -> [H', W', filters]; weight [KH, KW, C / groups, filters], bias [filters].
 */
export const conv2dLayer: LayerDefinition<Conv2dOptions> = {
  fields: {
    filters: wholeNumberField(1),
    kernelSize: size2dField(1),
    strides: size2dField(1, 1),
    padding: paddingField,
    dilationRate: size2dField(1, 1),
    groups: wholeNumberField(1, 1),
    activation: activationField,
    useBias: booleanField(true),
    kernelInitializer: initializerField("glorotUniform"),
    biasInitializer: initializerField("zeros"),
  },
  arity: oneInput,
  outputShape: (options, inputs, where) => {
    const image = imageShape(inputs, where);
    checkGroups(image[2], options.filters, options.groups, where);
    const { outputSize } = resolveWindow(image, windowOf(options), where);
    return [...outputSize, options.filters];
  },
  parameters: (
    { filters, groups, kernelSize, kernelInitializer, useBias, biasInitializer },
    [input = []],
  ) => [
    kernelParameter([...size2d(kernelSize), (input[2] ?? 1) / groups, filters], kernelInitializer),
    ...(useBias ? [biasParameter(filters, biasInitializer)] : []),
  ],
  call: (options, { build }, [x], { weight, bias }) => {
    const { padding } = resolveWindow(x.shape.slice(1), windowOf(options), "conv2d");
    const convolution = build("conv2d", [x, weight], {
      strides: size2d(options.strides),
      padding,
      dilations: size2d(options.dilationRate),
      groups: options.groups,
    });
    const sum = bias === undefined ? convolution : build("add", [convolution, bias], {});
    return applyActivation(build, options.activation, sum);
  },
};

/** How the kernel moves over the image. */
export function windowOf(options: {
  readonly kernelSize: Size2dOption;
  readonly strides: Size2dOption;
  readonly padding: PaddingOption;
  readonly dilationRate: Size2dOption;
}) {
  return {
    window: size2d(options.kernelSize),
    strides: size2d(options.strides),
    dilations: size2d(options.dilationRate),
    padding: options.padding,
    ceilMode: false,
  };
}

/** @throws ShapeError unless the groups divide both numbers of channels */
export function checkGroups(channels: number, filters: number, groups: number, where: string): void {
  if (channels % groups === 0 && filters % groups === 0) return;
  throw new ShapeError(`${groups} groups do not divide ${channels} input channels and ${filters} filters`, {
    where,
    hint: "Choose groups that divide both.",
  });
}
