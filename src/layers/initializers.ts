import {
  checkOptions,
  type Field,
  type Fields,
  isObject,
  nameField,
  numberField,
  type Resolved,
  readChoice,
} from "../options/index.ts";
import { OptionError, type RandomStream, type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import {
  normalValues,
  symmetricUniformValues,
  truncatedNormalValues,
  uniformValues,
} from "./random-values.ts";

/** Options of `initializers.varianceScaling`. */
export interface VarianceScalingOptions {
  /** The variance times the fan; default 1. */
  readonly scale?: number;
  /** What the scale is divided by: fan in, fan out, or the mean of both; default `"fanIn"`. */
  readonly mode?: "fanIn" | "fanOut" | "fanAverage";
  /** Default `"truncatedNormal"`: cut off at two standard deviations, with the variance after the cut. */
  readonly distribution?: "truncatedNormal" | "untruncatedNormal" | "uniform";
}

/** Options of `initializers.randomNormal`. */
export interface RandomNormalOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05, as in Keras. */
  readonly standardDeviation?: number;
}

/** Options of `initializers.randomUniform`. */
export interface RandomUniformOptions {
  /** The least value; default -0.05, as in Keras. */
  readonly minimum?: number;
  /** What values stay below; default 0.05, as in Keras. */
  readonly maximum?: number;
}

/** All kinds of initializers that take options, and the type of their options: a closed union. */
export interface InitializerOptions {
  varianceScaling: VarianceScalingOptions;
  randomNormal: RandomNormalOptions;
  randomUniform: RandomUniformOptions;
}

/** The name of an initializer that takes options. */
export type InitializerKind = keyof InitializerOptions;

/** How a parameter is drawn before training, with options: a plain description that JSON keeps. */
export interface Initializer<K extends InitializerKind = InitializerKind> {
  readonly kind: K;
  readonly options: Resolved<InitializerOptions[K]>;
}

/**
 * How a parameter is drawn before training. With fan in and fan out as Keras counts them (receptive field times
 * input or output channels), s is the variance:
 *
 * - `glorotUniform`, `glorotNormal`: s = 2 / (fanIn + fanOut) (Glorot and Bengio 2010)
 * - `heUniform`, `heNormal`: s = 2 / fanIn (He et al. 2015)
 * - `lecunUniform`, `lecunNormal`: s = 1 / fanIn (LeCun et al. 1998)
 *
 * Uniform draws come from [-sqrt(3 s), sqrt(3 s)); normal draws from a normal distribution cut off at two standard
 * deviations whose variance after the cut is s, as Keras does it.
 */
export type InitializerName =
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "zeros"
  | "ones";

/** An initializer as an option of a layer: a name, or a description. */
export type InitializerOption = InitializerName | Initializer;

interface InitializerDefinition<O extends object> {
  readonly fields: Fields<O>;
  readonly draw: (options: Resolved<O>, shape: Shape, stream: RandomStream) => Float32Array;
}

/** Standard deviation of a standard normal distribution that is cut off at -2 and 2. */
const truncatedDeviation = 0.8796256610342398;

const initializerTable: { readonly [K in InitializerKind]: InitializerDefinition<InitializerOptions[K]> } = {
  varianceScaling: {
    fields: {
      scale: numberField({ above: 0 }, 1),
      mode: nameField(["fanIn", "fanOut", "fanAverage"], "fanIn"),
      distribution: nameField(["truncatedNormal", "untruncatedNormal", "uniform"], "truncatedNormal"),
    },
    draw: ({ scale, mode, distribution }, shape, { key }) => {
      const { fanIn, fanOut } = fansOf(shape);
      const variance = scale / { fanIn, fanOut, fanAverage: (fanIn + fanOut) / 2 }[mode];
      const deviation = Math.sqrt(variance);
      switch (distribution) {
        case "uniform":
          return symmetricUniformValues(key, sizeOf(shape), Math.sqrt(3 * variance));
        case "truncatedNormal":
          return truncatedNormalValues(key, sizeOf(shape), deviation / truncatedDeviation);
        case "untruncatedNormal":
          return normalValues(key, sizeOf(shape), 0, deviation);
      }
    },
  },
  randomNormal: {
    fields: { mean: numberField({}, 0), standardDeviation: numberField({ minimum: 0 }, 0.05) },
    draw: ({ mean, standardDeviation }, shape, { key }) =>
      normalValues(key, sizeOf(shape), mean, standardDeviation),
  },
  randomUniform: {
    fields: { minimum: numberField({}, -0.05), maximum: numberField({}, 0.05) },
    draw: ({ minimum, maximum }, shape, { key }) => uniformValues(key, sizeOf(shape), minimum, maximum),
  },
};

