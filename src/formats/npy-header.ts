/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** NumPy's name of the element type, such as `<f4`. */
  readonly descriptor: string;
  /** Whether the first index runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** The few kinds of value that the header's dictionary may hold. */
type Value = string | boolean | readonly number[];

/** A position in the header's text; the reading functions move it on. */
interface Cursor {
  readonly text: string;
  position: number;
}

/** Thrown and caught in this file only: what is wrong with the header. */
class HeaderProblem extends Error {}

/**
 * Reads the Python dictionary that heads a `.npy` file: texts, `True`, `False` and tuples of whole numbers, under
 * exactly the keys `descr`, `fortran_order` and `shape`. Nothing is evaluated.
 *
 * @returns the header, or what is wrong with it
 */
export function parseNpyHeader(text: string): NpyHeader | string {
  try {
    return toHeader(readDictionary({ text, position: 0 }));
  } catch (error) {
    if (error instanceof HeaderProblem) return error.message;
    throw error;
  }
}

function toHeader(entries: ReadonlyMap<string, Value>): NpyHeader {
  const descriptor = entries.get("descr");
  const fortranOrder = entries.get("fortran_order");
  const shape = entries.get("shape");
  if (typeof descriptor !== "string") throw new HeaderProblem("the header has no text 'descr'");
  if (typeof fortranOrder !== "boolean")
    throw new HeaderProblem("the header has no True or False 'fortran_order'");
  if (typeof shape !== "object") throw new HeaderProblem("the header has no tuple 'shape'");
  if (entries.size !== 3) throw new HeaderProblem("the header has more entries than it may have");
  return { descriptor, fortranOrder, shape };
}

function readDictionary(cursor: Cursor): Map<string, Value> {
  const entries = new Map<string, Value>();
  expect(cursor, "{");
  while (!accept(cursor, "}")) {
    const key = readText(cursor);
    expect(cursor, ":");
    if (entries.has(key)) throw new HeaderProblem(`the header has '${key}' twice`);
    entries.set(key, readValue(cursor));
    if (!accept(cursor, ",")) {
      expect(cursor, "}");
      break;
    }
  }
  skipBlanks(cursor);
  if (cursor.position < cursor.text.length) throw unexpected(cursor, "the end");
  return entries;
}

function readValue(cursor: Cursor): Value {
  if (accept(cursor, "True")) return true;
  if (accept(cursor, "False")) return false;
  if (accept(cursor, "(")) return readSizes(cursor);
  return readText(cursor);
}

/** Sizes of a tuple after its opening bracket. */
function readSizes(cursor: Cursor): number[] {
  const sizes: number[] = [];
  while (!accept(cursor, ")")) {
    // Python 2 wrote long numbers with an L.
    const digits = match(cursor, /\d{1,16}(?=L?[\s,)])/y, "a size");
    const size = Number(digits);
    if (!Number.isSafeInteger(size)) throw new HeaderProblem(`the size ${digits} is too large`);
    sizes.push(size);
    accept(cursor, "L");
    if (!accept(cursor, ",")) {
      expect(cursor, ")");
      break;
    }
  }
  return sizes;
}

function readText(cursor: Cursor): string {
  return match(cursor, /'[^'\\\n]*'|"[^"\\\n]*"/y, "a text").slice(1, -1);
}

function match(cursor: Cursor, pattern: RegExp, what: string): string {
  skipBlanks(cursor);
  pattern.lastIndex = cursor.position;
  const found = pattern.exec(cursor.text)?.[0];
  if (found === undefined) throw unexpected(cursor, what);
  cursor.position += found.length;
  return found;
}

function accept(cursor: Cursor, token: string): boolean {
  skipBlanks(cursor);
  if (!cursor.text.startsWith(token, cursor.position)) return false;
  cursor.position += token.length;
  return true;
}

function expect(cursor: Cursor, token: string): void {
  if (!accept(cursor, token)) throw unexpected(cursor, `"${token}"`);
}

function skipBlanks(cursor: Cursor): void {
  while (/\s/.test(cursor.text.charAt(cursor.position))) cursor.position++;
}

function unexpected(cursor: Cursor, wanted: string): HeaderProblem {
  return new HeaderProblem(`the header has something else than ${wanted} at character ${cursor.position}`);
}
