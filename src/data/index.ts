export {
  type Augmentation,
  type AugmentationKind,
  type AugmentationOptions,
  type AugmentedImages,
  type AugmentImagesOptions,
  augmentationKinds,
  augmentations,
  augmentImages,
  type ColorJitterOptions,
  type CommonAugmentationOptions,
  type CutoutOptions,
  type FlipOptions,
  type MixupOptions,
  type PosterizeOptions,
  type RandAugmentOptions,
  type RandomResizedCropOptions,
  type RotationOptions,
  readAugmentation,
  readAugmentations,
  type ScaleOptions,
  type SharpnessOptions,
  type ShearOptions,
  type ShiftOptions,
  type SolarizeOptions,
} from "./augment/index.ts";
export { loadCifar10, loadCifar100 } from "./cifar.ts";

export {
  countOf,
  type ExampleType,
  epochOrder,
  type ImageDataset,
  shiftImages,
  split,
  splitCounts,
  take,
} from "./dataset.ts";
export type { DatasetOptions } from "./dataset-options.ts";
export { loadFashionMnist } from "./fashion-mnist.ts";
export { type Fold, type FoldOptions, stratifiedFolds } from "./folds.ts";
export { type ArraysOptions, type FeaturesOptions, fromArrays, fromFeatures } from "./from-arrays.ts";
export { decodeIdxImages, decodeIdxLabels, type IdxOptions, unpackIdx } from "./idx.ts";
export { type DatasetPair, type IdxNames, loadIdxFolder } from "./idx-folder.ts";
export { type FitMode, type ImageInput, type ImageInputOptions, imageToInput } from "./image-input.ts";
export { type ImageResize, resizedSize } from "./image-resize.ts";
export {
  type ExampleSource,
  exampleShapeOf,
  type ImageStream,
  isImageStream,
  type ReadImagesOptions,
} from "./image-stream.ts";
export { loadMnist } from "./mnist.ts";
export type { FolderPhoto, ImageFolderContent } from "./photos/arrange.ts";
export {
  type DecodeOptions,
  DecodePool,
  type DecodePoolOptions,
  sharedDecodePool,
} from "./photos/decode-pool.ts";
export {
  type FolderSplitOptions,
  type FolderStreamOptions,
  ImageFolder,
  type PhotoIdentity,
} from "./photos/folder.ts";
export type { PhotoProblem } from "./photos/folder-list.ts";
export { type ImageFolderOptions, imageFolder } from "./photos/image-folder.ts";
export { areAlike, likenessDistance } from "./photos/likeness.ts";
export type { PhotoIdentities } from "./photos/near-duplicates.ts";
export type { Identify, Photo, PhotoCrop, PhotoOptions } from "./photos/photo.ts";
export { type PhotoStream, type PhotoStreamOptions, photoStream } from "./photos/photo-stream.ts";
export { type PhotoReading, type ReadPhotosOptions, readPhotos } from "./photos/read-photos.ts";
export {
  type PhotoPart,
  type PhotoSplit,
  photoParts,
  type SplitFractions,
  type SplitPhotosOptions,
  splitPhotos,
} from "./photos/split-photos.ts";
export { type DatasetName, datasets, loadDataset } from "./registry.ts";
export { type Interpolation, interpolations } from "./resample.ts";
export { subset } from "./subset.ts";
