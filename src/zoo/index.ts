export type { ReportedAccuracy, ZooEntry } from "./entry.ts";
export * as models from "./models.ts";
export type {
  ZooDropoutOptions,
  ZooHeadsOptions,
  ZooOptions,
  ZooTransformOptions,
  ZooWidthOptions,
} from "./options.ts";
export type { ZooName, ZooOptionsOf } from "./registry.ts";
export type { PublishedChecksum, PublishedWeights, WeightsSource } from "./weights/published.ts";
export { weightsLabel } from "./weights/published.ts";
export { classNamesOf, findWeights, isWeightsWord } from "./weights/table.ts";
