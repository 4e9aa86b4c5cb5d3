export type { CrossentropyOptions } from "./crossentropy.ts";
export * as losses from "./factories.ts";
export {
  type Loss,
  type LossKind,
  type LossOptions,
  lossKinds,
  perExampleLoss,
  readLoss,
} from "./loss.ts";
export type { MaximumAPosterioriOptions } from "./maximum-a-posteriori.ts";
export type { MeanSquaredErrorOptions } from "./mean-squared-error.ts";
