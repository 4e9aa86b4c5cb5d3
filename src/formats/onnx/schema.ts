// Written by scripts/formats/onnx-schema.py from the schema of the pip package onnx 1.23.1. Do not edit.
import type { Message } from "@bufbuild/protobuf";

/** A message `onnx.AttributeProto`. */
export type AttributeProto = Message<"onnx.AttributeProto"> & {
  name: string;
  type: number;
  f: number;
  i: bigint;
  s: Uint8Array;
  t?: TensorProto;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
};

/** A message `onnx.ValueInfoProto`. */
export type ValueInfoProto = Message<"onnx.ValueInfoProto"> & {
  name: string;
  type?: TypeProto;
};

/** A message `onnx.NodeProto`. */
export type NodeProto = Message<"onnx.NodeProto"> & {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  domain: string;
  attribute: AttributeProto[];
};

/** A message `onnx.ModelProto`. */
export type ModelProto = Message<"onnx.ModelProto"> & {
  irVersion: bigint;
  opsetImport: OperatorSetIdProto[];
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint;
  docString: string;
  graph?: GraphProto;
  metadataProps: StringStringEntryProto[];
};

/** A message `onnx.StringStringEntryProto`. */
export type StringStringEntryProto = Message<"onnx.StringStringEntryProto"> & {
  key: string;
  value: string;
};

/** A message `onnx.GraphProto`. */
export type GraphProto = Message<"onnx.GraphProto"> & {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  docString: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
};

/** A message `onnx.TensorProto`. */
export type TensorProto = Message<"onnx.TensorProto"> & {
  dims: bigint[];
  dataType: number;
  floatData: number[];
  int32Data: number[];
  stringData: Uint8Array[];
  int64Data: bigint[];
  name: string;
  rawData: Uint8Array;
  externalData: StringStringEntryProto[];
  dataLocation: number;
  doubleData: number[];
  uint64Data: bigint[];
};

/** A message `onnx.TensorShapeProto`. */
export type TensorShapeProto = Message<"onnx.TensorShapeProto"> & {
  dim: TensorShapeProtoDimension[];
};

/** A message `onnx.TensorShapeProto.Dimension`. */
export type TensorShapeProtoDimension = Message<"onnx.TensorShapeProto.Dimension"> & {
  value:
    | { case: "dimValue"; value: bigint }
    | { case: "dimParam"; value: string }
    | { case: undefined; value?: undefined };
};

/** A message `onnx.TypeProto`. */
export type TypeProto = Message<"onnx.TypeProto"> & {
  value: { case: "tensorType"; value: TypeProtoTensor } | { case: undefined; value?: undefined };
};

/** A message `onnx.TypeProto.Tensor`. */
export type TypeProtoTensor = Message<"onnx.TypeProto.Tensor"> & {
  elemType: number;
  shape?: TensorShapeProto;
};

/** A message `onnx.OperatorSetIdProto`. */
export type OperatorSetIdProto = Message<"onnx.OperatorSetIdProto"> & {
  domain: string;
  version: bigint;
};

/** Numbers of `onnx.AttributeProto.AttributeType`. */
export const attributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  SPARSE_TENSOR: 11,
  TYPE_PROTO: 13,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSORS: 12,
  TYPE_PROTOS: 14,
} as const;

/** Numbers of `onnx.TensorProto.DataType`. */
export const dataType = {
  UNDEFINED: 0,
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
  FLOAT8E4M3FN: 17,
  FLOAT8E4M3FNUZ: 18,
  FLOAT8E5M2: 19,
  FLOAT8E5M2FNUZ: 20,
  UINT4: 21,
  INT4: 22,
  FLOAT4E2M1: 23,
  FLOAT8E8M0: 24,
  UINT2: 25,
  INT2: 26,
  FLOAT6E2M3: 27,
  FLOAT6E3M2: 28,
} as const;

/** Numbers of `onnx.TensorProto.DataLocation`. */
export const dataLocation = {
  DEFAULT: 0,
  EXTERNAL: 1,
} as const;

