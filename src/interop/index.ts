export * from "./keras/index.ts";
export { type ExportOnnxOptions, exportOnnx } from "./onnx/export.ts";
export { type ImportOnnxOptions, importOnnx } from "./onnx/import.ts";
export * from "./weights/index.ts";
