export { exportTfjs } from "./export-tfjs.ts";
export { importKeras } from "./import-keras.ts";
export type { ImportedModel, ImportKerasOptions } from "./imported.ts";
