export { type Backbone, loadBackbone } from "./backbone.ts";
export type * from "./events.ts";
export {
  eachFeatures,
  extractFeatures,
  type FeatureOptions,
  type FeatureProgress,
  type Features,
  featureCount,
  featuresOfImages,
  type PhotoFeatures,
} from "./features/index.ts";
export { finetune } from "./finetune.ts";
export {
  type Head,
  type HeadOptions,
  headModel,
  joinHead,
  type LabelledFeatures,
  refitHead,
  trainHead,
} from "./head.ts";
export { type JudgedPhoto, judge } from "./judge.ts";
export type * from "./options.ts";
export { htmlReport, type ReportOptions } from "./report/index.ts";
export type * from "./result.ts";
export {
  findSimilar,
  type SimilarOptions,
  type SimilarPhoto,
  type SimilarPhotos,
  type SimilarResult,
} from "./similar.ts";
