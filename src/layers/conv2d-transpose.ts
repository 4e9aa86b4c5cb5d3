import { dilatedSize, type PaddingOption, resolvePadding } from "../ops/index.ts";
import {
  booleanField,
  type Resolved,
  type Size2dOption,
  size2dField,
  wholeNumberField,
} from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import { type ActivationName, activationField, applyActivation } from "./activations.ts";
import { checkGroups } from "./conv2d.ts";
import { type LayerDefinition, oneInput } from "./definition.ts";
import { biasParameter, kernelParameter } from "./dense.ts";
import { imageShape, paddingField, size2d } from "./geometry.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.conv2dTranspose`. */
export interface Conv2dTransposeOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Height and width of the kernel, in pixels. */
  readonly kernelSize: Size2dOption;
  /** Output pixels from one input pixel to the next; default 1. */
  readonly strides?: Size2dOption;
  /**
   * What is cut off the borders of the full output: with numbers as in PyTorch and ONNX; "same" leaves strides times the
   * input's size, and "valid" at least that, as in Keras. Default `"valid"`.
   */
  readonly padding?: PaddingOption;
  /** Rows and columns added at the bottom and right, fewer than the strides; default 0. */
  readonly outputPadding?: Size2dOption;
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
 * The transpose of a convolution from `filters` channels to those of the input, as an upward step of an encoder and
 * decoder has it: each input pixel spreads its kernel over the output, strides apart.
 *
 * Shapes: [H, W, C] -> [H', W', filters] with H' = (H - 1) stride + dilation (KH - 1) + 1 - top - bottom + outputPadding;
 * weight [KH, KW, filters / groups, C], as in Keras; bias [filters].
 */
export const conv2dTransposeLayer: LayerDefinition<Conv2dTransposeOptions> = {
  fields: {
    filters: wholeNumberField(1),
    kernelSize: size2dField(1),
    strides: size2dField(1, 1),
    padding: paddingField,
    outputPadding: size2dField(0, 0),
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
    return [...resolveTransposed(options, image, where).outputSize, options.filters];
  },
  parameters: (
    { filters, groups, kernelSize, kernelInitializer, useBias, biasInitializer },
    [input = []],
  ) => [
    kernelParameter([...size2d(kernelSize), filters / groups, input[2] ?? 1], kernelInitializer),
    ...(useBias ? [biasParameter(filters, biasInitializer)] : []),
  ],
  call: (options, { build }, [x], { weight, bias }) => {
    const { padding, outputSize } = resolveTransposed(options, x.shape.slice(1), "conv2dTranspose");
    const spread = build("conv2dInputGradient", [x, weight], {
      strides: size2d(options.strides),
      padding,
      dilations: size2d(options.dilationRate),
      groups: options.groups,
      inputShape: [x.shape[0] ?? 1, ...outputSize, options.filters],
    });
    const sum = bias === undefined ? spread : build("add", [spread, bias], {});
    return applyActivation(build, options.activation, sum);
  },
};

/** Padding and output size of the convolution that this one is the transpose of, seen from its input. */
export function resolveTransposed(options: Resolved<Conv2dTransposeOptions>, image: Shape, where: string) {
  const kernelSize = size2d(options.kernelSize);
  const strides = size2d(options.strides);
  const dilations = size2d(options.dilationRate);
  const outputPadding = size2d(options.outputPadding);
  const extent = ([0, 1] as const).map((axis) => dilatedSize(kernelSize[axis], dilations[axis]));
  if (options.padding === "same" && outputPadding.some((size) => size > 0)) {
    throw new ShapeError('outputPadding says nothing beside padding "same", which fixes the size', {
      where,
      hint: "Give the padding in numbers.",
    });
  }
  if (outputPadding.some((size, axis) => size >= strides[axis === 0 ? 0 : 1])) {
    throw new ShapeError(
      `outputPadding ${formatShape(outputPadding)} must be smaller than the strides ${formatShape(strides)}`,
      { where, hint: "A whole stride more would be another input pixel." },
    );
  }
  const scaled = [strides[0] * (image[0] ?? 1), strides[1] * (image[1] ?? 1)] as const;
  const padding = resolvePadding(
    options.padding,
    { inputSize: scaled, kernelSize, strides, dilations },
    where,
  );
  const along = (axis: 0 | 1, cut: number) => {
    const full = scaled[axis] - strides[axis] + (extent[axis] ?? 1) + outputPadding[axis];
    if (options.padding === "same") return scaled[axis];
    // Keras's rule: strides that are wider than the kernel leave zeros behind the last pixel too.
    if (options.padding === "valid" && outputPadding[axis] === 0) return Math.max(full, scaled[axis]);
    return full - cut;
  };
  const outputSize = [
    along(0, padding.top + padding.bottom),
    along(1, padding.left + padding.right),
  ] as const;
  return { padding, outputSize };
}
