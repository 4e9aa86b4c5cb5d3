/** Files that hold a network, of any format, or the weights of one that is known by name. */
import type { Engine } from "../engine/engine.ts";
import { formatTitles, type ReadOptions, readTensors } from "../formats/index.ts";
import { loadWeights } from "../interop/index.ts";
import { Model } from "../models/index.ts";
import { FormatError } from "../tensor/errors.ts";
import { models, type ZooName } from "../zoo/index.ts";
import { modelBeside, type ReadModel } from "./model-readers.ts";
import { checkModelName, pretrainedFrom } from "./pretrained.ts";
import { byFileName } from "./source.ts";

/** How {@link readModel} reads. */
export interface ReadModelOptions extends ReadOptions {
  /** Whose weights they are, for a file of weights alone: a net of the zoo, or a model that takes them; by default what its name says. */
  readonly network?: string | Model | null;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
}

/**
 * A network from the bytes of a file of any format (safetensors, ONNX, Keras, TensorFlow.js, PyTorch, NumPy). A file of weights
 * alone is loaded into the model that `network` is, into the net of the zoo that it names, or into that which the file's own name or
 * folder tells: `mobilenet_v1_0.25_224/model.json`.
 *
 * @param bytes - the whole file
 * @throws FormatError when it is damaged, or holds weights of a net that nobody tells; OptionError when the weights do not fit the net
 */
export async function readModel(
  bytes: Uint8Array<ArrayBuffer>,
  { network = null, engine, ...options }: ReadModelOptions,
): Promise<ReadModel> {
  if (typeof network === "string") checkModelName(network, "readModel network");
  const { name, sibling = () => Promise.reject(missingSibling(options.name)) } = options;
  const tensors = await readTensors(bytes, options);
  const whole = await modelBeside(tensors, bytes, { ...options, ...(engine && { engine }) });
  if (whole !== null) return whole;
  if (network instanceof Model) {
    await loadWeights(network, tensors, { name });
    return { model: network, notes: [] };
  }
  const owner = network ?? zooNameIn(name);
  if (owner === null) {
    throw new FormatError(
      `a file of the format ${formatTitles[tensors.format]} holds weights, but no network`,
      {
        where: name,
        hint: "Say which network they are of: a name of the zoo, such as mobilenet-v1-0.25.",
      },
    );
  }
  checkModelName(owner, "readModel network");
  const file = { name, bytes, sibling, published: byFileName(owner, name.split(/[\\/]/).at(-1) ?? name) };
  const { model } = await pretrainedFrom(owner, { file: withBytes(file), tensors }, engine ? { engine } : {});
  return { model, notes: [] };
}

type File = Parameters<typeof pretrainedFrom>[1]["file"];

/** Siblings of a file of weights have been read by now; bytes of any buffer will do. */
function withBytes(
  file: Omit<File, "sibling"> & { readonly sibling: (name: string) => Promise<Uint8Array> },
): File {
  return { ...file, sibling: async (name) => new Uint8Array(await file.sibling(name)) };
}

function missingSibling(name: string): FormatError {
  return new FormatError("the files beside it are needed, too", { where: name });
}

/** The net of the zoo that a path names, whatever stands between the words of its name; the longest such name. */
export function zooNameIn(path: string): ZooName | null {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const words = plain(path);
  const named = models.names.filter((name) => words.includes(plain(name)));
  return named.sort((one, other) => plain(other).length - plain(one).length).at(0) ?? null;
}
