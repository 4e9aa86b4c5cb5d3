import type { FormatError } from "../../tensor/errors.ts";
import { ByteReader } from "../byte-reader.ts";
import { type Machine, perform, stop } from "./opcodes.ts";
import type { PickleValue } from "./pickle-values.ts";

/**
 * Most operations of a pickle. A tensor takes about 35, so that is a network of 50,000; each makes a value of some ten
 * bytes at most, which holds the memory of a hostile one to that of a picture.
 */
const operationLimit = 2_000_000;

/** What a pickle may reach, and how its errors are made. */
export type PickleWorld = Pick<Machine, "find" | "persistent" | "fail">;

/**
 * Reads a pickle into plain data, without running anything.
 *
 * @param position - of its first byte
 * @returns the value, and the position after the pickle
 * @throws FormatError when it is damaged, too long, or asks for what is not allowed
 */
export function unpickle(
  bytes: Uint8Array,
  world: PickleWorld,
  position = 0,
): { readonly value: PickleValue; readonly end: number } {
  const reader = new ByteReader(bytes, world.fail, position);
  const machine: Machine = { reader, stack: [], marks: [], memo: new Map(), ...world };
  for (let count = 0; count < operationLimit; count++) {
    const code = reader.uint8("an operation");
    if (code === stop) return { value: result(machine), end: reader.position };
    perform(machine, code);
  }
  throw world.fail(`it has more than ${operationLimit} operations`);
}

function result({ stack, marks, fail }: Machine): PickleValue {
  const value = stack.at(-1);
  if (value === undefined || marks.length > 0) throw fail("it ends without a value");
  return value;
}

/** The world of pickles that hold numbers and texts alone. */
export function plainWorld(fail: (what: string) => FormatError): PickleWorld {
  return {
    fail,
    find: (module, name) => {
      throw fail(`the name ${module}.${name} has no place here`);
    },
    persistent: () => {
      throw fail("a reference to something outside has no place here");
    },
  };
}
