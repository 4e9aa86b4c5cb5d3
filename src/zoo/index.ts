export type { ZooDropoutOptions, ZooOptions } from "./options.ts";
export type { ZooEntry, ZooName, ZooOptionsOf } from "./registry.ts";
export * as models from "./registry.ts";
