import { clip } from "../../../formats/format-errors.ts";
import { withActivation } from "./activations.ts";
import type { ImportContext, Importer } from "./importer.ts";

/** What all convolutions have. */
function windowOf({ options }: ImportContext) {
  options.requireChannelsLast();
  const padding = options.text("padding", "valid").toLowerCase();
  if (padding !== "valid" && padding !== "same") {
    throw options.error(`its padding is "${clip(padding, 40)}"`, 'Only "valid" and "same" are supported.');
  }
  return {
    kernelSize: options.pair("kernel_size"),
    strides: options.pair("strides", [1, 1]),
    padding,
    dilationRate: options.pair("dilation_rate", [1, 1]),
    useBias: options.boolean("use_bias", true),
  } as const;
}

const dense: Importer = (context) => {
  const { options, make } = context;
  return withActivation(context, (activation) => {
    const layer = make("dense", {
      units: options.count("units"),
      useBias: options.boolean("use_bias", true),
      activation,
    });
    return (inputs) => layer.apply(inputs);
  });
};

const conv2d: Importer = (context) => {
  const { options, make } = context;
  return withActivation(context, (activation) => {
    const groups = options.count("groups", 1);
    const layer = make("conv2d", {
      ...windowOf(context),
      filters: options.count("filters"),
      groups,
      activation,
    });
    return (inputs) => layer.apply(inputs);
  });
};

const depthwiseConv2d: Importer = (context) => {
  const { options, make } = context;
  return withActivation(context, (activation) => {
    const depthMultiplier = options.count("depth_multiplier", 1);
    const layer = make("depthwiseConv2d", { ...windowOf(context), depthMultiplier, activation });
    return (inputs) => layer.apply(inputs);
  });
};

const separableConv2d: Importer = (context) => {
  const { options, make } = context;
  return withActivation(context, (activation) => {
    const layer = make("separableConv2d", {
      ...windowOf(context),
      filters: options.count("filters"),
      depthMultiplier: options.count("depth_multiplier", 1),
      activation,
    });
    return (inputs) => layer.apply(inputs);
  });
};

const conv2dTranspose: Importer = (context) => {
  const { options, make } = context;
  if (options.isGiven("output_padding")) {
    throw options.error("it has an output_padding", "Only the default, None, is supported.");
  }
  return withActivation(context, (activation) => {
    const layer = make("conv2dTranspose", {
      ...windowOf(context),
      filters: options.count("filters"),
      activation,
    });
    return (inputs) => layer.apply(inputs);
  });
};

/** Classes with kernels. */
export const convolutionImporters = {
  Dense: dense,
  Conv2D: conv2d,
  Convolution2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
  SeparableConvolution2D: separableConv2d,
  Conv2DTranspose: conv2dTranspose,
  Convolution2DTranspose: conv2dTranspose,
} satisfies { readonly [className: string]: Importer };
