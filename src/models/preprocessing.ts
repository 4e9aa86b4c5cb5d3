import { type ImageResize, interpolations, resizedSize } from "../data/index.ts";
import {
  booleanField,
  checkOptions,
  type Field,
  type Fields,
  field,
  isWholeNumber,
  nameField,
  nullable,
  type Size2dOption,
  size2dField,
} from "../options/index.ts";
import { formatShape, OptionError, type Shape } from "../tensor/index.ts";

/** In which order a model takes the colours. Files, data sets and `predict` give red, green, blue. */
export type ChannelOrder = "rgb" | "bgr";

/**
 * What happens to the bytes of an image before the first layer: its channels are put in order, and each becomes
 * scale * byte + offset.
 */
export interface Preprocessing {
  /** One number, or one for each channel in the model's order. Default 1 / 255, which brings bytes to [0, 1]. */
  readonly scale: number | readonly number[];
  /** One number, or one for each channel in the model's order. Default 0. */
  readonly offset: number | readonly number[];
  /** Default `"rgb"`. */
  readonly channelOrder: ChannelOrder;
  /** How an image file becomes an input; `null`, the default, leaves it to who reads the file. */
  readonly resize: ImageResize | null;
}

/** {@link Preprocessing} as it is given: what is left away has its default. */
export interface PreprocessingOptions extends Partial<Omit<Preprocessing, "resize">> {
  readonly resize?: (Pick<ImageResize, "size"> & Partial<ImageResize>) | null;
}

/** Beyond it, a list of numbers for channels is a slip or an attack. */
const mostChannels = 4096;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function channelField(fallback: number): Field<number | readonly number[]> {
  return field(
    "a number, or a list with one for each channel",
    (value): value is number | readonly number[] =>
      isNumber(value) ||
      (Array.isArray(value) && value.length > 0 && value.length <= mostChannels && value.every(isNumber)),
    fallback,
  );
}

/** Images beyond it would not fit anywhere. */
const longestSide = 2 ** 14;

const sideField: Field<Size2dOption> = {
  parse: (value, where, name) => {
    const size = size2dField(1).parse(value, where, name);
    if ([size].flat().every((side) => isWholeNumber(side, 1, longestSide))) return size;
    throw new OptionError(
      `option "${name}" must be at most ${longestSide}, got ${[size].flat().join(", ")}`,
      {
        where,
      },
    );
  },
};

const resizeFields: Fields<ImageResize> = {
  size: sideField,
  crop: nullable(sideField),
  interpolation: nameField(interpolations, "bilinear"),
  antialias: booleanField(true),
};

const fields: Fields<Preprocessing> = {
  scale: channelField(1 / 255),
  offset: channelField(0),
  channelOrder: nameField(["rgb", "bgr"], "rgb"),
  resize: nullable({
    parse: (value) => checkOptions<ImageResize>("preprocessing, resize", value, resizeFields),
  }),
};

/** @throws OptionError for an unknown option or a wrong value */
export function readPreprocessing(value: unknown): Preprocessing {
  return checkOptions("preprocessing", value, fields);
}

/**
 * `scale` and `offset` of images that are first brought to [0, 1] and then, channel by channel, to mean 0 and deviation 1:
 * (byte / 255 - mean) / deviation. ImageNet's usual numbers are `mean: [0.485, 0.456, 0.406]` and
 * `deviation: [0.229, 0.224, 0.225]`.
 *
 * @throws OptionError when the lists do not have the same length, or a deviation is 0
 */
export function normalized(given: {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}): Pick<Preprocessing, "scale" | "offset"> {
  const { mean, deviation } = given;
  if (mean.length !== deviation.length || ![...mean, ...deviation].every(isNumber) || deviation.includes(0)) {
    throw new OptionError("mean and deviation must be as many numbers, and no deviation 0", {
      where: "normalized",
      hint: "Give one of each for every channel.",
    });
  }
  return {
    scale: deviation.map((size) => 1 / (255 * size)),
    offset: mean.map((middle, channel) => -middle / deviation[channel]),
  };
}

/**
 * @throws OptionError when preprocessing does not suit the input of a model: numbers for other channels than it has, or
 *   images of another size
 */
export function checkPreprocessing(preprocessing: Preprocessing, inputShape: Shape, model: string): void {
  const where = `model "${model}"`;
  const channels = inputShape[inputShape.length - 1] ?? 1;
  for (const name of ["scale", "offset"] as const) {
    const { [name]: value } = preprocessing;
    if (typeof value === "number" || value.length === channels) continue;
    throw new OptionError(
      `preprocessing has ${value.length} numbers of "${name}", the input ${formatShape(inputShape)} has ${channels} channels`,
      { where, hint: "Give one for each channel, or a single number for all." },
    );
  }
  if (preprocessing.channelOrder === "bgr" && channels !== 3) {
    throw new OptionError(`preprocessing has the channel order "bgr" for an input of ${channels} channels`, {
      where,
      hint: "Only colour images, of 3 channels, have an order.",
    });
  }
  checkResize(preprocessing.resize, inputShape, where);
}

function checkResize(resize: ImageResize | null, inputShape: Shape, where: string): void {
  if (resize === null) return;
  const size = resizedSize(resize);
  if (size === null) {
    throw new OptionError("preprocessing resizes the shorter side, and leaves the longer one open", {
      where,
      hint: "Give resize a crop, or height and width as its size.",
    });
  }
  if (inputShape.length === 3 && size[0] === inputShape[0] && size[1] === inputShape[1]) return;
  throw new OptionError(
    `preprocessing makes images of ${size[0]} x ${size[1]}, the input is ${formatShape(inputShape)}`,
    { where, hint: "Give resize the height and width of the input." },
  );
}