type Draw = (shape: Shape, stream: RandomStream) => Float32Array;

const namedDraws: { readonly [N in InitializerName]: Draw } = {
  glorotUniform: scaled({ scale: 1, mode: "fanAverage", distribution: "uniform" }),
  glorotNormal: scaled({ scale: 1, mode: "fanAverage", distribution: "truncatedNormal" }),
  heUniform: scaled({ scale: 2, mode: "fanIn", distribution: "uniform" }),
  heNormal: scaled({ scale: 2, mode: "fanIn", distribution: "truncatedNormal" }),
  lecunUniform: scaled({ scale: 1, mode: "fanIn", distribution: "uniform" }),
  lecunNormal: scaled({ scale: 1, mode: "fanIn", distribution: "truncatedNormal" }),
  zeros: (shape) => new Float32Array(sizeOf(shape)),
  ones: (shape) => new Float32Array(sizeOf(shape)).fill(1),
};

function scaled(options: Resolved<VarianceScalingOptions>): Draw {
  return (shape, stream) => initializerTable.varianceScaling.draw(options, shape, stream);
}

/** All names, for checks and errors. */
export const initializerNames = Object.keys(namedDraws) as readonly InitializerName[];

/** All kinds with options as a list. */
export const initializerKinds = Object.keys(initializerTable) as readonly InitializerKind[];

function definitionOf<K extends InitializerKind>(kind: K): InitializerDefinition<InitializerOptions[K]> {
  return initializerTable[kind];
}

/** @throws OptionError for an unknown or wrong option */
export function createInitializer<K extends InitializerKind>(kind: K, options: unknown): Initializer<K> {
  const where = `initializers.${kind}`;
  const checked: Resolved<InitializerOptions[K]> = checkOptions(where, options, definitionOf(kind).fields);
  return Object.freeze({ kind, options: checked });
}

/** An option that takes the name of an initializer, or a description of one. */
export function initializerField(fallback: InitializerName): Field<InitializerOption> {
  const names = nameField(initializerNames);
  const parse = (value: unknown, where: string, name: string): InitializerOption => {
    if (!isObject(value)) return names.parse(value, where, name);
    try {
      const { kind, options } = readChoice("initializer", value, initializerTable);
      return createInitializer(kind, options);
    } catch (cause) {
      if (!(cause instanceof OptionError)) throw cause;
      throw new OptionError(`option "${name}" is no initializer: ${cause.message}`, { where, cause });
    }
  };
  return { parse, fallback };
}

/**
 * Draws a parameter.
 *
 * @param stream - one of its own for each parameter, so that a new layer leaves the others' weights as they were
 */
export function initialize(
  initializer: InitializerOption,
  shape: Shape,
  stream: RandomStream,
): Tensor<"float32"> {
  const values =
    typeof initializer === "string"
      ? namedDraws[initializer](shape, stream)
      : draw(initializer, shape, stream);
  return new Tensor("float32", shape, values);
}

function draw<K extends InitializerKind>(
  { kind, options }: Initializer<K>,
  shape: Shape,
  stream: RandomStream,
): Float32Array {
  return definitionOf(kind).draw(options, shape, stream);
}

/** Fan in and fan out: for a kernel [..., inputs, outputs] the receptive field times inputs, and times outputs. */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const inputs = shape[shape.length - 2] ?? 1;
  const outputs = shape[shape.length - 1] ?? 1;
  const receptiveField = sizeOf(shape.slice(0, -2));
  return { fanIn: receptiveField * inputs, fanOut: receptiveField * outputs };
}
