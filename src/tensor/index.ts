export * from "./errors.ts";
export * from "./random.ts";
export * from "./shape.ts";
export * from "./tensor.ts";