/** Place of each message in the file's descriptor. */
export const messageIndex = {
  AttributeProto: 0,
  ValueInfoProto: 1,
  NodeProto: 2,
  ModelProto: 3,
  StringStringEntryProto: 4,
  GraphProto: 5,
  TensorProto: 6,
  TensorShapeProto: 7,
  TypeProto: 8,
  OperatorSetIdProto: 9,
} as const;

/** The schema as a serialized `FileDescriptorProto`, base64. */
export const descriptor =
  "Cgpvbm54LnByb3RvEgRvbm54IpoDCg5BdHRyaWJ1dGVQcm90bxIMCgRuYW1lGAEgASgJEjAKBHR5cGUYFCABKA4yIi5vbm54" +
  "LkF0dHJpYnV0ZVByb3RvLkF0dHJpYnV0ZVR5cGUSCQoBZhgCIAEoAhIJCgFpGAMgASgDEgkKAXMYBCABKAwSHAoBdBgFIAEo" +
  "CzIRLm9ubnguVGVuc29yUHJvdG8SDgoGZmxvYXRzGAcgAygCEgwKBGludHMYCCADKAMSDwoHc3RyaW5ncxgJIAMoDCLZAQoN" +
  "QXR0cmlidXRlVHlwZRINCglVTkRFRklORUQQABIJCgVGTE9BVBABEgcKA0lOVBACEgoKBlNUUklORxADEgoKBlRFTlNPUhAE" +
  "EgkKBUdSQVBIEAUSEQoNU1BBUlNFX1RFTlNPUhALEg4KClRZUEVfUFJPVE8QDRIKCgZGTE9BVFMQBhIICgRJTlRTEAcSCwoH" +
  "U1RSSU5HUxAIEgsKB1RFTlNPUlMQCRIKCgZHUkFQSFMQChISCg5TUEFSU0VfVEVOU09SUxAMEg8KC1RZUEVfUFJPVE9TEA4i" +
  "PQoOVmFsdWVJbmZvUHJvdG8SDAoEbmFtZRgBIAEoCRIdCgR0eXBlGAIgASgLMg8ub25ueC5UeXBlUHJvdG8iggEKCU5vZGVQ" +
  "cm90bxINCgVpbnB1dBgBIAMoCRIOCgZvdXRwdXQYAiADKAkSDAoEbmFtZRgDIAEoCRIPCgdvcF90eXBlGAQgASgJEg4KBmRv" +
  "bWFpbhgHIAEoCRInCglhdHRyaWJ1dGUYBSADKAsyFC5vbm54LkF0dHJpYnV0ZVByb3RvIpMCCgpNb2RlbFByb3RvEhIKCmly" +
  "X3ZlcnNpb24YASABKAMSLgoMb3BzZXRfaW1wb3J0GAggAygLMhgub25ueC5PcGVyYXRvclNldElkUHJvdG8SFQoNcHJvZHVj" +
  "ZXJfbmFtZRgCIAEoCRIYChBwcm9kdWNlcl92ZXJzaW9uGAMgASgJEg4KBmRvbWFpbhgEIAEoCRIVCg1tb2RlbF92ZXJzaW9u" +
  "GAUgASgDEhIKCmRvY19zdHJpbmcYBiABKAkSHwoFZ3JhcGgYByABKAsyEC5vbm54LkdyYXBoUHJvdG8SNAoObWV0YWRhdGFf" +
  "cHJvcHMYDiADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8iNAoWU3RyaW5nU3RyaW5nRW50cnlQcm90bxILCgNr" +
  "ZXkYASABKAkSDQoFdmFsdWUYAiABKAki6gEKCkdyYXBoUHJvdG8SHQoEbm9kZRgBIAMoCzIPLm9ubnguTm9kZVByb3RvEgwK" +
  "BG5hbWUYAiABKAkSJgoLaW5pdGlhbGl6ZXIYBSADKAsyES5vbm54LlRlbnNvclByb3RvEhIKCmRvY19zdHJpbmcYCiABKAkS" +
  "IwoFaW5wdXQYCyADKAsyFC5vbm54LlZhbHVlSW5mb1Byb3RvEiQKBm91dHB1dBgMIAMoCzIULm9ubnguVmFsdWVJbmZvUHJv" +
  "dG8SKAoKdmFsdWVfaW5mbxgNIAMoCzIULm9ubnguVmFsdWVJbmZvUHJvdG8ihQYKC1RlbnNvclByb3RvEgwKBGRpbXMYASAD" +
  "KAMSEQoJZGF0YV90eXBlGAIgASgFEhYKCmZsb2F0X2RhdGEYBCADKAJCAhABEhYKCmludDMyX2RhdGEYBSADKAVCAhABEhMK" +
  "C3N0cmluZ19kYXRhGAYgAygMEhYKCmludDY0X2RhdGEYByADKANCAhABEgwKBG5hbWUYCCABKAkSEAoIcmF3X2RhdGEYCSAB" +
  "KAwSMwoNZXh0ZXJuYWxfZGF0YRgNIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90bxI1Cg1kYXRhX2xvY2F0aW9u" +
  "GA4gASgOMh4ub25ueC5UZW5zb3JQcm90by5EYXRhTG9jYXRpb24SFwoLZG91YmxlX2RhdGEYCiADKAFCAhABEhcKC3VpbnQ2" +
  "NF9kYXRhGAsgAygEQgIQASKOAwoIRGF0YVR5cGUSDQoJVU5ERUZJTkVEEAASCQoFRkxPQVQQARIJCgVVSU5UOBACEggKBElO" +
  "VDgQAxIKCgZVSU5UMTYQBBIJCgVJTlQxNhAFEgkKBUlOVDMyEAYSCQoFSU5UNjQQBxIKCgZTVFJJTkcQCBIICgRCT09MEAkS" +
  "CwoHRkxPQVQxNhAKEgoKBkRPVUJMRRALEgoKBlVJTlQzMhAMEgoKBlVJTlQ2NBANEg0KCUNPTVBMRVg2NBAOEg4KCkNPTVBM" +
  "RVgxMjgQDxIMCghCRkxPQVQxNhAQEhAKDEZMT0FUOEU0TTNGThAREhIKDkZMT0FUOEU0TTNGTlVaEBISDgoKRkxPQVQ4RTVN" +
  "MhATEhIKDkZMT0FUOEU1TTJGTlVaEBQSCQoFVUlOVDQQFRIICgRJTlQ0EBYSDgoKRkxPQVQ0RTJNMRAXEg4KCkZMT0FUOEU4" +
  "TTAQGBIJCgVVSU5UMhAZEggKBElOVDIQGhIOCgpGTE9BVDZFMk0zEBsSDgoKRkxPQVQ2RTNNMhAcIikKDERhdGFMb2NhdGlv" +
  "bhILCgdERUZBVUxUEAASDAoIRVhURVJOQUwQASKBAQoQVGVuc29yU2hhcGVQcm90bxItCgNkaW0YASADKAsyIC5vbm54LlRl" +
  "bnNvclNoYXBlUHJvdG8uRGltZW5zaW9uGj4KCURpbWVuc2lvbhITCglkaW1fdmFsdWUYASABKANIABITCglkaW1fcGFyYW0Y" +
  "AiABKAlIAEIHCgV2YWx1ZSKHAQoJVHlwZVByb3RvEi0KC3RlbnNvcl90eXBlGAEgASgLMhYub25ueC5UeXBlUHJvdG8uVGVu" +
  "c29ySAAaQgoGVGVuc29yEhEKCWVsZW1fdHlwZRgBIAEoBRIlCgVzaGFwZRgCIAEoCzIWLm9ubnguVGVuc29yU2hhcGVQcm90" +
  "b0IHCgV2YWx1ZSI1ChJPcGVyYXRvclNldElkUHJvdG8SDgoGZG9tYWluGAEgASgJEg8KB3ZlcnNpb24YAiABKANiBnByb3Rv" +
  "Mg";
