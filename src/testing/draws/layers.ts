import fc from "fast-check";
import { activationNames } from "../../layers/activations.ts";
import {
  type ActivationName,
  Layer,
  type LayerKind,
  type LayerOptions,
  layers,
  type SymbolicTensor,
} from "../../layers/index.ts";
import { coordinateNames, interpolations, roundingNames } from "../../layers/sampling.ts";
import { functional, input, type Model } from "../../models/index.ts";
import type { Shape } from "../../tensor/index.ts";

/** A layer of one kind in a small model: plain data, so that a counterexample prints and shrinks. */
export interface LayerDraw<K extends LayerKind = LayerKind> {
  readonly kind: K;
  /** Of the model's input. */
  readonly shape: Shape;
  /** What comes before the layer: axes in another order (as `layers.permute` takes them), or all values in a row. */
  readonly lead: readonly number[] | "flatten" | null;
  readonly options: LayerOptions[K];
  /** Inputs beside the first: of its shape, or its mean over an axis, which is stretched. */
  readonly others: readonly ("same" | number)[];
  /** Whether a dense layer ends the model. */
  readonly dense: boolean;
}

/** The model of a draw; null where the layer refuses what was drawn. */
export function modelOfDraw<K extends LayerKind>(draw: LayerDraw<K>): Model | null {
  try {
    const x = input({ shape: draw.shape, name: "image" });
    const first = leadIn(x, draw.lead);
    const inputs = draw.others.map((other) =>
      other === "same"
        ? layers.activation({ activation: "tanh" }).apply(first)
        : layers.reduceMean({ axes: other, keepDimensions: true }).apply(first),
    );
    const layer = new Layer(draw.kind, { ...draw.options, name: "drawn" });
    const y = layer.apply([first, ...inputs]);
    if (!draw.dense) return functional({ inputs: x, outputs: y });
    const dense = layers.dense({ units: 3, name: "last" });
    return functional({ inputs: x, outputs: dense.apply(layers.flatten().apply(y)) });
  } catch {
    return null;
  }
}

function leadIn(x: SymbolicTensor, lead: LayerDraw["lead"]): SymbolicTensor {
  if (lead === null) return x;
  return lead === "flatten" ? layers.flatten().apply(x) : layers.permute({ dims: lead }).apply(x);
}

const size = fc.integer({ min: 1, max: 7 });
const images = fc.tuple(size, size, fc.integer({ min: 1, max: 5 }));
const pairs = (minimum: number, maximum: number) =>
  fc.tuple(fc.integer({ min: minimum, max: maximum }), fc.integer({ min: minimum, max: maximum }));
const orders = fc.shuffledSubarray([1, 2, 3], { minLength: 3 });
const activations = fc.constantFrom<ActivationName>(...activationNames);
const numbers = fc.constantFrom(-1.5, -0.25, 0.5, 1, 2);
const sides = fc.record({ top: fc.nat(2), bottom: fc.nat(2), left: fc.nat(2), right: fc.nat(2) });
const paddings = fc.oneof(fc.constantFrom("same" as const, "valid" as const), fc.nat(2), pairs(0, 2), sides);

/** Layers of images, which are also put behind axes in another order. */
function ofImages<K extends LayerKind>(
  kind: K,
  options: fc.Arbitrary<LayerOptions[K]>,
): fc.Arbitrary<LayerDraw<K>> {
  return fc.record({
    kind: fc.constant(kind),
    shape: images,
    lead: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: orders }),
    options,
    others: fc.constant([]),
    dense: fc.boolean(),
  });
}

/** Layers that take values of any number of axes. @param others - inputs beside the first */
function ofAll<K extends LayerKind>(
  kind: K,
  options: fc.Arbitrary<LayerOptions[K]>,
  others: fc.Arbitrary<LayerDraw["others"]> = fc.constant([]),
): fc.Arbitrary<LayerDraw<K>> {
  const leads = fc.oneof(fc.constant(null), orders, fc.constant("flatten" as const));
  const shapes = fc.oneof(
    fc.tuple(images, leads),
    fc.tuple(fc.array(size, { minLength: 1, maxLength: 2 }), fc.constant(null)),
  );
  return fc
    .record({ place: shapes, options, others, dense: fc.boolean() })
    .map(({ place: [shape, lead], ...rest }) => ({ kind, shape, lead, ...rest }));
}

const none = fc.constant({});
const axes = fc.constantFrom(-1, 1, 2, 3);
const several = fc.array(fc.constantFrom("same" as const, 1, -1), { minLength: 1, maxLength: 2 });
const one = fc.constantFrom("same" as const, 1, -1).map((other) => [other]);
const perChannel = fc.oneof(numbers, fc.array(numbers, { minLength: 1, maxLength: 5 }));
const biased = { useBias: fc.boolean(), activation: activations };
const window = { strides: pairs(1, 3), dilationRate: pairs(1, 2), padding: paddings };
const pool = fc.record({
  poolSize: pairs(1, 3),
  strides: fc.option(pairs(1, 3)),
  padding: paddings,
  ceilMode: fc.boolean(),
});

