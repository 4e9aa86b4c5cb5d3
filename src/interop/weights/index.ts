export { exportWeights } from "./export.ts";
export { type KerasFamily, kerasFamilies } from "./keras-names.ts";
export type { KnownConvention } from "./layouts.ts";
export { type LoadWeightsOptions, loadWeights } from "./load.ts";
export {
  type AppliedWeight,
  isComplete,
  type MismatchedWeight,
  type MissingWeight,
  type UnusedTensor,
  type WeightReport,
} from "./report.ts";
