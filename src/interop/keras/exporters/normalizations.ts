import { Tensor } from "../../../tensor/index.ts";
import { channelScale, type ExportContext, type Placed, rescaled } from "./exporter.ts";

/** A number for each channel. */
function listed(values: number | readonly number[], channels: number): readonly number[] {
  return typeof values === "number" ? Array<number>(channels).fill(values) : values;
}

/** Kinds that scale, normalize or drop values. */
export const normalizationExporters = {
  batchNormalization: ({
    options,
    inputs,
    place,
    parameter,
  }: ExportContext<"batchNormalization">): Placed => {
    const { momentum, epsilon, center, scale } = options;
    const config = { axis: -1, momentum, epsilon, center, scale };
    const weights = {
      ...(scale && { gamma: parameter("weight") }),
      ...(center && { beta: parameter("bias") }),
      moving_mean: parameter("running_mean"),
      moving_variance: parameter("running_var"),
    };
    return place({ className: "BatchNormalization", config, weights }, inputs);
  },
  rescaling: ({ options: { scale, offset }, inputs, shape, place }: ExportContext<"rescaling">): Placed => {
    if (typeof scale === "number" && typeof offset === "number")
      return place(rescaled(scale, offset), inputs);
    const channels = shape[shape.length - 1] ?? 1;
    return place(channelScale(listed(scale, channels), listed(offset, channels)), inputs);
  },
  scale: ({ options, inputs, shape, place, parameter }: ExportContext<"scale">): Placed => {
    const channels = shape[shape.length - 1] ?? 1;
    const factors = options.scale ? parameter("weight") : Tensor.from(listed(1, channels));
    const offsets = options.center ? parameter("bias") : Tensor.from(listed(0, channels));
    return place(channelScale([...factors.data], [...offsets.data]), inputs);
  },
  dropout: ({ options: { rate }, inputs, place }: ExportContext<"dropout">): Placed => ({
    ...place({ className: "Dropout", config: { rate } }, inputs),
    isPositive: inputs[0].isPositive,
  }),
  localResponseNormalization: ({ refuse }: ExportContext<"localResponseNormalization">): Placed => {
    throw refuse("it normalizes across channels");
  },
  arithmetic: ({ options, refuse }: ExportContext<"arithmetic">): Placed => {
    throw refuse(`its parameter is to ${options.operation} at every place`);
  },
} as const;
