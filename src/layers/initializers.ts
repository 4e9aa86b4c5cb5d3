import {
  type RandomKey,
  type RandomStream,
  type Shape,
  sizeOf,
  Tensor,
  threefry2x32,
} from "../tensor/index.ts";

/**
 * How a parameter is drawn before training. With fan in and fan out as Keras counts them (receptive field times
 * input or output channels), s is the scale of the variance:
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

type Initializer = (shape: Shape, stream: RandomStream) => Float32Array;

/** Standard deviation of a standard normal distribution that is cut off at -2 and 2. */
const truncatedDeviation = 0.8796256610342398;

const glorot = (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut);
const he = (fanIn: number) => 2 / fanIn;
const lecun = (fanIn: number) => 1 / fanIn;

const initializers: { readonly [N in InitializerName]: Initializer } = {
  glorotUniform: uniform(glorot),
  glorotNormal: normal(glorot),
  heUniform: uniform(he),
  heNormal: normal(he),
  lecunUniform: uniform(lecun),
  lecunNormal: normal(lecun),
  zeros: (shape) => new Float32Array(sizeOf(shape)),
  ones: (shape) => new Float32Array(sizeOf(shape)).fill(1),
};

/** All names, for checks and errors. */
export const initializerNames = Object.keys(initializers) as readonly InitializerName[];

/**
 * Draws a parameter.
 *
 * @param stream - one of its own for each parameter, so that a new layer leaves the others' weights as they were
 */
export function initialize(name: InitializerName, shape: Shape, stream: RandomStream): Tensor<"float32"> {
  return new Tensor("float32", shape, initializers[name](shape, stream));
}

/** Fan in and fan out: for a kernel [..., inputs, outputs] the receptive field times inputs, and times outputs. */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const inputs = shape[shape.length - 2] ?? 1;
  const outputs = shape[shape.length - 1] ?? 1;
  const receptiveField = sizeOf(shape.slice(0, -2));
  return { fanIn: receptiveField * inputs, fanOut: receptiveField * outputs };
}

function uniform(variance: (fanIn: number, fanOut: number) => number): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fansOf(shape);
    const limit = Math.sqrt(3 * variance(fanIn, fanOut));
    const values = new Float32Array(sizeOf(shape));
    for (let index = 0; index < values.length; index++) values[index] = (2 * stream.uniform() - 1) * limit;
    return values;
  };
}

function normal(variance: (fanIn: number, fanOut: number) => number): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fansOf(shape);
    const deviation = Math.sqrt(variance(fanIn, fanOut)) / truncatedDeviation;
    const values = new Float32Array(sizeOf(shape));
    for (let filled = 0, counter = 0; filled < values.length; counter++) {
      for (const value of normalPair(stream.key, counter)) {
        // Draws beyond two standard deviations are thrown away: about one in 22.
        if (Math.abs(value) <= 2 && filled < values.length) values[filled++] = value * deviation;
      }
    }
    return values;
  };
}

/** Two standard normal draws by Box and Muller's transform: sqrt(-2 ln u) times the cosine and sine of 2 pi v. */
function normalPair(key: RandomKey, counter: number): readonly [number, number] {
  const [first, second] = threefry2x32(key, counter >>> 0, Math.floor(counter / 2 ** 32));
  const radius = Math.sqrt(-2 * Math.log(1 - first / 2 ** 32));
  const angle = (2 * Math.PI * second) / 2 ** 32;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
