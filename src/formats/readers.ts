/**
 * All formats that tensors are read from, in one closed table. A reader gives what is in the file, under its names and
 * in its layouts; whoever knows the model (interop) decides what becomes of them.
 */
import { FormatError } from "../tensor/errors.ts";
import { kerasReader } from "./keras/keras.ts";
import type { Convention, FormatName, FormatReader, NamedTensors, ReadOptions } from "./named-tensors.ts";
import { decodeNpz, isNpz } from "./npz.ts";
import { onnxReader } from "./onnx/reader.ts";
import { archiveFolder, beginsAsPickle, beginsAsTar } from "./pytorch/marks.ts";
import { decodeSafetensors } from "./safetensors.ts";
import { checkSibling } from "./siblings.ts";
import { tfjsReader } from "./tfjs/tfjs.ts";
import { zipNames } from "./zip/archive.ts";
import { beginsAsZip } from "./zip/directory.ts";

/** What each format is called, and the names its files usually have. */
export const formatTitles: { readonly [F in FormatName]: string } = {
  safetensors: "safetensors (.safetensors)",
  npz: "NumPy (.npz)",
  pytorch: "PyTorch (.pth, .pt)",
  keras: "Keras (.keras, .weights.h5, .h5)",
  tfjs: "TensorFlow.js (model.json with its shards)",
  onnx: "ONNX (.onnx)",
};

const readers: { readonly [F in FormatName]: FormatReader } = {
  safetensors: { matches: beginsAsSafetensors, read: readSafetensors },
  npz: {
    matches: (bytes) => isNpz(zipNames(bytes) ?? []),
    read: async (bytes, options) => ({
      format: "npz",
      convention: "none",
      tensors: await decodeNpz(bytes, options),
      metadata: {},
    }),
  },
  pytorch: {
    matches: (bytes) =>
      archiveFolder(zipNames(bytes) ?? []) !== undefined || beginsAsPickle(bytes) || beginsAsTar(bytes),
    read: async (bytes, options) => (await import("./pytorch/reader.ts")).readPytorch(bytes, options),
  },
  keras: kerasReader,
  tfjs: tfjsReader,
  onnx: onnxReader,
};

/** Names of the formats, in the order in which they are tried: those with the plainest marks first. */
export const formatNames = Object.keys(readers) as FormatName[];

/** The format of a file by its bytes; null when it is none that is known. */
export function sniffFormat(bytes: Uint8Array): FormatName | null {
  return formatNames.find((format) => readers[format].matches(bytes)) ?? null;
}

/**
 * Reads a file of tensors, whatever its format, which is told by its bytes and not by its name. Names, layouts and
 * values are those of the file; F16 and BF16 become float32.
 *
 * @param bytes - the whole file; tensors may be views of it
 * @param options - the file's name for errors, and a way to the files beside it
 * @throws FormatError when the format is unknown or anything in the file does not fit it
 */
export async function readTensors(bytes: Uint8Array, options: ReadOptions): Promise<NamedTensors> {
  const format = sniffFormat(bytes);
  if (format === null) throw unknownFormat(bytes, options.name);
  const { sibling } = options;
  return await readers[format].read(bytes, {
    ...options,
    ...(sibling && { sibling: async (name) => await sibling(checkSibling(name, options.name)) }),
  });
}

function unknownFormat(bytes: Uint8Array, name: string): FormatError {
  if (bytes.length === 0) return new FormatError("the file is empty", { where: name });
  if (beginsAsZip(bytes)) {
    const names = zipNames(bytes);
    const what =
      names === null
        ? "the file begins as a zip archive, but its directory, which should be at its end, is missing or damaged"
        : "the file is a zip archive, but neither of NumPy nor of PyTorch nor of Keras";
    return new FormatError(what, {
      where: name,
      hint: names === null ? "It was cut short: download or save it again." : `Known: ${listOfFormats()}.`,
    });
  }
  return new FormatError("this is none of the formats that tensors are read from", {
    where: name,
    hint: `Known: ${listOfFormats()}.`,
  });
}

function listOfFormats(): string {
  return Object.values(formatTitles).join(", ");
}

/** The header's length, then the header, a JSON object. */
function beginsAsSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes[7] === 0 && bytes[6] === 0;
}

async function readSafetensors(bytes: Uint8Array, options: ReadOptions): Promise<NamedTensors> {
  const { tensors, metadata } = decodeSafetensors(bytes, options);
  return { format: "safetensors", convention: conventionOf(metadata), tensors, metadata };
}

/** The convention of a safetensors file: Fovea's files say so; others may name the framework that wrote them. */
function conventionOf(metadata: Readonly<Record<string, string>>): Convention {
  if (Object.keys(metadata).some((key) => key.startsWith("fovea."))) return "fovea";
  const conventions: { readonly [format: string]: Convention } = {
    pt: "pytorch",
    tf: "keras",
    keras: "keras",
  };
  const { format = "" } = metadata;
  return Object.hasOwn(conventions, format) ? conventions[format] : "none";
}
