export * from "./kinds.ts";
export * from "./node.ts";
export * from "./walk.ts";
