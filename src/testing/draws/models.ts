import type { OpKind } from "../../graph/index.ts";
import { noPadding } from "../../ops/index.ts";
import { floats, type OpDraw } from "./draw.ts";
import { namedConvolution } from "./images.ts";

/** A named op of a size that real nets have, which exceeds every block and tile of a kernel. */
export interface ModelOp {
  readonly name: string;
  readonly kind: OpKind;
  readonly draw: OpDraw<OpKind>;
}

function modelOp<K extends OpKind>(name: string, kind: K, draw: OpDraw<K>): ModelOp {
  return { name: `${kind} of ${name}`, kind, draw: draw as OpDraw<OpKind> };
}

function dense(batch: number, inputs: number, units: number): ModelOp[] {
  const name = `dense ${inputs} to ${units}, batch ${batch}`;
  const [x, w, dy] = [floats([batch, inputs], 1), floats([inputs, units], 2), floats([batch, units], 3)];
  const product = (transposeA: boolean, transposeB: boolean, a: typeof x, b: typeof x) =>
    modelOp(name, "matmul", { attributes: { transposeA, transposeB }, operands: [a, b] });
  return [product(false, false, x, w), product(false, true, dy, w), product(true, false, x, dy)];
}

function convolution(name: string, draws: ReturnType<typeof namedConvolution>): ModelOp[] {
  return [
    modelOp(name, "conv2d", draws.conv2d),
    modelOp(name, "conv2dInputGradient", draws.conv2dInputGradient),
    modelOp(name, "conv2dFilterGradient", draws.conv2dFilterGradient),
  ];
}

const alexnetResponse = { size: 5, alpha: 1e-4, beta: 0.75, bias: 2 };

const halving = { poolSize: [2, 2], strides: [2, 2], padding: noPadding, outputSize: [12, 12] } as const;

/** Ops of the sizes that the nets of the zoo have. */
export const modelOps: readonly ModelOp[] = [
  ...dense(17, 784, 512),
  ...dense(33, 3136, 10),
  ...convolution("lenet5, first", namedConvolution([8, 28, 28, 1], 6, 5, "same")),
  ...convolution("lenet5, second", namedConvolution([8, 14, 14, 6], 16, 5, "valid")),
  ...convolution("convnet, second", namedConvolution([4, 13, 13, 32], 64, 3, "valid")),
  ...convolution("3x3 of 64 channels", namedConvolution([1, 19, 17, 64], 64, 3, "same")),
  ...convolution("strided stem", namedConvolution([1, 40, 40, 3], 64, 7, "same", { stride: 2 })),
  ...convolution("depthwise", namedConvolution([2, 28, 28, 96], 96, 3, "same", { groups: 96 })),
  ...convolution("pointwise", namedConvolution([2, 14, 14, 192], 64, 1, "valid")),
  ...convolution("four groups", namedConvolution([2, 14, 14, 64], 64, 3, "same", { groups: 4 })),
  modelOp("convnet", "maxPool2d", { attributes: halving, operands: [floats([4, 24, 24, 32], 1)] }),
  modelOp("turning images for a dense layer", "transpose", {
    attributes: { permutation: [0, 3, 1, 2] },
    operands: [floats([2, 13, 11, 70], 1)],
  }),
  modelOp("a shuffle of channels", "transpose", {
    attributes: { permutation: [0, 1, 2, 4, 3] },
    operands: [floats([2, 9, 9, 3, 76], 1)],
  }),
  modelOp("alexnet", "localResponseNormalization", {
    attributes: alexnetResponse,
    operands: [floats([2, 27, 27, 96], 1)],
  }),
  modelOp("alexnet", "localResponseNormalizationGradient", {
    attributes: alexnetResponse,
    operands: [floats([2, 27, 27, 96], 1), floats([2, 27, 27, 96], 2)],
  }),
  modelOp("a wide batch", "batchMoments", { attributes: {}, operands: [floats([16, 28, 28, 32], 1)] }),
  modelOp("a bias's gradient", "reduceSum", {
    attributes: { axes: [0, 1, 2], keepDimensions: false },
    operands: [floats([16, 28, 28, 6], 1)],
  }),
  modelOp("a thousand classes", "softmax", { attributes: {}, operands: [floats([16, 1000], 1)] }),
];
