export { evaluate, type LeafValues } from "./evaluate.ts";
export type { ReferenceProgram } from "./program.ts";
export { createReferenceEngine, type ReferenceEngine } from "./reference.ts";
export type { ReferenceSession } from "./session.ts";
