export {
  type AugmentedImages,
  type AugmentImagesOptions,
  augmentImages,
} from "./augment-images.ts";
export {
  type Augmentation,
  type AugmentationKind,
  type AugmentationOptions,
  augmentationKinds,
  readAugmentation,
  readAugmentations,
} from "./augmentation.ts";
export { type ByteChange, type ByteShape, changeBytes } from "./bytes.ts";
export type { CommonAugmentationOptions } from "./definition.ts";
export { Draft, type DraftShape, type ShareBox } from "./draft.ts";
export {
  type AugmentationPlan,
  type BatchDraws,
  type DrawnExample,
  drawStep,
  planAugmentations,
  type StepDraws,
  stepKey,
} from "./draws.ts";
export * as augmentations from "./factories.ts";
export type {
  FlipOptions,
  RandomResizedCropOptions,
  RotationOptions,
  ScaleOptions,
  ShearOptions,
  ShiftOptions,
} from "./geometry.ts";
export type { MixupOptions } from "./mixup.ts";
export type {
  ColorJitterOptions,
  CutoutOptions,
  PosterizeOptions,
  SharpnessOptions,
  SolarizeOptions,
} from "./photometry.ts";
export type { RandAugmentOptions } from "./rand-augment.ts";
