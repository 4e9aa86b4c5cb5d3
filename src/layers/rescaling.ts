import { type Field, field } from "../options/index.ts";
import { formatShape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** One number for all channels, or one for each. */
export type PerChannel = number | readonly number[];

/** Options of `layers.rescaling`. */
export interface RescalingOptions {
  /** What every value, or every channel, is multiplied with. */
  readonly scale: PerChannel;
  /** What is added after that; default 0. */
  readonly offset?: PerChannel;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function perChannelField(...fallback: [] | [PerChannel]): Field<PerChannel> {
  return field(
    "a number, or a list of one for each channel",
    (value): value is PerChannel =>
      isNumber(value) || (Array.isArray(value) && value.length > 0 && value.every(isNumber)),
    ...fallback,
  );
}

/**
 * scale x + offset with fixed numbers, as images are brought to a mean and a deviation before a net. Lists go along the
 * last axis: scale[c] x[..., c] + offset[c]. Shapes: [..., C] -> [..., C].
 */
export const rescalingLayer: LayerDefinition<RescalingOptions> = {
  fields: { scale: perChannelField(), offset: perChannelField(0) },
  arity: oneInput,
  outputShape: ({ scale, offset }, [input = []], where) => {
    for (const [name, option] of Object.entries({ scale, offset })) {
      const channels = input[input.length - 1];
      if (typeof option === "number" || option.length === channels) continue;
      throw new ShapeError(`${name} has ${option.length} numbers, but the input is ${formatShape(input)}`, {
        where,
        hint: `Give one number, or one for each of its ${channels} channels.`,
      });
    }
    return input;
  },
  parameters: noParameters,
  call: ({ scale, offset }, { build }, [x]) => {
    if (typeof scale === "number" && typeof offset === "number") {
      return build("affine", [x], { factor: scale, offset });
    }
    const channels = x.shape[x.shape.length - 1] ?? 1;
    const listed = (option: PerChannel) =>
      typeof option === "number" ? Array<number>(channels).fill(option) : option;
    return build("channelAffine", [x], { factors: listed(scale), offsets: listed(offset) });
  },
};
