export {
  eachFeatures,
  extractFeatures,
  type FeatureOptions,
  type FeatureProgress,
  type Features,
  featureCount,
  featuresOfImages,
} from "./extract-features.ts";
export type { PhotoFeatures } from "./feature-stream.ts";
export { photoOptionsOf } from "./feature-stream.ts";
