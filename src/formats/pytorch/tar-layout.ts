/**
 * Files of `torch.save` before version 0.1.10: a tar archive of three files. `storages` and `tensors` hold pickled keys with
 * numbers and data between them, `pickle` the value, which refers to the tensors by their keys.
 */
import type { FormatError } from "../../tensor/errors.ts";
import { ByteReader, latin1 } from "../byte-reader.ts";
import { clip } from "../format-errors.ts";
import { findGlobal, wholeModule } from "./globals.ts";
import type { SavedValue } from "./layout.ts";
import { damagedPytorch, elementBytesOf } from "./materialize.ts";
import { PickleList, PickleTuple, type PickleValue } from "./pickle-values.ts";
import { type StorageReference, StorageType, type TensorRecord } from "./tensor-record.ts";
import { type PickleWorld, plainWorld, unpickle } from "./unpickler.ts";

type Fail = (what: string) => FormatError;

const blockSize = 512;
/** The three files, and headers that archivers add. */
const memberLimit = 100;
/** Most tensors: each takes 50 bytes at least, so that more would be a file of nothing else. */
const countLimit = 1_000_000;
const rankLimit = 64;

/** Reads the layout. @throws FormatError when it is damaged or a pickle asks for more than weights */
export function readTarLayout(bytes: Uint8Array, file: string): SavedValue {
  const fail = (what: string) => damagedPytorch(what, file);
  const members = readMembers(bytes, fail);
  const member = (name: string): Uint8Array => {
    const found = members.get(name);
    if (found === undefined) throw fail(`the tar archive has no file "${name}"`);
    return found;
  };
  const names: PickleWorld = { ...plainWorld(fail), find: (module, name) => findGlobal(module, name, file) };
  const { references, data } = readStorages(member("storages"), names, fail);
  const tensors = readTensorTable(member("tensors"), names, references, fail);
  const { value } = unpickle(member("pickle"), {
    ...names,
    persistent: (identifier) => {
      // Modules refer to their classes by tuples.
      if (identifier instanceof PickleTuple) throw wholeModule("of a class of its own", file);
      const key = String(keyOf(identifier, fail));
      const found = tensors.get(key) ?? references.get(key);
      if (found === undefined) throw fail(`there is no tensor "${clip(key)}"`);
      return found;
    },
  });
  return {
    root: value,
    storage: ({ key }) => {
      const found = data.get(key);
      if (found === undefined) throw fail(`the storage "${clip(key)}" is not there`);
      return found;
    },
  };
}

/** Files of a tar archive: a block with name, size in octal digits and kind, then the content in whole blocks. */
function readMembers(bytes: Uint8Array, fail: Fail): Map<string, Uint8Array> {
  const reader = new ByteReader(bytes, fail);
  const members = new Map<string, Uint8Array>();
  for (let count = 0; reader.remaining >= blockSize; count++) {
    if (count === memberLimit) throw fail(`the tar archive has more than ${memberLimit} files`);
    const header = reader.take(blockSize, "a tar header");
    // A block of zeros ends the archive.
    if (header[0] === 0) break;
    const [name] = latin1(header.subarray(0, 100)).split("\0");
    const digits = latin1(header.subarray(124, 136)).replaceAll(/[\0 ]+$/g, "");
    if (!/^[0-7]{1,12}$/.test(digits))
      throw fail(`the size of "${clip(name)}" in the tar archive is no number`);
    const size = Number.parseInt(digits, 8);
    const content = reader.take(size, `the file "${clip(name)}" of the tar archive`);
    reader.take(
      Math.min(reader.remaining, (blockSize - (size % blockSize)) % blockSize),
      "a tar archive's padding",
    );
    const isFile = header[156] === 0 || header[156] === 0x30;
    if (isFile) members.set(name.replace(/^\.\//, ""), content);
  }
  return members;
}

interface Storages {
  readonly references: Map<string, StorageReference>;
  readonly data: Map<string, Uint8Array>;
}

function readStorages(bytes: Uint8Array, names: PickleWorld, fail: Fail): Storages {
  const references = new Map<string, StorageReference>();
  const data = new Map<string, Uint8Array>();
  const reader = new ByteReader(bytes, fail);
  for (let left = readCount(reader, names, fail); left > 0; left--) {
    const [rawKey, , type] = readTuple(reader, names, fail);
    if (!(type instanceof StorageType)) throw fail("a storage has no type");
    const key = String(keyOf(rawKey, fail));
    const length = reader.uint64("a storage's number of elements");
    references.set(key, { kind: "storage", key, dtype: type.dtype, length, start: 0 });
    data.set(key, reader.take(length * elementBytesOf(type.dtype), "a storage"));
  }
  for (const view of readList(reader, names, fail)) {
    const [rawTarget, rawRoot, start, length] = view instanceof PickleTuple ? view.items : [];
    const root = references.get(String(keyOf(rawRoot, fail)));
    if (root === undefined) throw fail("a part of a storage has none");
    if (typeof start !== "number" || typeof length !== "number")
      throw fail("a part of a storage has no size");
    if (!(start >= 0 && length >= 0 && root.start + start + length <= root.length)) {
      throw fail("a part of a storage lies outside of it");
    }
    references.set(String(keyOf(rawTarget, fail)), { ...root, start: root.start + start });
  }
  return { references, data };
}

function readTensorTable(
  bytes: Uint8Array,
  names: PickleWorld,
  storages: ReadonlyMap<string, StorageReference>,
  fail: Fail,
): Map<string, TensorRecord> {
  const tensors = new Map<string, TensorRecord>();
  const reader = new ByteReader(bytes, fail);
  for (let left = readCount(reader, names, fail); left > 0; left--) {
    const [key, storageKey] = readTuple(reader, names, fail);
    const storage = storages.get(String(keyOf(storageKey, fail)));
    if (storage === undefined) throw fail("a tensor has a storage that is not there");
    const rank = reader.uint32("a tensor's rank");
    if (rank > rankLimit) throw fail(`${rank} dimensions are more than ${rankLimit}`);
    reader.take(4, "a tensor's rank");
    const sizes = () => Array.from({ length: rank }, () => reader.uint64("a tensor's size or stride"));
    const [shape, strides] = [sizes(), sizes()];
    const offset = reader.uint64("a tensor's offset");
    const { dtype } = storage;
    tensors.set(String(keyOf(key, fail)), { kind: "tensor", storage, dtype, offset, shape, strides });
  }
  return tensors;
}

function readValue(reader: ByteReader, world: PickleWorld): PickleValue {
  const { value, end } = unpickle(reader.bytes, world, reader.position);
  reader.position = end;
  return value;
}

function readCount(reader: ByteReader, world: PickleWorld, fail: Fail): number {
  const count = readValue(reader, world);
  if (typeof count !== "number" || !(count >= 0 && count <= countLimit)) {
    throw fail(`a number of items is none from 0 to ${countLimit}`);
  }
  return count;
}

function readTuple(reader: ByteReader, world: PickleWorld, fail: Fail): readonly PickleValue[] {
  const value = readValue(reader, world);
  if (!(value instanceof PickleTuple)) throw fail("an item is no tuple");
  return value.items;
}

function readList(reader: ByteReader, world: PickleWorld, fail: Fail): readonly PickleValue[] {
  const value = readValue(reader, world);
  if (!(value instanceof PickleList)) throw fail("there is no list of parts of storages");
  return value.items;
}

function keyOf(value: PickleValue | undefined, fail: Fail): string | number {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint")
    throw fail("a key is no number");
  return typeof value === "bigint" ? String(value) : value;
}
