export { decodeNpy, encodeNpy } from "./npy.ts";
export { decodeOnnxModel, encodeOnnxModel, type OnnxModelInit } from "./onnx/codec.ts";
export type { ModelProto as OnnxModel } from "./onnx/schema.ts";
export {
  type ExternalFiles,
  type OnnxTensorInit,
  readOnnxTensor,
  writeOnnxIntegers,
  writeOnnxTensor,
} from "./onnx/tensors.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
