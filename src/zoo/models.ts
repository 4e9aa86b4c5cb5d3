export { create, isZooName, names, type ZooName, type ZooOptionsOf, zoo } from "./registry.ts";
export { publishedWeights } from "./weights/table.ts";
