/** What `fovea convert` writes, by the extension of the output's name. */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureFolder, writeFileAtomic } from "#host";
import { type TensorsToWrite, tensorPieces, type WriterName } from "../formats/index.ts";
import { exportOnnx, exportTfjs, exportWeights, type KnownConvention } from "../interop/index.ts";
import type { Model } from "../models/index.ts";
import { OptionError } from "../tensor/index.ts";

/** A format that tensors, or a whole network, are written in. */
export interface Target {
  readonly extension: string;
  /** Whose names and layouts such files always have; null where it can be chosen. */
  readonly convention: KnownConvention | null;
  /** Writes tensors as they are; null for a format that is always a whole network. */
  readonly writeTensors: ((path: string, content: TensorsToWrite) => Promise<Files>) | null;
  /** Whether the network itself is written with its weights, and how images are prepared for it. */
  readonly holdsModel: (convention: KnownConvention) => boolean;
  /** Writes a network's weights in a convention; where the format has a place for it, the network too. */
  readonly writeModel: (path: string, model: Model, convention: KnownConvention) => Promise<Files>;
}

/** The files that were written. */
type Files = readonly string[];

/** A format of tensors alone. */
function tensorTarget(format: WriterName, extension: string): Target {
  const writeTensors = async (path: string, content: TensorsToWrite) => {
    await writeFileAtomic(path, tensorPieces(format, content));
    return [path];
  };
  return {
    extension,
    convention: null,
    holdsModel: () => false,
    writeTensors,
    writeModel: async (path, model, convention) =>
      await writeTensors(path, await exportWeights(model, { convention })),
  };
}

const safetensors = tensorTarget("safetensors", ".safetensors");

const targets: { readonly [W in WriterName | "tfjs" | "onnx"]: Target } = {
  safetensors: {
    ...safetensors,
    // In our own convention the file is a model's.
    holdsModel: (convention) => convention === "fovea",
    writeModel: async (path, model, convention) => {
      if (convention !== "fovea") return await safetensors.writeModel(path, model, convention);
      await model.save(path);
      return [path];
    },
  },
  npz: tensorTarget("npz", ".npz"),
  tfjs: {
    extension: ".json",
    convention: "keras",
    holdsModel: () => true,
    writeTensors: null,
    writeModel: writeTfjs,
  },
  onnx: {
    extension: ".onnx",
    convention: "pytorch",
    holdsModel: () => true,
    writeTensors: null,
    writeModel: async (path, model) => {
      await writeFileAtomic(path, await exportOnnx(model));
      return [path];
    },
  },
};

/** The manifest under the name asked for, the weights beside it: they first, so that it never names what is not there. */
async function writeTfjs(path: string, model: Model): Promise<Files> {
  const manifest = "model.json";
  const files = await exportTfjs(model);
  const folder = dirname(path);
  await ensureFolder(folder);
  const weights = [...files].filter(([name]) => name !== manifest);
  for (const [name, bytes] of weights) await writeFileAtomic(join(folder, name), bytes);
  await writeFileAtomic(path, files.get(manifest) ?? new Uint8Array());
  return [...weights.map(([name]) => join(folder, name)), path];
}

/** The file that is written for a name: a folder, `web/net/`, stands for the TensorFlow.js model in it. */
export function outputFile(name: string): string {
  return /[/\\]$/.test(name) ? join(name, "model.json") : name;
}

/** The target that a name asks for. @throws OptionError for another extension */
export function targetOf(path: string): Target {
  const known = Object.values(targets);
  const target = known.find(({ extension }) => path.toLowerCase().endsWith(extension));
  if (target !== undefined) return target;
  throw new OptionError("the name does not say a format that can be written", {
    where: path,
    hint: `Give it one of the extensions ${known.map(({ extension }) => extension).join(", ")}, or end it with / for TensorFlow.js.`,
  });
}

/** Bytes of files that have been written. */
export async function sizeOfFiles(paths: Files): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
