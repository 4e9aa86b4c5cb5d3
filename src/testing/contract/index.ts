export { errorContract } from "./errors.ts";
export { hazardContract } from "./hazards.ts";
export { opContract } from "./ops.ts";
export type { ContractOptions, EngineOf } from "./options.ts";
export { sessionContract } from "./session.ts";
export { trainingContract } from "./training.ts";
export { updateContract } from "./updates.ts";
export { weightContract } from "./weights.ts";
