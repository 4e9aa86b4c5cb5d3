import type { Tensor } from "../../tensor/tensor.ts";
import { clip, damageOf, tensorPlace } from "../format-errors.ts";
import type { Convention, FormatReader, NamedTensors, ReadOptions } from "../named-tensors.ts";
import { decodeOnnxModel } from "./codec.ts";
import type { ModelProto } from "./schema.ts";
import { readOnnxTensor, rememberFiles } from "./tensors.ts";
import { looksLikeOnnx } from "./wire.ts";

/** The initializers of an ONNX file. For the network itself see `importOnnx`. */
export const onnxReader: FormatReader = { matches: looksLikeOnnx, read: readOnnx };

const damaged = damageOf("ONNX file");

async function readOnnx(bytes: Uint8Array, options: ReadOptions): Promise<NamedTensors> {
  const { name } = options;
  const model = await decodeOnnxModel(bytes, options);
  const external = options.sibling === undefined ? null : rememberFiles(options.sibling);
  const tensors = new Map<string, Tensor>();
  for (const proto of model.graph?.initializer ?? []) {
    const where = tensorPlace(name, proto.name);
    if (tensors.has(proto.name)) throw damaged("two initializers have this name", where);
    tensors.set(proto.name, await readOnnxTensor(proto, where, external));
  }
  return { format: "onnx", convention: conventionOf(model), tensors, metadata: metadataOf(model) };
}

/** PyTorch's exporter keeps its names, and so does ours in PyTorch's layouts; what others do with theirs is not known. */
function conventionOf({ producerName }: ModelProto): Convention {
  return /^(pytorch|fovea)$/i.test(producerName) ? "pytorch" : "none";
}

function metadataOf(model: ModelProto): Record<string, string> {
  const texts = model.metadataProps.map(({ key, value }): [string, string] => [clip(key), value]);
  const own = [
    ["producer", `${model.producerName} ${model.producerVersion}`.trim()],
    ...model.opsetImport.map(({ domain, version }) => [`opset ${domain || "ai.onnx"}`, String(version)]),
  ];
  return Object.fromEntries([...texts, ...own]);
}
