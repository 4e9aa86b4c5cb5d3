export { createBuild } from "./build.ts";
export { bytesOf } from "./cost.ts";
export { dropoutThreshold } from "./dropout.ts";
export {
  convolutionOutputSize,
  dilatedSize,
  noPadding,
  type PaddingOption,
  poolOutputSize,
  resolvePadding,
  samePadding,
} from "./geometry.ts";
export { shiftOf } from "./load.ts";
export { windowReach } from "./local-response.ts";
export type {
  Build,
  Cost,
  GradientRule,
  OpRule,
  ReferenceContext,
  ShapeContext,
  UpdateRule,
} from "./rule.ts";
export { opTable } from "./table.ts";
export { createUpdate, updateTable } from "./updates.ts";
export {
  plainWarpRecord,
  type WarpSource,
  type WarpTarget,
  warpImage,
  warpParts,
  warpRecordLength,
} from "./warp-record.ts";
