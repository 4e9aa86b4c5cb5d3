/** What `fovea convert` writes, by the extension of the output's name. */
import { encodeTensors, type NamedTensors, type WriterName } from "../formats/index.ts";
import { exportWeights, type KnownConvention } from "../interop/index.ts";
import type { Model } from "../models/index.ts";
import { OptionError } from "../tensor/index.ts";

/** A format that tensors, or a whole network, are written in. */
export interface Target {
  readonly extension: string;
  /** Tensors as they are; null for a format that is always a whole network. */
  readonly writeTensors: ((tensors: Omit<NamedTensors, "format">) => Promise<Uint8Array>) | null;
  /** A network's weights in a convention; where the format has a place for it, the network itself in our own. */
  readonly writeModel: (model: Model, convention: KnownConvention) => Promise<Uint8Array>;
}

const targets: { readonly [W in WriterName]: Target } = {
  safetensors: {
    extension: ".safetensors",
    writeTensors: (content) => encodeTensors("safetensors", content),
    writeModel: async (model, convention) =>
      convention === "fovea"
        ? await model.toBytes()
        : await encodeTensors("safetensors", await exportWeights(model, { convention })),
  },
  npz: {
    extension: ".npz",
    writeTensors: (content) => encodeTensors("npz", content),
    writeModel: async (model, convention) =>
      await encodeTensors("npz", await exportWeights(model, { convention })),
  },
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
