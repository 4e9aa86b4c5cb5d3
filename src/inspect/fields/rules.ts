/**
 * What each op looks at: for some elements of its result, the elements of its operands that these are computed from. Weights and
 * statistics count as operands too; whoever walks leaves them out.
 */
import type { Convolution2dAttributes, Node, OpKind, Pool2dAttributes, Taps } from "../../graph/index.ts";
import { windowReach } from "../../ops/index.ts";
import type { Shape } from "../../tensor/index.ts";
import { type AxisSet, all, everything, gathered, type Region, reshaped, unbroadcast } from "./region.ts";

/** One entry an operand; `null` where the operand has no part in it. */
type FieldRule<K extends OpKind> = (node: Node<K>, region: Region) => readonly (Region | null)[];

/** Element by element, operands stretched where they are smaller. */
const elementwise = ({ inputs, shape }: Node, region: Region) =>
  inputs.map((operand) => unbroadcast(region, shape, operand.shape));

/** The first operand element by element; others hold what all elements have in common. */
const firstOnly = ({ inputs }: Node, region: Region) =>
  inputs.map((_, index) => (index === 0 ? region : null));

/** Each element from all along the last axis. */
const alongLast = ({ shape }: Node, region: Region) => [region.with(-1, all(shape[shape.length - 1] ?? 1))];

/** Each element from everything: gradients, losses and data, which have no part in what a model gives. */
const fromEverything = ({ inputs }: Node) => inputs.map(({ shape }) => everything(shape));

/** Nothing to look at. */
const leaf = () => [];

