import { damagedPytorch } from "./materialize.ts";
import { PickleTuple, type PickleValue } from "./pickle-values.ts";
import { type StorageReference, StorageType } from "./tensor-record.ts";

/** What a layout of PyTorch's files gives: the value that was saved, and the bytes of the storages that it refers to. */
export interface SavedValue {
  readonly root: PickleValue;
  /** All bytes of a storage, little-endian. @throws FormatError when they are not there or not as many as said */
  readonly storage: (reference: StorageReference) => Promise<Uint8Array> | Uint8Array;
}

/**
 * The storage that a pickle's identifier means: `("storage", type, key, location, elements, view)`, where a view is
 * `(key, first element, elements)` of a part of it, in files of before version 0.4.
 */
export function storageOfIdentifier(identifier: PickleValue, file: string): StorageReference {
  const fail = (what: string) => damagedPytorch(`a storage's identifier ${what}`, file);
  if (!(identifier instanceof PickleTuple)) throw fail("is no tuple");
  const [kind, type, key, , length, view = null] = identifier.items;
  if (kind !== "storage") throw fail('does not begin with "storage"');
  if (!(type instanceof StorageType)) throw fail("has no type");
  if (typeof key !== "string" && typeof key !== "number") throw fail("has no key");
  if (!isCount(length)) throw fail("has no number of elements");
  const whole = { kind: "storage", key: String(key), dtype: type.dtype, length, start: 0 } as const;
  if (view === null) return whole;
  const [, start, size] = view instanceof PickleTuple ? view.items : [];
  if (!isCount(start) || !isCount(size) || start + size > length)
    throw fail("has a view that makes no sense");
  return { ...whole, start };
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