/** Generators of every kind of layer: a missing one is a compile error. */
export const layerDraws: { readonly [K in LayerKind]: fc.Arbitrary<LayerDraw> | null } = {
  // It is in every draw.
  input: null,
  dense: ofAll("dense", fc.record({ units: fc.integer({ min: 1, max: 4 }), ...biased })),
  conv2d: ofImages(
    "conv2d",
    fc.record({
      filters: fc.constantFrom(2, 4, 3),
      kernelSize: pairs(1, 3),
      groups: fc.constantFrom(1, 1, 2),
      ...window,
      ...biased,
    }),
  ),
  conv2dTranspose: ofImages(
    "conv2dTranspose",
    fc.record({
      filters: fc.constantFrom(2, 4, 3),
      kernelSize: pairs(1, 3),
      groups: fc.constantFrom(1, 1, 2),
      outputPadding: fc.constantFrom<[number, number]>([0, 0], [0, 0], [1, 0], [1, 1]),
      ...window,
      ...biased,
    }),
  ),
  depthwiseConv2d: ofImages(
    "depthwiseConv2d",
    fc.record({
      kernelSize: pairs(1, 3),
      depthMultiplier: fc.integer({ min: 1, max: 2 }),
      ...window,
      ...biased,
    }),
  ),
  separableConv2d: ofImages(
    "separableConv2d",
    fc.record({
      filters: fc.constantFrom(2, 3),
      kernelSize: pairs(1, 3),
      depthMultiplier: fc.integer({ min: 1, max: 2 }),
      ...window,
      ...biased,
    }),
  ),
  maxPool2d: ofImages("maxPool2d", pool),
  averagePool2d: ofImages(
    "averagePool2d",
    fc.tuple(pool, fc.boolean()).map(([options, countPadding]) => ({ ...options, countPadding })),
  ),
  adaptiveAveragePool2d: ofImages("adaptiveAveragePool2d", fc.record({ outputSize: pairs(1, 4) })),
  blurPool2d: ofImages(
    "blurPool2d",
    fc.record({ filterSize: fc.integer({ min: 2, max: 7 }), strides: pairs(1, 3) }),
  ),
  globalAveragePool2d: ofImages("globalAveragePool2d", fc.record({ keepDimensions: fc.boolean() })),
  globalMaxPool2d: ofImages("globalMaxPool2d", fc.record({ keepDimensions: fc.boolean() })),
  flatten: ofAll("flatten", none),
  reshape: ofAll(
    "reshape",
    fc.record({ targetShape: fc.constantFrom([-1], [1, 1, -1], [1, -1], [-1, 1, 1], [2, -1], [-1, 2, 1]) }),
  ),
  permute: ofImages("permute", fc.record({ dims: orders })),
  slice: ofAll(
    "slice",
    fc.record({ axis: axes, begin: fc.constantFrom(0, 1, -2), end: fc.constantFrom(null, 2, -1) }),
  ),
  zeroPadding2d: ofImages("zeroPadding2d", fc.record({ padding: sides })),
  padding2d: ofImages(
    "padding2d",
    fc.record({ padding: sides, mode: fc.constantFrom("constant", "edge", "reflect"), value: numbers }),
  ),
  cropping2d: ofImages("cropping2d", fc.record({ cropping: sides })),
  upSampling2d: ofImages(
    "upSampling2d",
    fc.record({ size: pairs(1, 3), interpolation: fc.constantFrom(...interpolations) }),
  ),
  resize2d: ofImages(
    "resize2d",
    fc.record({
      outputSize: fc.oneof(fc.constant(null), pairs(1, 9), pairs(1, 9)),
      scale: fc.constantFrom(null, 2, 0.5, 1.7),
      interpolation: fc.constantFrom(...interpolations),
      coordinates: fc.constantFrom(...coordinateNames),
      rounding: fc.constantFrom(...roundingNames),
    }),
  ),
  add: ofAll("add", none, several),
  subtract: ofAll("subtract", none, one),
  multiply: ofAll("multiply", none, several),
  divide: ofAll("divide", none, one),
  average: ofAll("average", none, several),
  concatenate: ofAll(
    "concatenate",
    fc.record({ axis: axes }),
    fc.array(fc.constant("same" as const), { minLength: 1, maxLength: 2 }),
  ),
  reduceMean: ofAll(
    "reduceMean",
    fc.record({ axes: fc.oneof(axes, fc.constant([1, 2])), keepDimensions: fc.boolean() }),
  ),
  rescaling: ofAll("rescaling", fc.record({ scale: perChannel, offset: perChannel })),
  scale: ofAll("scale", fc.record({ scale: fc.boolean(), center: fc.boolean() })),
  arithmetic: ofAll(
    "arithmetic",
    fc.record({
      operation: fc.constantFrom("add", "subtract", "multiply", "divide"),
      shape: fc.constantFrom([1], [3], [3, 1], [1, 1, 3], [2, 3, 1]),
      reversed: fc.boolean(),
    }),
  ),
  activation: ofAll("activation", fc.record({ activation: activations })),
  clip: ofAll("clip", fc.record({ minimum: fc.constantFrom(-1, 0), maximum: fc.constantFrom(0.5, 6) })),
  leakyRelu: ofAll("leakyRelu", fc.record({ slope: numbers })),
  prelu: ofAll("prelu", fc.record({ sharedAxes: fc.constantFrom<number[][]>([], [1], [1, 2], [-1]) })),
  softmax: ofAll("softmax", fc.record({ axis: axes })),
  logSoftmax: ofAll("logSoftmax", fc.record({ axis: axes })),
  dropout: ofAll("dropout", fc.record({ rate: fc.constantFrom(0, 0.5) })),
  batchNormalization: ofAll(
    "batchNormalization",
    fc.record({ epsilon: fc.constantFrom(1e-3, 1e-5), center: fc.boolean(), scale: fc.boolean() }),
  ),
  localResponseNormalization: ofAll(
    "localResponseNormalization",
    fc.record({
      // Windows of even sizes are ONNX's too, but onnxruntime refuses them.
      size: fc.constantFrom(1, 3, 5),
      alpha: fc.constantFrom(1e-4, 0.5, 2),
      beta: fc.constantFrom(0.75, 0.5),
      bias: fc.constantFrom(1, 2),
    }),
  ),
};
