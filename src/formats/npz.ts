/**
 * NumPy's `.npz` files: a zip archive with one `.npy` file for each array, stored (`numpy.savez`) or deflated
 * (`numpy.savez_compressed`).
 */
import { FormatError } from "../tensor/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { clip } from "./format-errors.ts";
import { decodeNpy } from "./npy.ts";
import { ZipArchive } from "./zip/archive.ts";

const extension = ".npy";

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
