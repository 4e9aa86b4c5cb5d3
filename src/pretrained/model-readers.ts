/** Readers of files that hold a whole network, by format. */
import type { Engine } from "../engine/engine.ts";
import type { FormatName, NamedTensors, ReadOptions } from "../formats/index.ts";
import { Model } from "../models/index.ts";
import { modelKey } from "../train/index.ts";

/** A network that has been read. */
export interface ReadModel {
  readonly model: Model;
  /** What is not quite as it was in the file. */
  readonly notes: readonly string[];
}

/** How a network is read from the files of a format. */
interface ModelReader {
  /** Whether a file whose tensors have been read holds one. */
  readonly matches: (tensors: NamedTensors) => boolean;
  readonly read: (
    bytes: Uint8Array,
    options: ReadOptions & { readonly engine?: Engine },
  ) => Promise<ReadModel>;
}

// What reads other programs' models is loaded when there is one: most start-ups do without.
const kerasModels: ModelReader = {
  matches: ({ metadata }) => Object.hasOwn(metadata, "config") || Object.hasOwn(metadata, "graph"),
  read: async (bytes, { engine: _, ...options }) =>
    await (await import("../interop/index.ts")).importKeras(bytes, options),
};

/** Null for formats of tensors alone. */
export const modelReaders: { readonly [F in FormatName]: ModelReader | null } = {
  safetensors: {
    matches: ({ metadata }) => Object.hasOwn(metadata, modelKey),
    read: async (bytes, { name, engine }) => ({
      model: Model.fromBytes(bytes, { name, ...(engine && { engine }) }),
      notes: [],
    }),
  },
  npz: null,
  pytorch: null,
  keras: kerasModels,
  tfjs: kerasModels,
  onnx: {
    matches: () => true,
    read: async (bytes, { engine: _, ...options }) => ({
      model: await (await import("../interop/index.ts")).importOnnx(bytes, options),
      notes: [],
    }),
  },
};

/** The network in a file whose tensors have been read; null where it holds tensors alone. */
export async function modelBeside(
  tensors: NamedTensors,
  bytes: Uint8Array,
  options: ReadOptions,
): Promise<ReadModel | null> {
  const reader = modelReaders[tensors.format];
  return reader?.matches(tensors) ? await reader.read(bytes, options) : null;
}
