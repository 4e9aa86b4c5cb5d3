/**
 * What a pickle is read into: Python's values as plain data. No class of the program and no function is ever reached
 * from a pickle but through the table of names in globals.ts.
 */
import type { FormatError } from "../../tensor/errors.ts";
import type { StorageReference, StorageType, TensorRecord, UnreadableTensor } from "./tensor-record.ts";

/** Any value of a pickle. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleName
  | PickleOpaque
  | StorageType
  | StorageReference
  | TensorRecord
  | UnreadableTensor;

/** A list, and a set too: nobody asks which. */
export class PickleList {
  readonly items: PickleValue[];

  constructor(items: PickleValue[] = []) {
    this.items = items;
  }
}

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dictionary, ordered or not. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** What becomes of a call. @param fail - makes the error for parameters that make no sense */
export type PickleCall = (
  parameters: readonly PickleValue[],
  fail: (what: string) => FormatError,
) => PickleValue;

/** A class or function that the table of names knows. */
export class PickleName {
  /** As in Python: `collections.OrderedDict`. */
  readonly name: string;
  readonly call: PickleCall;

  constructor(name: string, call: PickleCall) {
    this.name = name;
    this.call = call;
  }
}

/** A value that weights do not need, such as a NumPy number beside them: it is known to be there, and nothing more. */
export class PickleOpaque {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
