import { checkOptions, describeValue, type Resolved, readChoice } from "../../options/index.ts";
import { OptionError } from "../../tensor/index.ts";
import type { AugmentationDefinition, CommonAugmentationOptions } from "./definition.ts";
import {
  type FlipOptions,
  flip,
  type RandomResizedCropOptions,
  type RotationOptions,
  randomResizedCrop,
  rotation,
  type ScaleOptions,
  type ShearOptions,
  type ShiftOptions,
  scale,
  shear,
  shift,
} from "./geometry.ts";
import { type MixupOptions, mixup } from "./mixup.ts";
import {
  autoContrast,
  type ColorJitterOptions,
  type CutoutOptions,
  colorJitter,
  cutout,
  equalize,
  type PosterizeOptions,
  posterize,
  type SharpnessOptions,
  type SolarizeOptions,
  sharpness,
  solarize,
} from "./photometry.ts";
import { type RandAugmentOptions, randAugment } from "./rand-augment.ts";

/** All kinds of augmentations and the type of their options: a closed union. */
export interface AugmentationOptions {
  shift: ShiftOptions;
  flip: FlipOptions;
  rotation: RotationOptions;
  scale: ScaleOptions;
  shear: ShearOptions;
  randomResizedCrop: RandomResizedCropOptions;
  colorJitter: ColorJitterOptions;
  posterize: PosterizeOptions;
  solarize: SolarizeOptions;
  equalize: CommonAugmentationOptions;
  autoContrast: CommonAugmentationOptions;
  sharpness: SharpnessOptions;
  cutout: CutoutOptions;
  mixup: MixupOptions;
  randAugment: RandAugmentOptions;
}

/** The name of an augmentation. */
export type AugmentationKind = keyof AugmentationOptions;

/** A random change of training images: a plain description that JSON keeps. */
export interface Augmentation<K extends AugmentationKind = AugmentationKind> {
  readonly kind: K;
  readonly options: Resolved<AugmentationOptions[K]>;
}

const augmentationTable: {
  readonly [K in AugmentationKind]: AugmentationDefinition<AugmentationOptions[K]>;
} = {
  shift,
  flip,
  rotation,
  scale,
  shear,
  randomResizedCrop,
  colorJitter,
  posterize,
  solarize,
  equalize,
  autoContrast,
  sharpness,
  cutout,
  mixup,
  randAugment,
};

/** All kinds as a list. */
export const augmentationKinds = Object.keys(augmentationTable) as readonly AugmentationKind[];

/** Kinds that a list has once at most: an image has one covered box and one partner. */
const singleKinds: readonly AugmentationKind[] = ["cutout", "mixup"];

/** A list of augmentations is short; a longer one is a slip. */
const mostAugmentations = 32;

export function definitionOf<K extends AugmentationKind>(
  kind: K,
): AugmentationDefinition<AugmentationOptions[K]> {
  return augmentationTable[kind];
}

/** @throws OptionError for an unknown, missing or wrong option, or options that do not go together */
export function createAugmentation<K extends AugmentationKind>(kind: K, options: unknown): Augmentation<K> {
  const where = `augmentations.${kind}`;
  const { fields, problem } = definitionOf(kind);
  const resolved = checkOptions(where, options, fields);
  const what = problem?.(resolved) ?? null;
  if (what !== null) throw new OptionError(what, { where });
  return Object.freeze({ kind, options: resolved });
}

/**
 * An augmentation from its name or from a description that JSON kept.
 *
 * @throws OptionError for an unknown name, or a wrong option
 */
export function readAugmentation(value: unknown): Augmentation {
  const { kind, options } = readChoice("augmentation", value, augmentationTable);
  return createAugmentation(kind, options);
}

/**
 * A list of augmentations, as `fit` takes it.
 *
 * @throws OptionError when it is no list, or an entry is wrong, or there are two of a kind that can be there once only
 */
export function readAugmentations(value: unknown): readonly Augmentation[] {
  if (!Array.isArray(value)) {
    throw new OptionError(`augmentations must be a list, got ${describeValue(value)}`, {
      hint: "Such as [augmentations.flip(), augmentations.shift({ pixels: 4 })].",
    });
  }
  if (value.length > mostAugmentations) {
    throw new OptionError(`${value.length} augmentations are more than ${mostAugmentations}`);
  }
  const list = value.map(readAugmentation);
  for (const kind of singleKinds) {
    if (list.filter((entry) => entry.kind === kind).length > 1) {
      throw new OptionError(`a list can have one ${kind} only`, { hint: "Leave the others away." });
    }
  }
  return list;
}
