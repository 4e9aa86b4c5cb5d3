export type { Convention, FormatName, NamedTensors, ReadOptions } from "./named-tensors.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export { decodeNpz, encodeNpz } from "./npz.ts";
export { decodeOnnxModel } from "./onnx/codec.ts";
export { encodeOnnxModel, type OnnxModelInit, type OnnxWeight } from "./onnx/encode.ts";
export type {
  AttributeProto as OnnxAttribute,
  GraphProto as OnnxGraph,
  ModelProto as OnnxModel,
  NodeProto as OnnxNode,
  TensorProto as OnnxTensor,
  ValueInfoProto as OnnxValueInfo,
} from "./onnx/schema.ts";
export {
  type ExternalFiles,
  type OnnxTensorInit,
  readOnnxTensor,
  rememberFiles,
  writeOnnxIntegers,
  writeOnnxTensor,
} from "./onnx/tensors.ts";
export {
  type OnnxAttributeValue,
  type OnnxFloats,
  writeOnnxAttribute,
  writeOnnxValueInfo,
} from "./onnx/write.ts";
export { formatNames, formatTitles, readTensors, sniffFormat } from "./readers.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  planSafetensors,
  type Safetensors,
  type SafetensorsPlan,
  safetensorsPieces,
} from "./safetensors.ts";
export { encodeTfjs, type TfjsModel } from "./tfjs/write.ts";
export { encodeTensors, type TensorsToWrite, tensorPieces, type WriterName, writerNames } from "./writers.ts";
