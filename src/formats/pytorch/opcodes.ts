/**
 * The operations of pickles, protocols 0 to 5 (https://docs.python.org/3/library/pickletools.html lists them), as a
 * machine that makes plain data. What would reach outside, by a registered extension or a buffer beside the file, is not
 * in the table.
 */
import type { FormatError } from "../../tensor/errors.ts";
import type { ByteReader } from "../byte-reader.ts";
import { clip } from "../format-errors.ts";
import {
  PickleDict,
  PickleList,
  PickleName,
  PickleOpaque,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.ts";

/** The state of the machine while it runs. */
export interface Machine {
  readonly reader: ByteReader;
  readonly stack: PickleValue[];
  /** How high the stack was at each open mark. */
  readonly marks: number[];
  /** By number: a Map, since the numbers are those of the file. */
  readonly memo: Map<number, PickleValue>;
  /** What a name in the pickle stands for. @throws FormatError for all but the known ones */
  readonly find: (module: string, name: string) => PickleValue;
  /** What an identifier of something outside of the pickle stands for. */
  readonly persistent: (identifier: PickleValue) => PickleValue;
  readonly fail: (what: string) => FormatError;
}

type Operation = (machine: Machine) => void;

/** Longest text, in bytes: a name, or a comment that somebody put beside the weights. */
const textLimit = 2 ** 20;
/** Longest whole number, in bytes and in digits: the longest that PyTorch writes has ten bytes. */
const longLimit = 64;
const lineLimit = 256;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const operations: Readonly<Record<string, Operation>> = {
  "(": ({ marks, stack }) => {
    marks.push(stack.length);
  },
  "0": (machine) => {
    // Python drops the mark where nothing lies above it.
    if (machine.marks.at(-1) === machine.stack.length) machine.marks.pop();
    else pop(machine);
  },
  "1": (machine) => {
    popToMark(machine);
  },
  "2": (machine) => machine.stack.push(top(machine)),
  N: ({ stack }) => stack.push(null),
  "\x88": ({ stack }) => stack.push(true),
  "\x89": ({ stack }) => stack.push(false),
  I: (machine) => machine.stack.push(decimalInteger(machine)),
  L: (machine) => machine.stack.push(decimalInteger(machine)),
  F: (machine) => machine.stack.push(Number(machine.reader.line("a number", lineLimit))),
  J: ({ stack, reader }) => stack.push(reader.int32("a number")),
  K: ({ stack, reader }) => stack.push(reader.uint8("a number")),
  M: ({ stack, reader }) => stack.push(reader.uint16("a number")),
  "\x8a": (machine) => machine.stack.push(binaryInteger(machine, machine.reader.uint8("a number's length"))),
  "\x8b": (machine) => machine.stack.push(binaryInteger(machine, machine.reader.uint32("a number's length"))),
  G: ({ stack, reader }) => stack.push(reader.float64("a number", false)),
  S: (machine) => machine.stack.push(quotedText(machine)),
  V: ({ stack, reader }) => stack.push(reader.line("a text", textLimit)),
  // Texts of Python 2 are bytes: as a rule ASCII.
  T: (machine) => machine.stack.push(text(machine, machine.reader.uint32("a text's length"))),
  U: (machine) => machine.stack.push(text(machine, machine.reader.uint8("a text's length"))),
  X: (machine) => machine.stack.push(text(machine, machine.reader.uint32("a text's length"))),
  "\x8c": (machine) => machine.stack.push(text(machine, machine.reader.uint8("a text's length"))),
  "\x8d": (machine) => machine.stack.push(text(machine, machine.reader.uint64("a text's length"))),
  B: ({ stack, reader }) => stack.push(reader.take(reader.uint32("the length of bytes"), "bytes")),
  C: ({ stack, reader }) => stack.push(reader.take(reader.uint8("the length of bytes"), "bytes")),
  "\x8e": ({ stack, reader }) => stack.push(reader.take(reader.uint64("the length of bytes"), "bytes")),
  "\x96": ({ stack, reader }) => stack.push(reader.take(reader.uint64("the length of bytes"), "bytes")),
  "]": ({ stack }) => stack.push(new PickleList()),
  "\x8f": ({ stack }) => stack.push(new PickleList()),
  l: (machine) => machine.stack.push(new PickleList(popToMark(machine))),
  "\x91": (machine) => machine.stack.push(new PickleList(popToMark(machine))),
  a: (machine) => append(machine, [pop(machine)]),
  e: (machine) => append(machine, popToMark(machine)),
  "\x90": (machine) => append(machine, popToMark(machine)),
  ")": ({ stack }) => stack.push(new PickleTuple([])),
  t: (machine) => machine.stack.push(new PickleTuple(popToMark(machine))),
  "\x85": (machine) => machine.stack.push(new PickleTuple(popSeveral(machine, 1))),
  "\x86": (machine) => machine.stack.push(new PickleTuple(popSeveral(machine, 2))),
  "\x87": (machine) => machine.stack.push(new PickleTuple(popSeveral(machine, 3))),
  "}": ({ stack }) => stack.push(new PickleDict()),
  d: (machine) => {
    const items = popToMark(machine);
    machine.stack.push(new PickleDict());
    setItems(machine, items);
  },
  s: (machine) => setItems(machine, popSeveral(machine, 2)),
  u: (machine) => setItems(machine, popToMark(machine)),
  p: (machine) => remember(machine, lineNumber(machine)),
  q: (machine) => remember(machine, machine.reader.uint8("a memo number")),
  r: (machine) => remember(machine, machine.reader.uint32("a memo number")),
  "\x94": (machine) => remember(machine, machine.memo.size),
  g: (machine) => recall(machine, lineNumber(machine)),
  h: (machine) => recall(machine, machine.reader.uint8("a memo number")),
  j: (machine) => recall(machine, machine.reader.uint32("a memo number")),
  c: (machine) => {
    const module = machine.reader.line("a module's name", lineLimit);
    machine.stack.push(machine.find(module, machine.reader.line("a name", lineLimit)));
  },
  "\x93": (machine) => {
    const [module, name] = popSeveral(machine, 2);
    if (typeof module !== "string" || typeof name !== "string") throw machine.fail("a name is no text");
    machine.stack.push(machine.find(module, name));
  },
  i: (machine) => {
    const module = machine.reader.line("a module's name", lineLimit);
    const callable = machine.find(module, machine.reader.line("a name", lineLimit));
    machine.stack.push(call(machine, callable, new PickleTuple(popToMark(machine))));
  },
  o: (machine) => {
    const [callable = null, ...parameters] = popToMark(machine);
    machine.stack.push(call(machine, callable, new PickleTuple(parameters)));
  },
  R: callTop,
  "\x81": callTop,
  "\x92": (machine) => {
    const [callable, parameters] = popSeveral(machine, 3);
    machine.stack.push(call(machine, callable, parameters));
  },
  // Attributes of what lies below: none of what is made here has any.
  b: (machine) => {
    pop(machine);
    top(machine);
  },
  Q: (machine) => machine.stack.push(machine.persistent(pop(machine))),
  "\x80": ({ reader, fail }) => {
    const protocol = reader.uint8("the protocol");
    if (protocol > 5) throw fail(`protocol ${protocol} is not known, only those up to 5`);
  },
  // A frame only says how much could be read ahead.
  "\x95": ({ reader }) => {
    reader.uint64("a frame's length");
  },
};

const table: readonly (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => operations[String.fromCharCode(code)],
);

/** The code that ends a pickle. */
export const stop = 0x2e;

/** Performs one operation. @throws FormatError for one that is not known or not allowed, or finds not what it needs */
export function perform(machine: Machine, code: number): void {
  const operation = table[code];
  if (operation === undefined) {
    throw machine.fail(
      `operation 0x${code.toString(16).padStart(2, "0")} at byte ${machine.reader.position - 1} is not known or not allowed`,
    );
  }
  operation(machine);
}

function pop({ stack, marks, fail }: Machine): PickleValue {
  const value = stack.length > (marks.at(-1) ?? 0) ? stack.pop() : undefined;
  if (value === undefined) throw fail("an operation wants more values than there are");
  return value;
}

function top(machine: Machine): PickleValue {
  const value = pop(machine);
  machine.stack.push(value);
  return value;
}

function popSeveral({ stack, marks, fail }: Machine, count: number): PickleValue[] {
  if (stack.length - count < (marks.at(-1) ?? 0)) throw fail("an operation wants more values than there are");
  return stack.splice(stack.length - count);
}

function popToMark({ stack, marks, fail }: Machine): PickleValue[] {
  const height = marks.pop();
  if (height === undefined) throw fail("an operation wants a mark, and there is none");
  return stack.splice(height);
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = top(machine);
  if (list instanceof PickleOpaque) return;
  if (!(list instanceof PickleList)) throw machine.fail("values are appended to what is no list");
  for (const item of items) list.items.push(item);
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const dict = top(machine);
  if (dict instanceof PickleOpaque) return;
  if (!(dict instanceof PickleDict)) throw machine.fail("entries are put into what is no dictionary");
  if (items.length % 2 !== 0) throw machine.fail("an entry of a dictionary has no value");
  for (let index = 0; index < items.length; index += 2) dict.entries.set(items[index], items[index + 1]);
}

function remember(machine: Machine, index: number): void {
  machine.memo.set(index, top(machine));
}

function recall({ memo, stack, fail }: Machine, index: number): void {
  const value = memo.get(index);
  if (value === undefined) throw fail(`memo number ${index} is used before it is set`);
  stack.push(value);
}

function callTop(machine: Machine): void {
  const [callable, parameters] = popSeveral(machine, 2);
  machine.stack.push(call(machine, callable, parameters));
}

function call({ fail }: Machine, callable: PickleValue, parameters: PickleValue): PickleValue {
  if (!(parameters instanceof PickleTuple)) throw fail("a call's parameters are no tuple");
  if (callable instanceof PickleName) return callable.call(parameters.items, fail);
  throw fail("a value is called that is no function");
}

function text({ reader, fail }: Machine, length: number): string {
  if (length > textLimit) throw fail(`a text of ${length} bytes is longer than ${textLimit}`);
  return utf8.decode(reader.take(length, "a text"));
}

/** A text of protocol 0 in quotes. Escapes are left as they are: no name of a tensor has any. */
function quotedText({ reader, fail }: Machine): string {
  const line = reader.line("a text", textLimit);
  if (line.length < 2 || !/^(['"]).*\1$/s.test(line)) throw fail("a text has no quotes around it");
  return line.slice(1, -1);
}

function lineNumber({ reader, fail }: Machine): number {
  const line = reader.line("a memo number", lineLimit);
  if (!/^\d{1,10}$/.test(line)) throw fail(`"${clip(line, 20)}" is no memo number`);
  return Number(line);
}

function decimalInteger({ reader, fail }: Machine): number | bigint | boolean {
  const line = reader.line("a number", lineLimit);
  if (line === "00" || line === "01") return line === "01";
  const digits = line.replace(/L$/, "");
  if (digits.length > longLimit || !/^-?\d+$/.test(digits))
    throw fail(`"${clip(line, 20)}" is no whole number`);
  return narrow(BigInt(digits));
}

/** A whole number of so many bytes, the lowest first, the highest bit of the last the sign. */
function binaryInteger({ reader, fail }: Machine, length: number): number | bigint {
  if (length > longLimit) throw fail(`a number of ${length} bytes is longer than ${longLimit}`);
  const bytes = reader.take(length, "a number");
  let value = 0n;
  for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]);
  return narrow(BigInt.asIntN(8 * length, value));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
