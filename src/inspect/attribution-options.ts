import type { Engine } from "../engine/engine.ts";
import type { Model } from "../models/index.ts";
import {
  checkOptionNames,
  describeValue,
  type Field,
  type Fields,
  field,
  isObject,
  nameField,
  nullable,
  numberField,
  type Resolved,
  resolveOptions,
  type Size2dOption,
  size2dField,
  wholeNumberField,
} from "../options/index.ts";
import { formatShape, nameHint, OptionError, ShapeError, sameShape, Tensor } from "../tensor/index.ts";
import { type AskedClass, classField } from "./choice.ts";
import { engineField } from "./engine-field.ts";
import { layerField } from "./layer-field.ts";

/**
 * A colour as the first layer takes it: black and middle gray as the model's preprocessing makes them of bytes, the image's own mean
 * in each channel, or the number 0.
 */
export type FillColour = "black" | "gray" | "mean" | "zero";

/** All fill colours. */
export const fillColours: readonly FillColour[] = ["black", "gray", "mean", "zero"];

/** The options that each method has of its own. */
export interface AttributionMethods {
  "grad-cam": {
    /** A tap's or a layer's name; default the last layer whose output has rows and columns. */
    readonly tap?: string | null;
  };
  occlusion: {
    /** Height and width of the patch in pixels; default an eighth of the image's smaller side. */
    readonly patch?: Size2dOption | null;
    /** From one place of the patch to the next, in pixels; default half of the patch. */
    readonly stride?: Size2dOption | null;
    /** The patch's colour; default `"mean"`. */
    readonly fill?: FillColour;
  };
  saliency: Record<never, never>;
  "smooth-grad": {
    /** Noisy copies of each image; default 25. */
    readonly samples?: number;
    /** The noise's standard deviation as a share of the image's range, greatest less least number; default 0.15. */
    readonly noise?: number;
    /** Of the noise, which is the same for each image; default 0. */
    readonly seed?: number;
  };
  "integrated-gradients": {
    /** Points on the way from the baseline to the image; default 50. */
    readonly steps?: number;
    /** Where the way begins: a colour, or an image as the first layer takes it, `[H, W, C]`; default `"black"`. */
    readonly baseline?: FillColour | Tensor<"float32">;
  };
  deconvnet: Record<never, never>;
  "guided-backprop": Record<never, never>;
}

/** How an image is explained. */
export type AttributionMethod = keyof AttributionMethods;

/** What all methods have. */
export interface CommonAttributionOptions {
  /** A class by index or name, for all images, or one for each; default the likeliest class of each image. */
  readonly class?: AskedClass | null;
  /** Images, noisy copies, steps or patches at a time; default 16, halved as often as memory asks for. */
  readonly batchSize?: number | null;
  /** What computes; default the model's engine, on its own weights. Another one gets a copy of them. */
  readonly engine?: Engine | null;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal | null;
  /** Called after each batch: rows that are done, and how many there are in all. */
  readonly onProgress?: ((done: number, total: number) => void) | null;
}

/** Which method, for which class, and how. */
export type AttributeOptions = {
  readonly [M in AttributionMethod]: { readonly method: M } & CommonAttributionOptions &
    AttributionMethods[M];
}[AttributionMethod];

/** The options of a method with all defaults. */
export type MethodOptions<M extends AttributionMethod> = Resolved<AttributionMethods[M]>;

/** What all methods have, with all defaults. */
export type CommonOptions = Resolved<CommonAttributionOptions>;

const common: Fields<CommonAttributionOptions> = {
  class: nullable(classField),
  batchSize: nullable(wholeNumberField(1)),
  engine: nullable(engineField),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
  onProgress: nullable(
    field(
      "a function",
      (value): value is (done: number, total: number) => void => typeof value === "function",
    ),
  ),
};

const baselineField: Field<FillColour | Tensor<"float32">> = field(
  `one of ${fillColours.map((name) => `"${name}"`).join(", ")}, or a float32 tensor`,
  (value): value is FillColour | Tensor<"float32"> =>
    (value instanceof Tensor && value.dtype === "float32") || fillColours.some((name) => name === value),
  "black",
);

const own: { readonly [M in AttributionMethod]: Fields<AttributionMethods[M]> } = {
  "grad-cam": {
    tap: nullable(layerField),
  },
  occlusion: {
    patch: nullable(size2dField(1)),
    stride: nullable(size2dField(1)),
    fill: nameField<FillColour>(fillColours, "mean"),
  },
  saliency: {},
  "smooth-grad": {
    samples: wholeNumberField(1, 25),
    noise: numberField({ minimum: 0 }, 0.15),
    seed: wholeNumberField(0, 0),
  },
  "integrated-gradients": { steps: wholeNumberField(1, 50), baseline: baselineField },
  deconvnet: {},
  "guided-backprop": {},
};

/** All methods. */
export const attributionMethods = Object.keys(own) as readonly AttributionMethod[];

/**
 * The method that was asked for.
 *
 * @throws OptionError that names those there are
 */
export function readMethod(options: unknown): AttributionMethod {
  const asked = isObject(options) && "method" in options ? options["method"] : undefined;
  const method = attributionMethods.find((name) => name === asked);
  if (method !== undefined) return method;
  const hint = typeof asked === "string" ? nameHint(asked, attributionMethods) : listOfMethods();
  throw new OptionError(`option "method" must name a method, got ${describeValue(asked)}`, {
    where: "attribute",
    hint,
  });
}

const listOfMethods = () => `There are ${attributionMethods.map((name) => `"${name}"`).join(", ")}.`;

/** The options that all methods have and those of one of them, with all defaults. */
export function readAttributeOptions<M extends AttributionMethod>(
  method: M,
  options: AttributeOptions,
): { readonly common: CommonOptions; readonly own: MethodOptions<M> } {
  const where = `attribute, ${method}`;
  checkOptionNames(where, options, ["method", ...Object.keys(common), ...Object.keys(own[method])]);
  return {
    common: resolveOptions(where, options, common),
    own: resolveOptions<AttributionMethods[M]>(where, options, own[method]),
  };
}

/** @throws ShapeError for a baseline that is not one of the model's images */
export function checkBaseline({ shape }: Tensor, { inputShape, name }: Model): void {
  if (sameShape(shape, inputShape)) return;
  throw new ShapeError(`the baseline is ${formatShape(shape)}, ${formatShape(inputShape)} was expected`, {
    where: `attribute, integrated-gradients, model "${name}"`,
    hint: "Give one image as the first layer takes it, without a batch.",
  });
}
