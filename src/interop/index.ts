export * from "./keras/index.ts";
export { type ImportOnnxOptions, importOnnx } from "./onnx/import.ts";
export * from "./weights/index.ts";