/** How a window walks along one axis. */
interface Walk {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

function steps({ size, stride, dilation, before }: Walk, position: number): number[] {
  return Array.from({ length: size }, (_, step) => position * stride - before + step * dilation);
}

function convolutionWalks({ strides, dilations, padding }: Convolution2dAttributes, filter: Shape) {
  return [padding.top, padding.left].map((before, axis) => ({
    size: filter[axis] ?? 1,
    stride: strides[axis] ?? 1,
    dilation: dilations[axis] ?? 1,
    before,
  }));
}

function pooling({ attributes, inputs: [x] }: Node<"maxPool2d" | "averagePool2d">, region: Region) {
  const { poolSize, strides, padding }: Pool2dAttributes = attributes;
  const [batch, rows, columns, channels] = region;
  const along = (axis: 0 | 1, set: AxisSet) => {
    const before = axis === 0 ? padding.top : padding.left;
    const walk = { size: poolSize[axis], stride: strides[axis], dilation: 1, before };
    return gathered(set, x.shape[axis + 1] ?? 1, (position) => steps(walk, position));
  };
  return [[batch, along(0, rows), along(1, columns), channels]];
}

/** Channels of the groups that some channels belong to. */
function ofGroups(set: AxisSet, groups: number, size: number): AxisSet {
  const [own, other] = [set.length / groups, size / groups];
  const result = new Uint8Array(size);
  for (let group = 0; group < groups; group++) {
    const isSeen = set.subarray(group * own, (group + 1) * own).includes(1);
    if (isSeen) result.fill(1, group * other, (group + 1) * other);
  }
  return result;
}

function tapped(set: AxisSet, taps: readonly Taps[], size: number): AxisSet {
  return gathered(set, size, (position) =>
    taps[position].filter(([, weight]) => weight !== 0).map(([source]) => source),
  );
}

/** All kinds: a missing one is a compile error. */
export const fieldRules: { readonly [K in OpKind]: FieldRule<K> } = {
  input: leaf,
  variable: leaf,
  constant: leaf,

  add: elementwise,
  subtract: elementwise,
  multiply: elementwise,
  divide: elementwise,
  affine: elementwise,
  channelAffine: elementwise,
  clip: elementwise,
  clipGradient: elementwise,

  reshape: ({ inputs: [x], shape }, region) => [reshaped(region, shape, x.shape)],
  pad: ({ inputs: [x], attributes: { before } }, region) => [
    region.map((set, axis) => gathered(set, x.shape[axis], (position) => [position - before[axis]])),
  ],
  slice: ({ inputs: [x], attributes: { begin } }, region) => [
    region.map((set, axis) => gathered(set, x.shape[axis], (position) => [position + begin[axis]])),
  ],
  concatenate: ({ inputs, attributes: { axis } }, region) => {
    let begin = 0;
    return inputs.map(({ shape }) => {
      const end = begin + shape[axis];
      const own = region.with(axis, region[axis].subarray(begin, end));
      begin = end;
      return own;
    });
  },
  transpose: ({ attributes: { permutation } }, region) => [
    permutation.map((_, axis) => region[permutation.indexOf(axis)]),
  ],
  broadcast: elementwise,
  reduceSum: ({ inputs: [x], attributes: { axes, keepDimensions } }, region) => {
    let kept = 0;
    return [
      x.shape.map((size, axis) => {
        const isReduced = axes.includes(axis);
        const set = isReduced ? all(size) : region[keepDimensions ? axis : kept];
        if (!isReduced) kept++;
        return set;
      }),
    ];
  },

  matmul: ({ inputs: [a, b], attributes: { transposeA, transposeB } }, [rows, columns]) => {
    const inner = all(a.shape[transposeA ? 0 : 1] ?? b.shape[0] ?? 1);
    return [transposeA ? [inner, rows] : [rows, inner], transposeB ? [columns, inner] : [inner, columns]];
  },
  conv2d: ({ inputs: [x, filter], attributes }, [batch, rows, columns, channels]) => {
    const [down, across] = convolutionWalks(attributes, filter.shape);
    const [, height = 1, width = 1, inputChannels = 1] = x.shape;
    return [
      [
        batch,
        gathered(rows, height, (position) => steps(down, position)),
        gathered(columns, width, (position) => steps(across, position)),
        ofGroups(channels, attributes.groups, inputChannels),
      ],
      everything(filter.shape),
    ];
  },
  // Also what a transposed convolution is: row i of x spreads over the rows that the window at i would look at.
  conv2dInputGradient: ({ inputs: [dy, filter], attributes }, [batch, rows, columns, channels]) => {
    const [down, across] = convolutionWalks(attributes, filter.shape);
    const [, height = 1, width = 1, outputChannels = 1] = dy.shape;
    const seenBy = (walk: Walk, size: number, set: AxisSet) =>
      Uint8Array.from({ length: size }, (_, position) =>
        steps(walk, position).some((step) => set[step] === 1) ? 1 : 0,
      );
    return [
      [
        batch,
        seenBy(down, height, rows),
        seenBy(across, width, columns),
        ofGroups(channels, attributes.groups, outputChannels),
      ],
      everything(filter.shape),
    ];
  },
  conv2dFilterGradient: fromEverything,

  maxPool2d: pooling,
  maxPool2dGradient: fromEverything,
  averagePool2d: pooling,
  averagePool2dGradient: fromEverything,
  adaptiveAveragePool2d: ({ inputs: [x], attributes: { outputSize } }, [batch, rows, columns, channels]) => {
    const along = (axis: 0 | 1, set: AxisSet) => {
      const [from, to] = [x.shape[axis + 1] ?? 1, outputSize[axis]];
      return gathered(set, from, (position) => {
        const begin = Math.floor((position * from) / to);
        return Array.from(
          { length: Math.ceil(((position + 1) * from) / to) - begin },
          (_, step) => begin + step,
        );
      });
    };
    return [[batch, along(0, rows), along(1, columns), channels]];
  },
  adaptiveAveragePool2dGradient: fromEverything,

  resample2d: ({ inputs: [x], attributes }, [batch, rows, columns, channels]) => [
    [
      batch,
      tapped(rows, attributes.rows, x.shape[1] ?? 1),
      tapped(columns, attributes.columns, x.shape[2] ?? 1),
      channels,
    ],
  ],
  localResponseNormalization: ({ shape, attributes: { size } }, region) => {
    const { before, behind } = windowReach(size);
    const channels = shape[shape.length - 1] ?? 1;
    const near = (channel: number) =>
      Array.from({ length: before + behind + 1 }, (_, step) => channel - before + step);
    return [region.with(-1, gathered(region[region.length - 1], channels, near))];
  },
  localResponseNormalizationGradient: fromEverything,

  relu: elementwise,
  reluGradient: elementwise,
  leakyRelu: elementwise,
  leakyReluGradient: elementwise,
  hardSwish: elementwise,
  hardSwishGradient: elementwise,
  sigmoid: elementwise,
  sigmoidGradient: elementwise,
  tanh: elementwise,
  tanhGradient: elementwise,
  gelu: elementwise,
  geluGradient: elementwise,
  softmax: alongLast,
  softmaxGradient: fromEverything,
  logSoftmax: alongLast,
  logSoftmaxGradient: fromEverything,

  dropout: firstOnly,

  // Moments are running statistics in inference.
  batchMoments: fromEverything,
  batchMomentsGradient: fromEverything,
  batchNormalize: firstOnly,
  batchNormalizeReduce: fromEverything,
  batchNormalizeInputGradient: firstOnly,
  batchNormalizeMomentsGradient: fromEverything,

  softmaxCrossEntropy: fromEverything,
  softmaxCrossEntropyGradient: fromEverything,
  oneHot: fromEverything,
  topKHits: fromEverything,

  loadImages: fromEverything,
  loadRows: fromEverything,
  loadLabels: fromEverything,
  warpImages: fromEverything,
  mixExamples: fromEverything,
};

/** What a node of any kind looks at. */
export function fieldsOf(node: Node, region: Region): readonly (Region | null)[] {
  return (fieldRules[node.kind] as FieldRule<typeof node.kind>)(node, region);
}
