export type { ZooEntry } from "./entry.ts";
export type { ZooDropoutOptions, ZooOptions, ZooWidthOptions } from "./options.ts";
export type { ZooName, ZooOptionsOf } from "./registry.ts";
export * as models from "./registry.ts";
