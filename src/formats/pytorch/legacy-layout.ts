/**
 * Files of `torch.save` before version 1.6: pickles one after another (a magic number, the protocol's version, facts
 * about the machine, the value, the keys of the storages in their order), then each storage as its number of elements and
 * its data, always little-endian.
 */
import { ByteReader } from "../byte-reader.ts";
import { clip } from "../format-errors.ts";
import { findGlobal, wholeModule } from "./globals.ts";
import { type SavedValue, storageOfIdentifier } from "./layout.ts";
import { damagedPytorch, elementBytesOf } from "./materialize.ts";
import { PickleList, PickleName, PickleTuple, type PickleValue } from "./pickle-values.ts";
import type { StorageReference } from "./tensor-record.ts";
import { plainWorld, unpickle } from "./unpickler.ts";

const protocolVersion = 1001;

/** Reads the layout. @throws FormatError when it is damaged or a pickle asks for more than weights */
export function readLegacyLayout(bytes: Uint8Array, file: string): SavedValue {
  const fail = (what: string) => damagedPytorch(what, file);
  const plain = plainWorld(fail);
  const references = new Map<string, StorageReference>();
  const magic = unpickle(bytes, plain);
  const version = unpickle(bytes, plain, magic.end);
  if (version.value !== protocolVersion) throw fail(`its protocol is not ${protocolVersion}`);
  const machine = unpickle(bytes, plain, version.end);
  const saved = unpickle(
    bytes,
    {
      find: (module, name) => findGlobal(module, name, file),
      persistent: (identifier) => {
        refuseModule(identifier, file);
        const reference = storageOfIdentifier(identifier, file);
        references.set(reference.key, reference);
        return reference;
      },
      fail,
    },
    machine.end,
  );
  const keys = unpickle(bytes, plain, saved.end);
  const storages = readStorages(
    new ByteReader(bytes, fail, keys.end),
    keysOf(keys.value, fail),
    references,
    fail,
  );
  return {
    root: saved.value,
    storage: ({ key, length, dtype }) => {
      const found = storages.get(key);
      if (found === undefined) throw fail(`the storage "${clip(key)}" is not there`);
      if (found.length !== length * elementBytesOf(dtype)) {
        throw fail(
          `the storage "${clip(key)}" has ${found.length} bytes, a tensor says ${length} elements of ${dtype}`,
        );
      }
      return found;
    },
  };
}

/** Whole modules refer to their classes with the source text beside, by `("module", class, file, text)`. */
function refuseModule(identifier: PickleValue, file: string): void {
  if (!(identifier instanceof PickleTuple) || identifier.items[0] !== "module") return;
  const [, module] = identifier.items;
  throw wholeModule(module instanceof PickleName ? module.name : "of a class of its own", file);
}

function keysOf(value: PickleValue, fail: (what: string) => Error): string[] {
  if (!(value instanceof PickleList)) throw fail("it has no list of storages");
  return value.items.map((key) => {
    if (typeof key !== "string" && typeof key !== "number") throw fail("a storage's key is no text");
    return String(key);
  });
}

function readStorages(
  reader: ByteReader,
  keys: readonly string[],
  references: ReadonlyMap<string, StorageReference>,
  fail: (what: string) => Error,
): Map<string, Uint8Array> {
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const reference = references.get(key);
    if (reference === undefined) throw fail(`no tensor has the storage "${clip(key)}"`);
    if (storages.has(key)) throw fail(`the storage "${clip(key)}" is there twice`);
    const count = reader.uint64("a storage's number of elements");
    storages.set(key, reader.take(count * elementBytesOf(reference.dtype), "a storage"));
  }
  return storages;
}
