export type { ReadModel } from "./model-readers.ts";
export { type Pretrained, type PretrainedOptions, pretrained } from "./pretrained.ts";
export { type ReadModelOptions, readModel } from "./read-model.ts";
