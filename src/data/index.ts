export { loadCifar10, loadCifar100 } from "./cifar.ts";
export {
  type ArraysOptions,
  countOf,
  epochOrder,
  fromArrays,
  type ImageDataset,
  shiftImages,
  split,
  take,
} from "./dataset.ts";
export type { DatasetOptions } from "./dataset-options.ts";
export { loadFashionMnist } from "./fashion-mnist.ts";
export { decodeIdxImages, decodeIdxLabels, type IdxOptions, unpackIdx } from "./idx.ts";
export { type DatasetPair, loadIdxFolder } from "./idx-folder.ts";
export { type FitMode, type ImageInput, type ImageInputOptions, imageToInput } from "./image-input.ts";
export { type ImageResize, resizedSize } from "./image-resize.ts";
export type { ImageStream, ReadImagesOptions } from "./image-stream.ts";
export { loadMnist } from "./mnist.ts";
export {
  type DecodeOptions,
  DecodePool,
  type DecodePoolOptions,
  sharedDecodePool,
} from "./photos/decode-pool.ts";
export { likenessDistance } from "./photos/likeness.ts";
export type { Photo, PhotoCrop, PhotoOptions } from "./photos/photo.ts";
export {
  type PhotoProblem,
  type PhotoStream,
  type PhotoStreamOptions,
  photoStream,
} from "./photos/photo-stream.ts";
export { type PhotoReading, type ReadPhotosOptions, readPhotos } from "./photos/read-photos.ts";
export { type DatasetName, datasets, loadDataset } from "./registry.ts";
export { type Interpolation, interpolations } from "./resample.ts";
