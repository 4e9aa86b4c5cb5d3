/**
 * NumPy's `.npz` files: a zip archive with one `.npy` file for each array, stored (`numpy.savez`) or deflated
 * (`numpy.savez_compressed`).
 */
import { FormatError } from "../tensor/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { elementBytes } from "./elements.ts";
import { clip } from "./format-errors.ts";
import { decodeNpy, npyHeader } from "./npy.ts";
import { ZipArchive } from "./zip/archive.ts";
import { joined, zipPieces } from "./zip/writer.ts";

const extension = ".npy";
/** Longest name written, in UTF-16 units: no more than the 65,535 bytes that an archive has for it. */
const nameLimit = 16_000;

/** Whether an archive with these entries is an `.npz` file. */
export function isNpz(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => name.endsWith(extension));
}

/**
 * Reads an `.npz` file of unknown origin: its arrays by name, as `decodeNpy` reads them. Arrays that are stored as they
 * are may be views of `bytes`.
 *
 * @param options - `name`: the file's name, for errors
 * @throws FormatError naming file and array when anything does not fit the formats
 */
export async function decodeNpz(
  bytes: Uint8Array,
  options: { readonly name: string },
): Promise<Map<string, Tensor>> {
  const archive = new ZipArchive(bytes, options);
  const tensors = new Map<string, Tensor>();
  for (const entry of archive.names) {
    if (!entry.endsWith(extension)) {
      throw new FormatError(`the entry "${clip(entry)}" is no ${extension} file`, {
        where: options.name,
        hint: "Save arrays alone, with numpy.savez or numpy.savez_compressed.",
      });
    }
    const content = await archive.read(entry);
    tensors.set(
      entry.slice(0, -extension.length),
      decodeNpy(content, { name: `${options.name}, entry "${clip(entry)}"` }),
    );
  }
  return tensors;
}

/**
 * Writes tensors as an `.npz` file that `numpy.load` takes. The same input gives the same bytes. Stored arrays begin at
 * multiples of 64 bytes, so that they can be read without a copy.
 *
 * @param tensors - by name, in the order of the file
 * @param options - `compress`: deflates the arrays, as `numpy.savez_compressed` does; default false. Weights become about
 *   a tenth smaller
 * @throws FormatError when a name cannot be written, or the file would have more than 4 GiB or 65,535 arrays
 */
export async function encodeNpz(
  tensors: ReadonlyMap<string, Tensor>,
  options: { readonly compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of npzPieces(tensors, options)) pieces.push(piece);
  return joined(pieces);
}

/** The bytes that `encodeNpz` gives, in pieces: without compression the tensors are not copied. */
export function npzPieces(
  tensors: ReadonlyMap<string, Tensor>,
  options: { readonly compress?: boolean } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { compress = false } = options;
  const contents = [...tensors].map(([name, tensor]) => {
    if (!name.isWellFormed() || name.length > nameLimit) {
      throw new FormatError(
        `the name ${JSON.stringify(clip(name))} cannot be that of an entry in a zip archive`,
        {
          where: "npz",
          hint: `Use well-formed text of up to ${nameLimit} characters.`,
        },
      );
    }
    return { name: `${name}${extension}`, parts: [npyHeader(tensor), elementBytes(tensor.data)] };
  });
  return zipPieces(contents, { compress }, "npz");
}
