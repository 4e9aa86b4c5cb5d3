import { resolveWindow, size2d } from "../../../layers/geometry.ts";
import type { LayerKind } from "../../../layers/index.ts";
import type { PaddingOption } from "../../../ops/index.ts";
import type { Size2dOption } from "../../../options/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import { placeActivated } from "./activations.ts";
import type { ExportContext, Placed } from "./exporter.ts";

interface WindowOptions {
  readonly kernelSize: Size2dOption;
  readonly strides: Size2dOption;
  readonly padding: PaddingOption;
  readonly dilationRate: Size2dOption;
  readonly useBias: boolean;
}

/** Zeros around the input where the padding is neither "same" nor "valid". */
export function padded<K extends LayerKind>(
  { inputs: [input], helper }: ExportContext<K>,
  sides: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number },
): Placed {
  const { top, bottom, left, right } = sides;
  if (top + bottom + left + right === 0) return input;
  const padding = [
    [top, bottom],
    [left, right],
  ];
  return helper("pad", { className: "ZeroPadding2D", config: { padding, data_format: "channels_last" } }, [
    input,
  ]);
}

/** The window's configuration, and the input with its padding. */
function windowOf<K extends LayerKind>(context: ExportContext<K>, options: WindowOptions) {
  const { padding: asked } = options;
  const named = asked === "same" || asked === "valid" ? asked : null;
  const window = {
    window: size2d(options.kernelSize),
    strides: size2d(options.strides),
    dilations: size2d(options.dilationRate),
    ceilMode: false,
  };
  const { padding } = resolveWindow(context.inputs[0].shape, { ...window, padding: asked }, "export");
  return {
    input: named === null ? padded(context, padding) : context.inputs[0],
    config: {
      kernel_size: window.window,
      strides: window.strides,
      dilation_rate: window.dilations,
      padding: named ?? "valid",
      data_format: "channels_last",
      use_bias: options.useBias,
    },
  };
}

function biasOf<K extends LayerKind>({ parameter }: ExportContext<K>, useBias: boolean): { bias?: Tensor } {
  return useBias ? { bias: parameter("bias") } : {};
}

/** [KH, KW, 1, C M] as Keras's [KH, KW, C, M]: the same order. */
function depthwiseKernel(kernel: Tensor<"float32">, channels: number): Tensor {
  const [height, width, , filters] = kernel.shape;
  return kernel.reshape([height, width, channels, filters / channels]);
}

/** Kinds with kernels. */
export const convolutionExporters = {
  dense: (context: ExportContext<"dense">): Placed => {
    const { options, inputs, place, parameter } = context;
    const weights = { kernel: parameter("weight"), ...biasOf(context, options.useBias) };
    return placeActivated(context, options.activation, (activation) =>
      place(
        {
          className: "Dense",
          config: { units: options.units, use_bias: options.useBias, activation },
          weights,
        },
        inputs,
      ),
    );
  },
  conv2d: (context: ExportContext<"conv2d">): Placed => {
    const { options, inputs, place, parameter, refuse } = context;
    const channels = inputs[0].shape[2] ?? 1;
    const { input, config } = windowOf(context, options);
    const bias = biasOf(context, options.useBias);
    return placeActivated(context, options.activation, (activation) => {
      if (options.groups === 1) {
        const weights = { kernel: parameter("weight"), ...bias };
        return place(
          { className: "Conv2D", config: { ...config, filters: options.filters, activation }, weights },
          [input],
        );
      }
      if (options.groups !== channels) throw refuse(`it has ${options.groups} groups of several channels`);
      const weights = { depthwise_kernel: depthwiseKernel(parameter("weight"), channels), ...bias };
      const depth_multiplier = options.filters / channels;
      return place(
        { className: "DepthwiseConv2D", config: { ...config, depth_multiplier, activation }, weights },
        [input],
      );
    });
  },
  depthwiseConv2d: (context: ExportContext<"depthwiseConv2d">): Placed => {
    const { options, inputs, place, parameter } = context;
    const { input, config } = windowOf(context, options);
    const weights = {
      depthwise_kernel: depthwiseKernel(parameter("weight"), inputs[0].shape[2] ?? 1),
      ...biasOf(context, options.useBias),
    };
    const depth_multiplier = options.depthMultiplier;
    return placeActivated(context, options.activation, (activation) =>
      place({ className: "DepthwiseConv2D", config: { ...config, depth_multiplier, activation }, weights }, [
        input,
      ]),
    );
  },
  separableConv2d: (context: ExportContext<"separableConv2d">): Placed => {
    const { options, inputs, place, parameter } = context;
    const { input, config } = windowOf(context, options);
    const weights = {
      depthwise_kernel: depthwiseKernel(parameter("depthwise_weight"), inputs[0].shape[2] ?? 1),
      pointwise_kernel: parameter("pointwise_weight"),
      ...biasOf(context, options.useBias),
    };
    const own = { ...config, filters: options.filters, depth_multiplier: options.depthMultiplier };
    return placeActivated(context, options.activation, (activation) =>
      place({ className: "SeparableConv2D", config: { ...own, activation }, weights }, [input]),
    );
  },
  conv2dTranspose: (context: ExportContext<"conv2dTranspose">): Placed => {
    const { options, inputs, place, parameter, refuse } = context;
    const { padding, groups, filters } = options;
    if (padding !== "same" && padding !== "valid") throw refuse("it has a padding in numbers");
    if (groups !== 1) throw refuse(`it has ${groups} groups`);
    if (size2d(options.outputPadding).some((size) => size > 0)) throw refuse("it has an output padding");
    if (size2d(options.dilationRate).some((rate) => rate > 1)) throw refuse("it is dilated");
    const config = {
      ...{ filters, padding, kernel_size: size2d(options.kernelSize), strides: size2d(options.strides) },
      ...{ data_format: "channels_last", use_bias: options.useBias },
    };
    const weights = { kernel: parameter("weight"), ...biasOf(context, options.useBias) };
    return placeActivated(context, options.activation, (activation) =>
      place({ className: "Conv2DTranspose", config: { ...config, activation }, weights }, inputs),
    );
  },
} as const;
