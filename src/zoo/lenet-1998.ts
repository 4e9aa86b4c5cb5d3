/**
 * LeNet-5 as it was published (LeCun, Bottou, Bengio and Haffner: "Gradient-based learning applied to document recognition",
 * 1998, section II.B): 60,000 trained parameters. Layers have the paper's names; every one up to F6 squashes its sums by
 * 1.7159 tanh(2/3 x).
 *
 * The output is one radial basis function for each class, the squared distance between F6 and a drawing of the digit. Its
 * sign is turned here, so that the greatest output wins as in other nets; `losses.maximumAPosteriori` is the paper's
 * loss for it (equation 9).
 *
 * Deviations from the paper: the drawings are after its figure 3, which gives no numbers (`lenet-codes.ts`); images are
 * expected at 28 x 28, and brought to its 32 x 32 in the net; and training is by any optimizer, not by diagonal
 * approximations of the Hessian.
 */
import { type Initializer, initializers, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import { codeLength, codeOf } from "./lenet-codes.ts";
import { checkImageSize, type ZooOptions, zooOptions } from "./options.ts";

/** Paper is -0.1, ink 1.175: mean and variance of a pixel are then about 0 and 1. */
const paper = -0.1;
const ink = 1.175;

/** Strides and poolings leave one pixel of it; the paper's 28 leave one pixel of C5 too. */
const smallestImage = 28;

/** Neighbouring maps. */
type Stretch = readonly [first: number, count: number];

/** The paper's table I: the maps of S2 that each map of C3 sees, as stretches; S2's six maps go round. */
const connections: Readonly<Record<"three" | "four" | "six", readonly (readonly Stretch[])[]>> = {
  /** Maps 0 to 5: three neighbours. */
  three: [0, 1, 2, 3, 4, 5].map((map) => [[map, 3]]),
  /** Maps 6 to 14: four neighbours; and three times two and two. */
  four: [
    ...[0, 1, 2, 3, 4, 5].map((map): Stretch[] => [[map, 4]]),
    ...[0, 1, 2].map((map): Stretch[] => [
      [map, 2],
      [map + 3, 2],
    ]),
  ],
  /** Map 15: all. */
  six: [[[0, 6]]],
};

/** Uniform on [-2.4 / fanIn, 2.4 / fanIn), weights and biases alike. */
function drawn(fanIn: number): { readonly [O in "kernelInitializer" | "biasInitializer"]: Initializer } {
  const values = initializers.randomUniform({ minimum: -2.4 / fanIn, maximum: 2.4 / fanIn });
  return { kernelInitializer: values, biasInitializer: values };
}

/** 1.7159 tanh(2/3 x): about the identity between -1 and 1, and 1 at 1. */
function squash(x: SymbolicTensor, name: string): SymbolicTensor {
  const inner = layers.rescaling({ name: `${name}.slope`, scale: 2 / 3 }).apply(x);
  const bent = layers.activation({ name: `${name}.tanh`, activation: "tanh" }).apply(inner);
  return layers.rescaling({ name: `${name}.squash`, scale: 1.7159 }).apply(bent);
}

/** A 5 x 5 convolution; `groups` maps that each see as many channels of their own. */
function convolution(x: SymbolicTensor, name: string, filters: number, groups = 1): SymbolicTensor {
  const fanIn = (25 * x.shape[2]) / groups;
  return layers.conv2d({ name, filters, kernelSize: 5, groups, ...drawn(fanIn) }).apply(x);
}

/** The sum of 2 x 2 values, times a coefficient, plus a bias, both trained and one for each map. */
function subsample(x: SymbolicTensor, name: string): SymbolicTensor {
  const mean = layers.averagePool2d({ name: `${name}.mean` }).apply(x);
  const sum = layers.rescaling({ name: `${name}.sum`, scale: 4 }).apply(mean);
  const { kernelInitializer, biasInitializer } = drawn(4);
  const trained = layers.scale({ name, weightInitializer: kernelInitializer, biasInitializer });
  return squash(trained.apply(sum), name);
}

/** C3: maps with the same number of inputs are the groups of one convolution. */
function connected(x: SymbolicTensor, name: string): SymbolicTensor {
  // Twice round, so that every stretch is whole.
  const round = layers.concatenate({ name: `${name}.round` }).apply([x, x]);
  const maps = Object.entries(connections).map(([own, tables]) => {
    const seen = tables.flatMap((stretches, map) =>
      stretches.map(([begin, count], index) =>
        layers.slice({ name: `${name}.${own}.${map}.${index}`, begin, end: begin + count }).apply(round),
      ),
    );
    const joined =
      seen.length === 1 ? seen[0] : layers.concatenate({ name: `${name}.${own}.inputs` }).apply(seen);
    return convolution(joined, `${name}.${own}`, tables.length, tables.length);
  });
  return squash(layers.concatenate({ name: `${name}.maps` }).apply(maps), name);
}

/** Minus the squared distances to the codes of the classes: -sum over j of (x[j] - code[c][j])^2. */
function distances(x: SymbolicTensor, name: string, classes: number): SymbolicTensor {
  const row = layers.reshape({ name: `${name}.row`, targetShape: [1, codeLength] }).apply(x);
  const codes = layers.arithmetic({
    name,
    operation: "subtract",
    shape: [classes, codeLength],
    initializer: initializers.values({ values: Array.from({ length: classes }, (_, c) => codeOf(c)).flat() }),
    trainable: false,
  });
  const differences = codes.apply(row);
  const squares = layers.multiply({ name: `${name}.squares` }).apply([differences, differences]);
  const means = layers.reduceMean({ name: `${name}.mean`, axes: -1 }).apply(squares);
  return layers.rescaling({ name: `${name}.distance`, scale: -codeLength }).apply(means);
}

/** @throws OptionError for a wrong option, ShapeError for images below 28 x 28 */
export function lenet1998(options: ZooOptions = {}): Model {
  const name = "lenet5:1998";
  const { classes, inputShape } = zooOptions(name, options);
  checkImageSize(name, inputShape, smallestImage);
  const image = input({ shape: inputShape });
  const padded = layers.padding2d({ name: "padding", padding: 2, value: paper }).apply(image);
  const c1 = squash(convolution(padded, "c1", 6), "c1");
  const s2 = subsample(c1, "s2");
  const c3 = connected(s2, "c3");
  const s4 = subsample(c3, "s4");
  const c5 = squash(convolution(s4, "c5", 120), "c5");
  const flat = layers.flatten({ name: "flatten" }).apply(c5);
  const dense = layers.dense({ name: "f6", units: codeLength, ...drawn(flat.shape[0]) });
  const f6 = squash(dense.apply(flat), "f6");
  return functional(
    { inputs: image, outputs: distances(f6, "rbf", classes), taps: { c1, s2, c3, s4, c5, f6 } },
    { name, preprocessing: { scale: (ink - paper) / 255, offset: paper } },
  );
}
