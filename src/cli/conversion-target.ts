/** What `fovea convert` writes, by the extension of the output's name. */
import { stat } from "node:fs/promises";
import { writeFileAtomic } from "#host";
import { type TensorsToWrite, tensorPieces, type WriterName } from "../formats/index.ts";
import { exportWeights, type KnownConvention } from "../interop/index.ts";
import type { Model } from "../models/index.ts";
import { OptionError } from "../tensor/index.ts";

/** A format that tensors, or a whole network, are written in. */
export interface Target {
  readonly extension: string;
  /** Writes tensors as they are; null for a format that is always a whole network. */
  readonly writeTensors: ((path: string, content: TensorsToWrite) => Promise<void>) | null;
  /** Writes a network's weights in a convention; where the format has a place for it, the network too. */
  readonly writeModel: (path: string, model: Model, convention: KnownConvention) => Promise<void>;
}

/** A format of tensors alone. */
function tensorTarget(format: WriterName, extension: string): Target {
  return {
    extension,
    writeTensors: (path, content) => writeFileAtomic(path, tensorPieces(format, content)),
    writeModel: async (path, model, convention) =>
      await writeFileAtomic(path, tensorPieces(format, await exportWeights(model, { convention }))),
  };
}

const safetensors = tensorTarget("safetensors", ".safetensors");

const targets: { readonly [W in WriterName]: Target } = {
  safetensors: {
    ...safetensors,
    // In our own convention the file is a model's.
    writeModel: (path, model, convention) =>
      convention === "fovea" ? model.save(path) : safetensors.writeModel(path, model, convention),
  },
  npz: tensorTarget("npz", ".npz"),
};

/** The target that a name asks for. @throws OptionError for another extension */
export function targetOf(path: string): Target {
  const known = Object.values(targets);
  const target = known.find(({ extension }) => path.toLowerCase().endsWith(extension));
  if (target !== undefined) return target;
  throw new OptionError("the name does not say a format that can be written", {
    where: path,
    hint: `Give it one of the extensions ${known.map(({ extension }) => extension).join(", ")}.`,
  });
}

/** Bytes of a file that has been written. */
export async function sizeOfFile(path: string): Promise<number> {
  return (await stat(path)).size;
}
