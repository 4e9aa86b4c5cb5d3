import { clip } from "../../formats/format-errors.ts";
import { describeValue, isObject } from "../../options/index.ts";
import { FormatError } from "../../tensor/index.ts";

/** A node of a TensorFlow graph as JSON has it, of unknown origin: attributes are checked as they are read. */
export class GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes whose first outputs go in; `^name`, which only orders nodes, is left out. */
  readonly inputs: readonly string[];
  readonly #attributes: Readonly<Record<string, unknown>>;
  readonly #file: string;

  constructor(value: unknown, file: string) {
    const { name, op, input = [], attr = {} } = isObject(value) ? value : {};
    if (typeof name !== "string" || typeof op !== "string") {
      throw new FormatError("a node of the graph has no name or no op", { where: file, hint: mend });
    }
    this.name = name;
    this.op = op;
    this.#file = file;
    this.#attributes = isObject(attr) ? attr : {};
    if (!Array.isArray(input) || input.length > 1024 || !input.every((entry) => typeof entry === "string")) {
      throw this.error("its inputs are not a list of at most 1024 names", mend);
    }
    this.inputs = input.filter((entry: string) => !entry.startsWith("^")).map((entry) => this.#source(entry));
  }

  /** What is wrong with it, or cannot be done. */
  error(what: string, hint: string): FormatError {
    return new FormatError(clip(what, longestText), {
      where: `${this.#file}, node "${clip(this.name)}" (${clip(this.op, 100)})`,
      hint,
    });
  }

  /** Whole numbers of a list, which JSON has as texts. */
  integers(name: string, fallback?: readonly number[]): readonly number[] {
    const { list } = this.#attribute(name);
    const { i = [] } = isObject(list) ? list : {};
    const numbers = Array.isArray(i) ? i.map(Number) : [];
    if (numbers.length > 0 && numbers.length <= 64 && numbers.every(Number.isSafeInteger)) return numbers;
    if (fallback !== undefined) return fallback;
    throw this.error(`it has no list of whole numbers "${name}"`, mend);
  }

  number(name: string, fallback: number): number {
    const { f } = this.#attribute(name);
    return typeof f === "number" && Number.isFinite(f) ? f : fallback;
  }

  boolean(name: string): boolean {
    const { b } = this.#attribute(name);
    return b === true;
  }

  /** A text, which JSON has in base64 (or, of other writers, as it is). */
  text(name: string, fallback: string): string {
    const { s } = this.#attribute(name);
    return typeof s === "string" ? decodeText(s) : fallback;
  }

  texts(name: string): readonly string[] {
    const { list } = this.#attribute(name);
    const { s = [] } = isObject(list) ? list : {};
    return Array.isArray(s) && s.length <= 16 ? s.map((entry) => decodeText(String(entry))) : [];
  }

  /** Sizes of a shape, -1 where they are open; null when there is none. */
  shape(name: string): readonly number[] | null {
    return readShape(this.#attribute(name)["shape"]);
  }

  /** The number of an enumeration or a plain whole number. */
  integer(name: string, fallback: number): number {
    const { i } = this.#attribute(name);
    const value = Number(i);
    return i !== undefined && Number.isSafeInteger(value) ? value : fallback;
  }

  /** @throws FormatError for images with their channels first */
  requireChannelsLast(): void {
    const format = this.text("data_format", "NHWC");
    if (format === "NHWC") return;
    throw this.error(`its images have the format ${describeValue(format)}`, "Only NHWC is supported.");
  }

  #attribute(name: string): Readonly<Record<string, unknown>> {
    const value = Object.hasOwn(this.#attributes, name) ? this.#attributes[name] : undefined;
    return isObject(value) ? value : {};
  }

  #source(entry: string): string {
    const [, name = entry, output = "0"] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (output === "0") return name;
    throw this.error(
      `it takes output ${clip(output, 20)} of "${clip(name)}"`,
      "Only first outputs are supported.",
    );
  }
}

/** What is wrong may name lists of the file, of any length. */
const longestText = 600;

const mend = "Convert the model again with tensorflowjs_converter.";

/** Sizes of a shape as JSON has it; -1 where one is open. */
export function readShape(value: unknown): readonly number[] | null {
  const { dim = [], unknownRank } = isObject(value) ? value : {};
  if (value === undefined || unknownRank === true || !Array.isArray(dim) || dim.length > 16) return null;
  const sizes = dim.map((entry) => Number(isObject(entry) ? (entry["size"] ?? -1) : -1));
  return sizes.every(Number.isSafeInteger) ? sizes : null;
}

const plainTexts = ["SAME", "VALID", "EXPLICIT", "NHWC", "NCHW", "REFLECT", "SYMMETRIC"];

function decodeText(text: string): string {
  if (plainTexts.includes(text)) return text;
  try {
    return atob(text);
  } catch {
    return text;
  }
}
