import { clip } from "../../formats/format-errors.ts";
import { describeValue, isObject } from "../../options/index.ts";
import { FormatError } from "../../tensor/index.ts";

/** A height and a width. */
export type Pair = readonly [height: number, width: number];

/** Where a layer of a Keras model is, for errors: the file, the layer, its class. */
export interface KerasPlace {
  readonly file: string;
  /** Names of the models around it and its own: `backbone/conv1`. */
  readonly path: string;
  readonly className: string;
}

/** An error that names file, layer and class. */
export function kerasError({ file, path, className }: KerasPlace, what: string, hint: string): FormatError {
  return new FormatError(what, { where: `${file}, layer "${clip(path)}" (${clip(className)})`, hint });
}

/** The most values of a list in a configuration: channels of a normalization. */
const longestList = 65_536;

/**
 * The configuration of one layer, of unknown origin: each option is checked as it is read. Options that have no
 * influence on what a trained layer computes (initializers, regularizers, constraints) are never asked for.
 */
export class KerasOptions {
  readonly place: KerasPlace;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>, place: KerasPlace) {
    this.place = place;
    this.#values = values;
  }

  /** What is wrong with an option, or cannot be done with it. */
  error(what: string, hint: string): FormatError {
    return kerasError(this.place, what, hint);
  }

  /** The value as it stands in the file: `undefined` when it is not there. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  isGiven(name: string): boolean {
    const value = this.raw(name);
    return value !== undefined && value !== null;
  }

  number(name: string, fallback?: number): number {
    return this.#read(name, "a number", isNumber, fallback);
  }

  /** A whole number of at least 1. */
  count(name: string, fallback?: number): number {
    return this.#read(name, "a whole number of at least 1", isCount, fallback);
  }

  boolean(name: string, fallback?: boolean): boolean {
    return this.#read(name, "true or false", (value) => typeof value === "boolean", fallback);
  }

  text(name: string, fallback?: string): string {
    return this.#read(name, "a text", (value) => typeof value === "string", fallback);
  }

  /** Whole numbers of at least 1 for height and width: one for both, or a pair. */
  pair(name: string, fallback?: Pair): Pair {
    const value = this.#read(
      name,
      "a whole number of at least 1, or a pair of them",
      isCountOrPair,
      fallback,
    );
    return typeof value === "number" ? [value, value] : value;
  }

  /** Whole numbers, one or several. */
  wholeNumbers(name: string, fallback?: readonly number[]): readonly number[] {
    const value = this.#read(name, "a whole number, or a list of them", isWholeNumbers, fallback);
    return typeof value === "number" ? [value] : value;
  }

  /** One number, or a list of them; nested lists of one entry are unpacked. */
  numbers(name: string, fallback?: number): number | readonly number[] {
    const value = this.#read<unknown>(
      name,
      "a number, or a list of them",
      (found): found is unknown => isNumber(found) || Array.isArray(found),
      fallback,
    );
    if (isNumber(value)) return value;
    const list: unknown = Array.isArray(value) ? value.flat(8) : value;
    if (Array.isArray(list) && list.length > 0 && list.length <= longestList && list.every(isNumber))
      return list;
    throw this.#wrong(name, "a number, or a list of them", value);
  }

  /** @throws FormatError for images with their channels first, or anything but "channels_last" */
  requireChannelsLast(): void {
    const format = this.raw("data_format") ?? "channels_last";
    if (format === "channels_last") return;
    throw this.error(
      `its images have the format ${describeValue(format)}`,
      'Only "channels_last" is supported: build the model again with data_format="channels_last", its weights are the same.',
    );
  }

  #read<T>(
    name: string,
    expected: string,
    accepts: (value: unknown) => value is T,
    fallback: T | undefined,
  ): T {
    const value = this.raw(name);
    if (value === undefined || value === null) {
      if (fallback !== undefined) return fallback;
      throw this.error(`its configuration has no "${name}"`, "Save the model again.");
    }
    if (accepts(value)) return value;
    throw this.#wrong(name, expected, value);
  }

  #wrong(name: string, expected: string, value: unknown): FormatError {
    return this.error(
      `"${name}" should be ${expected}, it is ${describeValue(value)}`,
      "Save the model again.",
    );
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 31;
}

function isCountOrPair(value: unknown): value is number | Pair {
  return isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount));
}

function isWholeNumbers(value: unknown): value is number | readonly number[] {
  const isWhole = (entry: unknown) => Number.isSafeInteger(entry);
  return isWhole(value) || (Array.isArray(value) && value.length <= 64 && value.every(isWhole));
}

/** The name of a function or class: a text, or what Keras 3 makes of objects. */
export function registeredName(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (!isObject(value)) return null;
  const { class_name: className, config } = value;
  // A function by itself: its name is the configuration.
  if (className === "function" && typeof config === "string") return config;
  return typeof className === "string" ? className : null;
}
