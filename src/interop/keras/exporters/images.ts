import { sidesOf, size2d } from "../../../layers/geometry.ts";
import type { LayerOptions } from "../../../layers/index.ts";
import { resolvePool2d } from "../../../layers/pooling2d.ts";
import type { Resolved } from "../../../options/index.ts";
import { sameShape } from "../../../tensor/index.ts";
import { padded } from "./convolutions.ts";
import { type ExportContext, type Placed, plain, unchanged } from "./exporter.ts";

const lastChannels = { data_format: "channels_last" } as const;

/** Rows and columns that windows reach beyond the padded image when a last, partial one counts. */
function reach(size: number, window: number, stride: number, outputs: number): number {
  return Math.max(0, (outputs - 1) * stride + window - size);
}

function pool(
  context: ExportContext<"maxPool2d"> | ExportContext<"averagePool2d">,
  options: Resolved<LayerOptions["maxPool2d"]>,
  className: "MaxPooling2D" | "AveragePooling2D",
  /** Whether zeros around the image leave the result as it is. */
  zerosDoNoHarm: boolean,
): Placed {
  const [input] = context.inputs;
  const { poolSize, strides, padding, outputSize } = resolvePool2d(options, input.shape, "export");
  const config = { pool_size: poolSize, strides, ...lastChannels };
  const place = (named: "same" | "valid", source: Placed) => ({
    ...context.place({ className, config: { ...config, padding: named } }, [source]),
    isPositive: input.isPositive,
  });
  if (!options.ceilMode && options.padding === "same") return place("same", input);
  // What lies beyond: the padding, and what a last window reaches out for.
  const [height = 1, width = 1] = input.shape;
  const bottom = reach(height + padding.top, poolSize[0], strides[0], outputSize[0]);
  const right = reach(width + padding.left, poolSize[1], strides[1], outputSize[1]);
  const sides = { top: padding.top, left: padding.left, bottom, right };
  if (sides.top + sides.left + bottom + right === 0) return place("valid", input);
  if (!zerosDoNoHarm) throw context.refuse("its padding counts neither as zeros nor as TensorFlow's does");
  return place("valid", padded(context, sides));
}

/** One value a channel; with height and width of 1 where they are kept. */
function globalPool(className: string) {
  return ({
    options,
    inputs,
    shape,
    place,
    helper,
  }: ExportContext<"globalAveragePool2d" | "globalMaxPool2d">): Placed => {
    const pooled = { className, config: { ...lastChannels } };
    if (!options.keepDimensions) return { ...place(pooled, inputs), isPositive: inputs[0].isPositive };
    const values = helper("pool", pooled, inputs);
    return {
      ...place({ className: "Reshape", config: { target_shape: shape } }, [values]),
      isPositive: inputs[0].isPositive,
    };
  };
}

/** Kinds that pool, pad, cut and resize images, or put values into other shapes. */
export const imageExporters = {
  maxPool2d: (context: ExportContext<"maxPool2d">): Placed =>
    pool(context, context.options, "MaxPooling2D", context.inputs[0].isPositive),
  averagePool2d: (context: ExportContext<"averagePool2d">): Placed => {
    // Partial windows are divided by what lies in the image, padding by all of it or not: only whole ones can be told apart.
    const isWhole = context.options.countPadding && !context.options.ceilMode;
    const { padding } = context.options;
    if (isWhole && padding === "same") {
      const { padding: sides } = resolvePool2d(context.options, context.inputs[0].shape, "export");
      return pool(context, { ...context.options, padding: sides }, "AveragePooling2D", true);
    }
    return pool(context, context.options, "AveragePooling2D", isWhole);
  },
  adaptiveAveragePool2d: (context: ExportContext<"adaptiveAveragePool2d">): Placed => {
    const { inputs, place, shape, refuse } = context;
    const [input] = inputs;
    if (sameShape(input.shape, shape)) return input;
    const size = [input.shape[0] / shape[0], input.shape[1] / shape[1]];
    if (!size.every(Number.isInteger)) throw refuse("its windows are not all of one size");
    const config = { pool_size: size, strides: size, padding: "valid", ...lastChannels };
    return { ...place({ className: "AveragePooling2D", config }, inputs), isPositive: input.isPositive };
  },
  blurPool2d: ({ refuse }: ExportContext<"blurPool2d">): Placed => {
    throw refuse("it mirrors images at their edges");
  },
  globalAveragePool2d: globalPool("GlobalAveragePooling2D"),
  globalMaxPool2d: globalPool("GlobalMaxPooling2D"),
  reduceMean: (context: ExportContext<"reduceMean">): Placed => {
    const { options, inputs, shape, place, helper, refuse } = context;
    const rank = inputs[0].shape.length;
    const axes = new Set([options.axes].flat().map((axis) => (axis < 0 ? rank + 1 + axis : axis)));
    if (rank !== 3 || axes.size !== 2 || !axes.has(1) || !axes.has(2))
      throw refuse("it is no mean over height and width");
    const pooled = { className: "GlobalAveragePooling2D", config: { ...lastChannels } };
    if (!options.keepDimensions) return place(pooled, inputs);
    return place({ className: "Reshape", config: { target_shape: shape } }, [helper("pool", pooled, inputs)]);
  },
  flatten: (context: ExportContext<"flatten">): Placed => ({
    ...plain<"flatten">("Flatten", () => lastChannels)(context),
    isPositive: context.inputs[0].isPositive,
  }),
  reshape: (context: ExportContext<"reshape">): Placed => ({
    ...plain<"reshape">("Reshape", ({ shape }) => ({ target_shape: shape }))(context),
    isPositive: context.inputs[0].isPositive,
  }),
  permute: plain<"permute">("Permute", ({ options }) => ({ dims: options.dims })),
  zeroPadding2d: plain<"zeroPadding2d">("ZeroPadding2D", ({ options }) => {
    const { top, bottom, left, right } = sidesOf(options.padding);
    return {
      padding: [
        [top, bottom],
        [left, right],
      ],
      ...lastChannels,
    };
  }),
  padding2d: (context: ExportContext<"padding2d">): Placed => {
    const { options, refuse } = context;
    if (options.mode !== "constant" || options.value !== 0)
      throw refuse("it pads with other values than zeros");
    const { top, bottom, left, right } = sidesOf(options.padding);
    const config = {
      padding: [
        [top, bottom],
        [left, right],
      ],
      ...lastChannels,
    };
    return context.place({ className: "ZeroPadding2D", config }, context.inputs);
  },
  cropping2d: plain<"cropping2d">("Cropping2D", ({ options }) => {
    const { top, bottom, left, right } = sidesOf(options.cropping);
    return {
      cropping: [
        [top, bottom],
        [left, right],
      ],
      ...lastChannels,
    };
  }),
  upSampling2d: (context: ExportContext<"upSampling2d">): Placed => {
    const { options, refuse, place, inputs } = context;
    if (options.interpolation !== "nearest") throw refuse("it interpolates between the centres of pixels");
    return place(
      {
        className: "UpSampling2D",
        config: { size: size2d(options.size), interpolation: "nearest", ...lastChannels },
      },
      inputs,
    );
  },
  resize2d: (context: ExportContext<"resize2d">): Placed => {
    if (sameShape(context.inputs[0].shape, context.shape)) return unchanged(context);
    throw context.refuse("it resizes images");
  },
  slice: ({ options, refuse }: ExportContext<"slice">): Placed => {
    throw refuse(`it cuts a stretch out of axis ${options.axis}`);
  },
} as const;
