import { type Augmentation, createAugmentation } from "./augmentation.ts";
import type { CommonAugmentationOptions } from "./definition.ts";
import type {
  FlipOptions,
  RandomResizedCropOptions,
  RotationOptions,
  ScaleOptions,
  ShearOptions,
  ShiftOptions,
} from "./geometry.ts";
import type { MixupOptions } from "./mixup.ts";
import type {
  ColorJitterOptions,
  CutoutOptions,
  PosterizeOptions,
  SharpnessOptions,
  SolarizeOptions,
} from "./photometry.ts";
import type { RandAugmentOptions } from "./rand-augment.ts";

/** Moves by whole pixels; black comes in. */
export function shift(options: ShiftOptions): Augmentation<"shift"> {
  return createAugmentation("shift", options);
}

/** Mirrors, by default half of the images, left to right. */
export function flip(options: FlipOptions = {}): Augmentation<"flip"> {
  return createAugmentation("flip", options);
}

/** Turns about the middle. */
export function rotation(options: RotationOptions): Augmentation<"rotation"> {
  return createAugmentation("rotation", options);
}

/** Makes smaller or larger, about the middle. */
export function scale(options: ScaleOptions = {}): Augmentation<"scale"> {
  return createAugmentation("scale", options);
}

/** Slants, about the middle. */
export function shear(options: ShearOptions): Augmentation<"shear"> {
  return createAugmentation("shear", options);
}

/**
 * Cuts out a box of random size, shape and place, and draws it out to the whole image (Szegedy et al. 2015). Of photos
 * that are read when they are needed, the box is cut out of all of the photo's pixels.
 */
export function randomResizedCrop(options: RandomResizedCropOptions = {}): Augmentation<"randomResizedCrop"> {
  return createAugmentation("randomResizedCrop", options);
}

/** Changes brightness, contrast, saturation and hue, in random order. Images have one channel or three. */
export function colorJitter(options: ColorJitterOptions): Augmentation<"colorJitter"> {
  return createAugmentation("colorJitter", options);
}

/** Keeps so many bits of each byte. */
export function posterize(options: PosterizeOptions): Augmentation<"posterize"> {
  return createAugmentation("posterize", options);
}

/** Inverts what is bright. */
export function solarize(options: SolarizeOptions = {}): Augmentation<"solarize"> {
  return createAugmentation("solarize", options);
}

/** Spreads the levels of each channel so that all are about as frequent. */
export function equalize(options: CommonAugmentationOptions = {}): Augmentation<"equalize"> {
  return createAugmentation("equalize", options);
}

/** Stretches each channel to the whole range of 0 to 255. */
export function autoContrast(options: CommonAugmentationOptions = {}): Augmentation<"autoContrast"> {
  return createAugmentation("autoContrast", options);
}

/** Blurs or sharpens. */
export function sharpness(options: SharpnessOptions): Augmentation<"sharpness"> {
  return createAugmentation("sharpness", options);
}

/** Covers a square at a random place, as far as it lies in the image (DeVries and Taylor 2017). */
export function cutout(options: CutoutOptions): Augmentation<"cutout"> {
  return createAugmentation("cutout", options);
}

/**
 * Blends each image with another one of its batch, and the loss with that for the other's label (Zhang et al. 2018).
 */
export function mixup(options: MixupOptions = {}): Augmentation<"mixup"> {
  return createAugmentation("mixup", options);
}

/**
 * A few operations out of fourteen, all of the same strength (Cubuk et al. 2020): shears, moves, turns, brightness,
 * colour, contrast, sharpness, posterizing, solarizing, stretched contrast, equalizing, or none.
 */
export function randAugment(options: RandAugmentOptions = {}): Augmentation<"randAugment"> {
  return createAugmentation("randAugment", options);
}
