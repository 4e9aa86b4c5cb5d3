/** Files that hold a whole network, by format: for commands that use one, and for those that convert it. */
import { dirname, join } from "node:path";
import { readFile } from "#host";
import type { Engine } from "../engine/engine.ts";
import {
  type FormatName,
  formatTitles,
  type NamedTensors,
  type ReadOptions,
  readTensors,
  sniffFormat,
} from "../formats/index.ts";
import { Model } from "../models/index.ts";
import { FormatError } from "../tensor/errors.ts";
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
const modelReaders: { readonly [F in FormatName]: ModelReader | null } = {
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

/** A way to the files beside one. */
export function siblingsOf(path: string): (name: string) => Promise<Uint8Array<ArrayBuffer>> {
  return (name) => readFile(join(dirname(path), name));
}

/** The network in a file whose tensors have been read; null where it holds tensors alone. */
export async function modelBeside(
  tensors: NamedTensors,
  bytes: Uint8Array,
  options: ReadOptions,
): Promise<ReadModel | null> {
  const reader = modelReaders[tensors.format];
  return reader?.matches(tensors) ? await reader.read(bytes, options) : null;
}

/**
 * Reads a network from a file of any format.
 *
 * @throws FileError when it cannot be read, FormatError when it is damaged or holds no network
 */
export async function readModelFile(path: string, engine: Engine): Promise<Model> {
  const bytes = await readFile(path);
  const format = sniffFormat(bytes) ?? (await formatOfDamaged(bytes, path));
  const reader = modelReaders[format];
  if (reader === null) {
    throw new FormatError(`a file of the format ${formatTitles[format]} holds weights, but no network`, {
      where: path,
      hint: "Name the network that they are of: --weights FILE behind its name, or fovea convert FILE model.safetensors --model NAME",
    });
  }
  return (await reader.read(bytes, { name: path, sibling: siblingsOf(path), engine })).model;
}

/** A file of no known format is one of ours, damaged, if that is its name; else what it looks like is said. */
async function formatOfDamaged(bytes: Uint8Array, path: string): Promise<FormatName> {
  return path.endsWith(".safetensors") ? "safetensors" : (await readTensors(bytes, { name: path })).format;
}
