export type { ZooOptions } from "./options.ts";
export type { ZooEntry, ZooName } from "./registry.ts";
export * as models from "./registry.ts";
