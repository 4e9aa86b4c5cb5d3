import { nameHint, OptionError } from "../tensor/errors.ts";

/** Limits of a number given as an option. */
export interface Limits {
  readonly minimum?: number;
  readonly maximum?: number;
  /** Whether the minimum itself is not allowed. */
  readonly above?: boolean;
  /** Whether the maximum itself is not allowed. */
  readonly below?: boolean;
}

/** `batchSize` as the flag that sets it: `--batch-size`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A parser of an option's text, as commander calls it. */
export type OptionParser<Value> = (text: string) => Value;

/** A whole number. @throws OptionError when the text is none, or out of the limits */
export function wholeNumber(flag: string, limits: Limits = {}): OptionParser<number> {
  return (text) => {
    const value = parseFinite(text);
    if (value === null || !Number.isSafeInteger(value)) throw expected(flag, "a whole number", limits, text);
    return within(flag, "a whole number", value, limits, text);
  };
}

/** A number, `1e-3` and the like included. @throws OptionError when the text is none, or out of the limits */
export function decimalNumber(flag: string, limits: Limits = {}): OptionParser<number> {
  return (text) => {
    const value = parseFinite(text);
    if (value === null) throw expected(flag, "a number", limits, text);
    return within(flag, "a number", value, limits, text);
  };
}

/** Numbers separated by commas or spaces. @throws OptionError for anything else */
export function numberList(flag: string): OptionParser<number[]> {
  return (text) => {
    const values = text
      .trim()
      .split(/[\s,]+/)
      .map(parseFinite);
    const numbers = values.filter((value) => value !== null);
    if (numbers.length !== values.length) {
      throw new OptionError(`numbers separated by commas were expected, got "${text}"`, {
        where: flag,
        hint: `For example: ${flag} 0.5,-0.8,1.2`,
      });
    }
    return numbers;
  };
}

/** The name of a file or folder. @throws OptionError when it is empty, as by a variable of the shell that is not set */
export function pathName(flag: string): OptionParser<string> {
  return (text) => {
    if (text !== "") return text;
    throw new OptionError("a name was expected, got an empty one", {
      where: flag,
      hint: "Is a variable of the shell empty?",
    });
  };
}

/**
 * One of several names.
 *
 * @param keyOf - names with equal keys are taken as the same
 * @throws OptionError that names the nearest one
 */
export function choice<Name extends string>(
  flag: string,
  names: readonly Name[],
  keyOf: (name: string) => string = (name) => name,
): OptionParser<Name> {
  return (text) => {
    const found = names.find((name) => keyOf(name) === keyOf(text));
    if (found !== undefined) return found;
    throw new OptionError(`unknown name "${text}"`, { where: flag, hint: nameHint(text, names) });
  };
}

/** A name without case, hyphens and underscores: `meanSquaredError` and `mean-squared-error` are the same. */
export function keyName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** A move in whole pixels: up and left; negative numbers move down and right. */
export interface Shift {
  readonly up: number;
  readonly left: number;
}

/** `UP,LEFT`. @throws OptionError for anything but two whole numbers */
export function pixelShift(flag: string): OptionParser<Shift> {
  return (text) => {
    const [up, left, ...more] = text.split(",").map(parseFinite);
    if (!Number.isSafeInteger(up) || !Number.isSafeInteger(left) || more.length > 0) {
      throw new OptionError(`two whole numbers UP,LEFT were expected, got "${text}"`, {
        where: flag,
        hint: `For example: ${flag} 2,2 moves each image 2 px up and 2 px left; negative numbers move down and right.`,
      });
    }
    return { up: up ?? 0, left: left ?? 0 };
  };
}

/** The learning rate of some layers, as a share of that of all. */
export interface LayerRateOption {
  readonly layers: string;
  readonly factor: number;
}

/** `LAYERS:FACTOR`, several separated by commas. @throws OptionError for anything else */
export function layerRates(flag: string): OptionParser<readonly LayerRateOption[]> {
  const factorOf = decimalNumber(flag, { minimum: 0 });
  return (text) =>
    text.split(",").map((entry) => {
      const [layers = "", factor = "", ...more] = entry.trim().split(":");
      if (layers === "" || factor === "" || more.length > 0) {
        throw new OptionError(`LAYERS:FACTOR was expected, got "${entry.trim()}"`, {
          where: flag,
          hint: `For example: ${flag} "*:0.1,fc:1" trains all layers at a tenth of the rate, those of fc at the whole.`,
        });
      }
      return { layers, factor: factorOf(factor) };
    });
}

/** `balanced`, or numbers separated by commas. @throws OptionError for anything else */
export function classWeights(flag: string): OptionParser<"balanced" | readonly number[]> {
  return (text) => {
    if (text.trim() === "balanced") return "balanced";
    const weights = numberList(flag)(text);
    if (weights.every((weight) => weight >= 0)) return weights;
    throw new OptionError(`weights of at least 0 were expected, got "${text}"`, { where: flag });
  };
}

/** The longest side of an input: more fits into no memory. */
const longestSide = 2 ** 14;

/** `SIDE`, `HEIGHTxWIDTH`, or `HEIGHTxWIDTHxCHANNELS` with 1 channel or 3. @throws OptionError for anything else */
export function imageSize(flag: string): OptionParser<readonly number[]> {
  return (text) => {
    const sizes = text.trim().toLowerCase().split("x").map(parseFinite);
    const numbers = sizes.filter((size): size is number => Number.isSafeInteger(size));
    const [height = 0, width = height, channels = 1] = numbers;
    const isKnown =
      numbers.length === sizes.length &&
      numbers.length <= 3 &&
      [height, width].every((side) => side >= 1 && side <= longestSide) &&
      (channels === 1 || channels === 3);
    if (isKnown) return [height, width, ...numbers.slice(2)];
    throw new OptionError(`a size in pixels was expected, got "${text}"`, {
      where: flag,
      hint: `For example: ${flag} 64, ${flag} 48x64 (height and width), or ${flag} 64x64x3 (in colour; 1 for gray).`,
    });
  };
}

/** A finite number, or null for text that is not one number. */
function parseFinite(text: string): number | null {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}

function within(flag: string, kind: string, value: number, limits: Limits, text: string): number {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = limits;
  const tooSmall = limits.above === true ? value <= minimum : value < minimum;
  const tooGreat = limits.below === true ? value >= maximum : value > maximum;
  if (tooSmall || tooGreat) throw expected(flag, kind, limits, text);
  return value;
}

function expected(flag: string, kind: string, limits: Limits, text: string): OptionError {
  return new OptionError(`${kind}${describeLimits(limits)} was expected, got "${text}"`, { where: flag });
}

function describeLimits({ minimum, maximum, above = false, below = false }: Limits): string {
  const least = above ? `above ${minimum}` : `of at least ${minimum}`;
  if (minimum !== undefined && maximum !== undefined) {
    if (!above && !below) return ` from ${minimum} to ${maximum}`;
    return ` ${least} and ${below ? "below" : "up to"} ${maximum}`;
  }
  if (minimum !== undefined) return ` ${least}`;
  if (maximum === undefined) return "";
  return below ? ` below ${maximum}` : ` of at most ${maximum}`;
}

/** Several of some names, separated by commas. @throws OptionError that names the nearest one */
export function nameList<Name extends string>(
  flag: string,
  names: readonly Name[],
): OptionParser<readonly Name[]> {
  const one = choice(flag, names);
  return (text) => [...new Set(text.split(",").map((name) => one(name.trim())))];
}
