/** The formats that tensors are written in, in one closed table. */
import { nameHint, OptionError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Convention, NamedTensors } from "./named-tensors.ts";
import { encodeNpz, npzPieces } from "./npz.ts";
import { encodeSafetensors, safetensorsPieces } from "./safetensors.ts";

/** A format that tensors are written in. */
export type WriterName = "safetensors" | "npz";

/** What is written: tensors by name, and what a file says of them. */
export type TensorsToWrite = Pick<NamedTensors, "tensors"> &
  Partial<Pick<NamedTensors, "convention" | "metadata">>;

/** How a format is written: as a whole, and piece by piece. */
interface Writer {
  readonly encode: (content: TensorsToWrite) => Promise<Uint8Array<ArrayBuffer>>;
  readonly pieces: (content: TensorsToWrite) => AsyncIterable<Uint8Array>;
}

const writers: { readonly [W in WriterName]: Writer } = {
  safetensors: {
    encode: async (content) => encodeSafetensors(content.tensors, metadataOf(content)),
    pieces: (content) => {
      const { tensors } = content;
      return safetensorsPieces(tensors, metadataOf(content), async (name) => tensors.get(name) ?? empty);
    },
  },
  npz: {
    // An archive of arrays has no place for texts.
    encode: ({ tensors }) => encodeNpz(tensors),
    pieces: ({ tensors }) => npzPieces(tensors),
  },
};

/** Stands for no tensor of a map: names are asked for that are in it. */
const empty = Tensor.zeros("float32", [0]);

function metadataOf({ convention = "none", metadata = {} }: TensorsToWrite): Record<string, string> {
  return { ...(isOurs(metadata) ? {} : conventionMetadata[convention]), ...metadata };
}

/** What loaders of safetensors files look for, and a mark of ours. */
const conventionMetadata: { readonly [C in Convention]: Readonly<Record<string, string>> } = {
  fovea: { "fovea.convention": "fovea" },
  pytorch: { format: "pt" },
  keras: { format: "keras" },
  none: {},
};

/** Whether metadata say already that the tensors are Fovea's: those of models and checkpoints do. */
function isOurs(metadata: Readonly<Record<string, string>>): boolean {
  return Object.keys(metadata).some((key) => key.startsWith("fovea."));
}

/** Names of the formats that tensors are written in. */
export const writerNames = Object.keys(writers) as WriterName[];

/**
 * Writes tensors as a file of a format, as they are: names, layouts and values stay.
 *
 * @param content - the tensors; `convention` and `metadata` are kept where the format has a place for them (safetensors)
 * @throws OptionError for an unknown format, FormatError when names or sizes do not fit into it
 */
export async function encodeTensors(
  format: WriterName,
  content: TensorsToWrite,
): Promise<Uint8Array<ArrayBuffer>> {
  return await writerOf(format, "encodeTensors").encode(content);
}

/**
 * The bytes that `encodeTensors` gives, in pieces, for a file that is written as they come: no second copy of the tensors
 * is made.
 *
 * @throws OptionError for an unknown format, FormatError when names or sizes do not fit into it
 */
export function tensorPieces(format: WriterName, content: TensorsToWrite): AsyncIterable<Uint8Array> {
  return writerOf(format, "tensorPieces").pieces(content);
}

function writerOf(format: WriterName, where: string): Writer {
  if (Object.hasOwn(writers, format)) return writers[format];
  throw new OptionError(`there is no format "${String(format)}" that tensors are written in`, {
    where,
    hint: nameHint(String(format), writerNames),
  });
}
