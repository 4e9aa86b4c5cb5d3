/**
 * TensorFlow.js models: `model.json` with a topology and a manifest of weights (or the manifest alone), and the weights
 * in files beside it, each group cut into pieces of 4 MB.
 */
import { FormatError } from "../../tensor/errors.ts";
import { type DType, Tensor } from "../../tensor/tensor.ts";
import { decodeElements, type StoredType, storedTypes } from "../elements.ts";
import { clip, tensorPlace } from "../format-errors.ts";
import type { FormatReader, NamedTensors, ReadOptions } from "../named-tensors.ts";
import {
  damagedTfjs,
  isObject,
  readManifest,
  type TfjsType,
  type WeightEntry,
  type WeightGroup,
} from "./manifest.ts";

/** The largest `model.json`, in bytes: graphs of large models have a few million. */
const jsonLimit = 256 * 2 ** 20;

const encodings: { readonly [T in TfjsType]: StoredType } = {
  float32: "f32",
  float16: "f16",
  int32: "i32",
  int16: "i16",
  uint16: "u16",
  uint8: "u8",
  bool: "bool",
};

/**
 * Reads a model's weights. `metadata.config` is the configuration of a layers model, `metadata.graph` the graph of a
 * graph model (and `metadata.signature` what its inputs and outputs are called), as JSON.
 */
export const tfjsReader: FormatReader = {
  matches: (bytes) => beginsAsJson(bytes),
  read: async (bytes, options) => {
    const { name } = options;
    const value = parse(bytes, name);
    const isManifest = Array.isArray(value);
    if (!isManifest && !(isObject(value) && "weightsManifest" in value)) {
      throw new FormatError("the file is JSON, but has no weightsManifest", {
        where: name,
        hint: "Give the model.json of a TensorFlow.js model, with its shards beside it.",
      });
    }
    const { weightsManifest } = isManifest ? { weightsManifest: value } : value;
    const groups = readManifest(weightsManifest, name);
    const tensors = new Map<string, Tensor>();
    for (const group of groups) await readGroup(group, tensors, options);
    return { format: "tfjs", tensors, ...describe(isManifest ? null : value) };
  },
};

/** After blanks, the first byte of an object or a list. */
function beginsAsJson(bytes: Uint8Array): boolean {
  const first = bytes
    .subarray(0, 64)
    .find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b || first === 0x5b;
}

function parse(bytes: Uint8Array, name: string): unknown {
  if (bytes.length > jsonLimit)
    throw damagedTfjs(`${bytes.length} bytes of JSON are more than ${jsonLimit}`, name);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damagedTfjs("it is not valid JSON", name, cause);
  }
}

function describe(
  model: Readonly<Record<string, unknown>> | null,
): Pick<NamedTensors, "convention" | "metadata"> {
  const { modelTopology: topology, userDefinedMetadata: metadata } = model ?? {};
  // The first converters kept the signature among what users define.
  const { signature = isObject(metadata) ? metadata["signature"] : null } = model ?? {};
  if (!isObject(topology)) return { convention: "keras", metadata: {} };
  const { node, model_config: config = topology, keras_version: version } = topology;
  if (!Array.isArray(node)) {
    const versions = typeof version === "string" ? { keras_version: version } : {};
    return { convention: "keras", metadata: { config: JSON.stringify(config), ...versions } };
  }
  const signatures = isObject(signature) ? { signature: JSON.stringify(signature) } : {};
  return { convention: "none", metadata: { graph: JSON.stringify(topology), ...signatures } };
}

async function readGroup(
  group: WeightGroup,
  tensors: Map<string, Tensor>,
  options: ReadOptions,
): Promise<void> {
  const { name } = options;
  const pieces: Uint8Array[] = [];
  for (const path of group.paths) pieces.push(await readPiece(path, options));
  const needed = group.weights.reduce((sum, weight) => sum + weight.bytes, 0);
  const there = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (needed !== there) {
    const files =
      group.paths.length === 1 ? `"${clip(group.paths[0])}" has` : `${group.paths.length} files have`;
    throw damagedTfjs(`${group.weights.length} weights need ${needed} bytes, ${files} ${there}`, name);
  }
  const bytes = pieces.length === 1 ? pieces[0] : join(pieces, there);
  let start = 0;
  for (const weight of group.weights) {
    tensors.set(weight.name, decodeWeight(weight, bytes.subarray(start, start + weight.bytes), name));
    start += weight.bytes;
  }
}

async function readPiece(path: string, { name, sibling }: ReadOptions): Promise<Uint8Array> {
  if (sibling !== undefined) return await sibling(path);
  throw new FormatError(`its weights lie in "${clip(path)}", which cannot be read from here`, {
    where: name,
    hint: "Pass { sibling: (name) => bytes }, or load it by its path.",
  });
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let start = 0;
  for (const piece of pieces) {
    whole.set(piece, start);
    start += piece.length;
  }
  return whole;
}

function decodeWeight(weight: WeightEntry, bytes: Uint8Array, file: string): Tensor {
  const { name, shape, dtype, stored, quantization } = weight;
  const where = tensorPlace(file, name);
  const type = encodings[stored];
  const elements = decodeElements(type, bytes, where);
  if (quantization === null) return new Tensor<DType>(storedTypes[type].dtype, shape, elements);
  const { scale, minimum } = quantization;
  if (dtype === "float32") {
    return new Tensor(
      "float32",
      shape,
      Float32Array.from(elements, (value) => value * scale + minimum),
    );
  }
  if (dtype === "int32") {
    return new Tensor(
      "int32",
      shape,
      Int32Array.from(elements, (value) => Math.round(value * scale + minimum)),
    );
  }
  throw damagedTfjs(`${dtype} is not a type that is quantized`, where);
}
