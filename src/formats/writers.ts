/** The formats that tensors are written in, in one closed table. */
import { nameHint, OptionError } from "../tensor/errors.ts";
import type { Convention, NamedTensors } from "./named-tensors.ts";
import { encodeNpz } from "./npz.ts";
import { encodeSafetensors } from "./safetensors.ts";

/** A format that tensors are written in. */
export type WriterName = "safetensors" | "npz";

/** What is written: tensors by name, and what a file says of them. */
export type TensorsToWrite = Pick<NamedTensors, "tensors"> &
  Partial<Pick<NamedTensors, "convention" | "metadata">>;

type Writer = (content: TensorsToWrite) => Promise<Uint8Array<ArrayBuffer>>;

const writers: { readonly [W in WriterName]: Writer } = {
  safetensors: async ({ tensors, convention = "none", metadata = {} }) =>
    encodeSafetensors(tensors, { ...(isOurs(metadata) ? {} : conventionMetadata[convention]), ...metadata }),
  // An archive of arrays has no place for texts.
  npz: ({ tensors }) => encodeNpz(tensors),
};

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
  if (!Object.hasOwn(writers, format)) {
    throw new OptionError(`there is no format "${String(format)}" that tensors are written in`, {
      where: "encodeTensors",
      hint: nameHint(String(format), writerNames),
    });
  }
  return await writers[format](content);
}
