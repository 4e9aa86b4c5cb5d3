import {
  checkOptions,
  type Field,
  type Fields,
  field,
  isObject,
  nameField,
  numberField,
  type Resolved,
  readChoice,
} from "../options/index.ts";
import {
  formatShape,
  OptionError,
  type RandomStream,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
} from "../tensor/index.ts";
import {
  type BlockMap,
  fillByBlocks,
  normal,
  symmetricUniform,
  truncatedNormal,
  uniform,
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

/** Options of `initializers.values`. */
export interface ValuesOptions {
  /** One for each element, the last axis fastest. */
  readonly values: readonly number[];
}

/** All kinds of initializers that take options, and the type of their options: a closed union. */
export interface InitializerOptions {
  varianceScaling: VarianceScalingOptions;
  randomNormal: RandomNormalOptions;
  randomUniform: RandomUniformOptions;
  values: ValuesOptions;
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
  /** How random words become values of a parameter. */
  readonly values: (options: Resolved<O>, shape: Shape) => BlockMap;
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
    values: ({ scale, mode, distribution }, shape) => {
      const { fanIn, fanOut } = fansOf(shape);
      const variance = scale / { fanIn, fanOut, fanAverage: (fanIn + fanOut) / 2 }[mode];
      switch (distribution) {
        case "uniform":
          return symmetricUniform(Math.sqrt(3 * variance));
        case "truncatedNormal":
          return truncatedNormal(Math.sqrt(variance) / truncatedDeviation);
        case "untruncatedNormal":
          return normal(0, Math.sqrt(variance));
      }
    },
  },
  randomNormal: {
    fields: { mean: numberField({}, 0), standardDeviation: numberField({ minimum: 0 }, 0.05) },
    values: ({ mean, standardDeviation }) => normal(mean, standardDeviation),
  },
  randomUniform: {
    fields: { minimum: numberField({}, -0.05), maximum: numberField({}, 0.05) },
    values: ({ minimum, maximum }) => uniform(minimum, maximum),
  },
  values: {
    fields: {
      values: field(
        "a list of numbers",
        (value): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite),
      ),
    },
    values: ({ values: given }, shape) => {
      if (given.length !== sizeOf(shape)) {
        throw new ShapeError(`${given.length} values cannot fill a parameter of ${formatShape(shape)}`, {
          where: "initializers.values",
          hint: `Give ${sizeOf(shape)} of them, the last axis fastest.`,
        });
      }
      return (_words, values) => {
        values.set(given);
        return values.length;
      };
    },
  },
};

/** The named ones: variance scaling, or one number for all values. */
const namedInitializers: { readonly [N in InitializerName]: Initializer<"varianceScaling"> | number } = {
  glorotUniform: scaled(1, "fanAverage", "uniform"),
  glorotNormal: scaled(1, "fanAverage", "truncatedNormal"),
  heUniform: scaled(2, "fanIn", "uniform"),
  heNormal: scaled(2, "fanIn", "truncatedNormal"),
  lecunUniform: scaled(1, "fanIn", "uniform"),
  lecunNormal: scaled(1, "fanIn", "truncatedNormal"),
  zeros: 0,
  ones: 1,
};

function scaled(
  scale: number,
  mode: "fanIn" | "fanAverage",
  distribution: "uniform" | "truncatedNormal",
): Initializer<"varianceScaling"> {
  return { kind: "varianceScaling", options: { scale, mode, distribution } };
}

/** All names, for checks and errors. */
export const initializerNames = Object.keys(namedInitializers) as readonly InitializerName[];

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
 * Draws a parameter, in steps of some 30 microseconds: a hundred million draws take two seconds, in which a thread may
 * have other work to do.
 *
 * @param stream - one of its own for each parameter, so that a new layer leaves the others' weights as they were
 */
export function* initialize(
  initializer: InitializerOption,
  shape: Shape,
  { key }: RandomStream,
): Generator<undefined, Tensor<"float32">> {
  const values = new Float32Array(sizeOf(shape));
  const described = typeof initializer === "string" ? namedInitializers[initializer] : initializer;
  if (typeof described === "number") values.fill(described);
  else yield* fillByBlocks(values, key, valuesOf(described, shape));
  return new Tensor("float32", shape, values);
}

function valuesOf<K extends InitializerKind>({ kind, options }: Initializer<K>, shape: Shape): BlockMap {
  return definitionOf(kind).values(options, shape);
}

/** Fan in and fan out: for a kernel [..., inputs, outputs] the receptive field times inputs, and times outputs. */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const inputs = shape[shape.length - 2] ?? 1;
  const outputs = shape[shape.length - 1] ?? 1;
  const receptiveField = sizeOf(shape.slice(0, -2));
  return { fanIn: receptiveField * inputs, fanOut: receptiveField * outputs };
}
