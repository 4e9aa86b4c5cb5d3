/**
 * Reads HDF5 files (The HDF Group, "HDF5 File Format Specification", version 3.0) as far as Keras and h5py write them by
 * default: superblocks 0 to 3, groups with symbol tables or compact links, object headers 1 and 2, attributes within
 * them, numbers and texts, data in one piece or in chunks, gzip and shuffle.
 *
 * The HDF5 library itself was tried, compiled to wasm (h5wasm 0.10.3): of files with a few bytes changed it answered one
 * in twelve with an access outside its memory, and some never. So this reader is ours. It goes nowhere outside the file:
 * links to other files, data in other files and virtual data sets are errors.
 */
import { hasBytes } from "../byte-reader.ts";
import { Hdf5Group } from "./group.ts";
import { damagedHdf5, Hdf5Source, unsupportedHdf5 } from "./source.ts";

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether the bytes begin as an HDF5 file. */
export function isHdf5(bytes: Uint8Array): boolean {
  return hasBytes(bytes, signature);
}

/**
 * Opens an HDF5 file of unknown origin. Nothing but its superblock is read before it is asked for.
 *
 * @param name - the file's name, for errors
 * @returns its root group
 * @throws FormatError when the superblock does not fit the format
 */
export function openHdf5(bytes: Uint8Array, name: string): Hdf5Group {
  if (!isHdf5(bytes)) throw damagedHdf5("it does not begin with the format's signature", name);
  // Fixed sizes until the superblock has told them.
  const cursor = new Hdf5Source(bytes, name, { offsetSize: 8, lengthSize: 8, base: 0 }).at(8, name);
  const version = cursor.uint8("the superblock's version");
  if (version > 3) throw unsupportedHdf5(`version ${version} of the superblock`, name);
  if (version < 2) cursor.skip(4, "the superblock");
  const [offsetSize, lengthSize] = [
    cursor.uint8("the size of addresses"),
    cursor.uint8("the size of lengths"),
  ];
  for (const size of [offsetSize, lengthSize]) {
    if (size !== 2 && size !== 4 && size !== 8)
      throw damagedHdf5(`numbers of ${size} bytes are not known`, name);
  }
  const start = new Hdf5Source(bytes, name, { offsetSize, lengthSize, base: 0 }).at(cursor.position, name);
  // Flags, and before version 2 the sizes of nodes of trees.
  start.skip(version < 2 ? (version === 0 ? 9 : 13) : 1, "the superblock");
  const base = start.definedAddress("the base address");
  const source = new Hdf5Source(bytes, name, { offsetSize, lengthSize, base });
  // Free space and driver information, or the extension: nothing that decides what the file holds.
  start.address("an address in the superblock");
  start.address("the end of the file");
  if (version < 2) {
    start.address("the address of the driver information");
    start.address("the name of the root group");
  }
  return new Hdf5Group(source, start.definedAddress("the root group"), "");
}
