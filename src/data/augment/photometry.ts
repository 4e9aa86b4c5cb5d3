import { nullable, numberField, wholeNumberField } from "../../options/index.ts";
import type { RandomStream } from "../../tensor/index.ts";
import type { ByteChange } from "./bytes.ts";
import { brightened, contrasted, hueTurned, saturated } from "./colour.ts";
import {
  type AugmentationDefinition,
  between,
  type CommonAugmentationOptions,
  commonFields,
} from "./definition.ts";

/** Options of {@link colorJitter}: how far each may go from what it is. */
export interface ColorJitterOptions extends CommonAugmentationOptions {
  /** All channels times a factor from 1 - brightness (but not below 0) to 1 + brightness. Default 0. */
  readonly brightness?: number;
  /** Distances from the gray of the image's mean times such a factor. Default 0. */
  readonly contrast?: number;
  /** Distances from each pixel's own gray times such a factor. Default 0. */
  readonly saturation?: number;
  /** Colours turned by up to such a share of the circle to either side, at most 0.5. Default 0. */
  readonly hue?: number;
}

/** Options of {@link cutout}. */
export interface CutoutOptions extends CommonAugmentationOptions {
  /** Side of the square, in pixels. */
  readonly size: number;
  /** What covers it, from 0 to 255; default `null`, the image's mean. */
  readonly value?: number | null;
}

/** Options of {@link posterize}. */
export interface PosterizeOptions extends CommonAugmentationOptions {
  /** How many bits of each byte are kept, 0 to 8. */
  readonly bits: number;
}

/** Options of {@link solarize}. */
export interface SolarizeOptions extends CommonAugmentationOptions {
  /** Bytes from here up are turned into 255 less themselves; default 128. */
  readonly threshold?: number;
}

/** Options of {@link sharpness}. */
export interface SharpnessOptions extends CommonAugmentationOptions {
  /** From 1 - amount (but not below 0), which blurs, to 1 + amount, which sharpens. */
  readonly amount: number;
}

/** A factor around 1, never below 0. */
function factor(random: RandomStream, reach: number): number {
  return between(random, Math.max(0, 1 - reach), 1 + reach);
}

const reachField = numberField({ minimum: 0 }, 0);

export const colorJitter: AugmentationDefinition<ColorJitterOptions> = {
  fields: {
    ...commonFields(),
    brightness: reachField,
    contrast: reachField,
    saturation: reachField,
    hue: numberField({ minimum: 0, maximum: 0.5 }, 0),
  },
  problem: ({ brightness, contrast, saturation, hue }) =>
    brightness + contrast + saturation + hue > 0
      ? null
      : 'one of "brightness", "contrast", "saturation" and "hue" must be above 0',
  draw: ({ brightness, contrast, saturation, hue }, random, draft) => {
    // All are drawn, in one order, so that one option does not change the draws of another.
    const order = random.permutation(4);
    const factors = [brightness, contrast, saturation].map((reach) => factor(random, reach));
    const turn = between(random, -hue, hue);
    for (const step of order) {
      if (step === 0 && brightness > 0) draft.colours = brightened(draft.colours, factors[0]);
      if (step === 1 && contrast > 0) draft.colours = contrasted(draft.colours, factors[1]);
      if (step === 2 && saturation > 0) draft.colours = saturated(draft.colours, factors[2]);
      if (step === 3 && hue > 0) draft.colours = hueTurned(draft.colours, turn);
    }
  },
};

export const cutout: AugmentationDefinition<CutoutOptions> = {
  fields: {
    ...commonFields(),
    size: wholeNumberField(1),
    value: nullable(numberField({ minimum: 0, maximum: 255 })),
  },
  draw: ({ size, value }, random, draft) => draft.cover(random.uniform(), random.uniform(), size, value),
};

const always = (change: ByteChange): AugmentationDefinition<CommonAugmentationOptions> => ({
  fields: commonFields(),
  draw: (_options, _random, draft) => void draft.bytes.push(change),
});

export const equalize = always({ kind: "equalize" });

export const autoContrast = always({ kind: "autoContrast" });

export const posterize: AugmentationDefinition<PosterizeOptions> = {
  fields: { ...commonFields(), bits: wholeNumberField(0) },
  problem: ({ bits }) => (bits > 8 ? `"bits" must be at most 8, got ${bits}` : null),
  draw: ({ bits }, _random, draft) => void draft.bytes.push({ kind: "posterize", bits }),
};

export const solarize: AugmentationDefinition<SolarizeOptions> = {
  fields: { ...commonFields(), threshold: numberField({ minimum: 0, maximum: 255 }, 128) },
  draw: ({ threshold }, _random, draft) => void draft.bytes.push({ kind: "solarize", threshold }),
};

export const sharpness: AugmentationDefinition<SharpnessOptions> = {
  fields: { ...commonFields(), amount: numberField({ above: 0 }) },
  draw: ({ amount }, random, draft) =>
    void draft.bytes.push({ kind: "sharpness", factor: factor(random, amount) }),
};
