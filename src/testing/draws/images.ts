import fc from "fast-check";
import type { Convolution2dAttributes, Padding2d, Pool2dAttributes, Size2d } from "../../graph/index.ts";
import {
  convolutionOutputSize,
  dilatedSize,
  noPadding,
  poolOutputSize,
  resolvePadding,
} from "../../ops/index.ts";
import type { Shape } from "../../tensor/index.ts";
import {
  batches,
  channelCounts,
  type DrawnOperand,
  type DrawScale,
  floats,
  type OpDraw,
  type OpDraws,
  seeds,
  sides,
} from "./draw.ts";

type Kinds =
  | "conv2d"
  | "conv2dInputGradient"
  | "conv2dFilterGradient"
  | "maxPool2d"
  | "maxPool2dGradient"
  | "averagePool2d"
  | "averagePool2dGradient"
  | "adaptiveAveragePool2d"
  | "adaptiveAveragePool2dGradient";

interface Convolution {
  readonly attributes: Convolution2dAttributes;
  readonly x: Shape;
  readonly filter: Shape;
  readonly y: Shape;
  readonly seed: number;
}

const pair = (arbitrary: fc.Arbitrary<number>) => fc.tuple(arbitrary, arbitrary);

function convolutionOf(
  attributes: Convolution2dAttributes,
  x: readonly [number, number, number, number],
  kernelSize: Size2d,
  filters: number,
  seed: number,
): Convolution {
  const { strides, padding, dilations, groups } = attributes;
  // A drawn image that the window does not fit in grows until it does.
  const height = Math.max(x[1], dilatedSize(kernelSize[0], dilations[0]) - padding.top - padding.bottom);
  const width = Math.max(x[2], dilatedSize(kernelSize[1], dilations[1]) - padding.left - padding.right);
  const rows = convolutionOutputSize(
    height,
    kernelSize[0],
    strides[0],
    dilations[0],
    padding.top,
    padding.bottom,
  );
  const columns = convolutionOutputSize(
    width,
    kernelSize[1],
    strides[1],
    dilations[1],
    padding.left,
    padding.right,
  );
  const filter = [...kernelSize, x[3] / groups, filters];
  return { attributes, x: [x[0], height, width, x[3]], filter, y: [x[0], rows, columns, filters], seed };
}

/** The convolutions that nets are made of: square kernels, stride 1, "same" or "valid". */
function commonConvolutions(scale: DrawScale): fc.Arbitrary<Convolution> {
  return fc
    .record({
      batch: batches(scale),
      size: pair(sides(scale)),
      channels: channelCounts(scale),
      filters: channelCounts(scale),
      kernel: scale === "small" ? fc.constantFrom(1, 3) : fc.constantFrom(1, 3, 3, 5),
      same: fc.boolean(),
      seed: seeds,
    })
    .map(({ batch, size, channels, filters, kernel, same, seed }) => {
      const kernelSize: Size2d = [kernel, kernel];
      const padding = resolvePadding(same ? "same" : "valid", {
        inputSize: size,
        kernelSize,
        strides: [1, 1],
      });
      const attributes: Convolution2dAttributes = { strides: [1, 1], padding, dilations: [1, 1], groups: 1 };
      return convolutionOf(attributes, [batch, size[0], size[1], channels], kernelSize, filters, seed);
    });
}

/** Any strides, asymmetric padding and dilations, and groups: none, two, or one for each channel. */
function anyConvolutions(scale: DrawScale): fc.Arbitrary<Convolution> {
  const pads = fc.nat(3);
  return fc
    .record({
      batch: batches(scale),
      size: pair(sides(scale)),
      perGroup: scale === "small" ? fc.constantFrom(1, 2) : channelCounts(scale),
      filtersPerGroup: scale === "small" ? fc.constantFrom(1, 2) : fc.constantFrom(1, 2, 3, 8, 17),
      groups: fc.constantFrom(1, 1, 2, 3),
      depthwise: fc.boolean(),
      kernelSize: pair(fc.integer({ min: 1, max: scale === "small" ? 3 : 5 })),
      strides: pair(fc.integer({ min: 1, max: 3 })),
      dilations: pair(fc.integer({ min: 1, max: 2 })),
      padding: fc.record({ top: pads, bottom: pads, left: pads, right: pads }),
      seed: seeds,
    })
    .map(
      ({
        batch,
        size,
        perGroup,
        filtersPerGroup,
        groups,
        depthwise,
        kernelSize,
        strides,
        dilations,
        padding,
        seed,
      }) => {
        // Depthwise: every channel is a group of its own.
        const groupCount = depthwise && groups > 1 ? perGroup : groups;
        const channels = depthwise && groups > 1 ? perGroup : perGroup * groups;
        const filters = Math.min(filtersPerGroup, groupCount > 3 ? 2 : 17) * groupCount;
        const attributes: Convolution2dAttributes = { strides, padding, dilations, groups: groupCount };
        return convolutionOf(attributes, [batch, size[0], size[1], channels], kernelSize, filters, seed);
      },
    );
}

interface Pool {
  readonly attributes: Pool2dAttributes;
  readonly x: DrawnOperand;
  readonly y: Shape;
  readonly countPadding: boolean;
  readonly seed: number;
}

function limitPadding(padding: Padding2d, poolSize: Size2d): Padding2d {
  const [vertical, horizontal] = [poolSize[0] - 1, poolSize[1] - 1];
  return {
    top: Math.min(padding.top, vertical),
    bottom: Math.min(padding.bottom, vertical),
    left: Math.min(padding.left, horizontal),
    right: Math.min(padding.right, horizontal),
  };
}

/** Overlapping, disjoint and gapped windows, asymmetric padding, floor and ceil mode, ties. */
function pools(scale: DrawScale): fc.Arbitrary<Pool> {
  const pads = fc.nat(2);
  return fc
    .record({
      batch: batches(scale),
      size: pair(sides(scale)),
      channels: channelCounts(scale),
      poolSize: pair(fc.integer({ min: 1, max: 4 })),
      strides: pair(fc.integer({ min: 1, max: 3 })),
      padding: fc.oneof(
        fc.constant(noPadding),
        fc.record({ top: pads, bottom: pads, left: pads, right: pads }),
      ),
      ceilMode: fc.boolean(),
      countPadding: fc.boolean(),
      fill: fc.constantFrom("distinct" as const, "tied" as const),
      seed: seeds,
    })
    .map(
      ({ batch, size, channels, poolSize, strides, padding: drawn, ceilMode, countPadding, fill, seed }) => {
        const padding = limitPadding(drawn, poolSize);
        const height = Math.max(size[0], poolSize[0] - padding.top - padding.bottom);
        const width = Math.max(size[1], poolSize[1] - padding.left - padding.right);
        const outputSize: Size2d = [
          poolOutputSize(height, poolSize[0], strides[0], padding.top, padding.bottom, ceilMode),
          poolOutputSize(width, poolSize[1], strides[1], padding.left, padding.right, ceilMode),
        ];
        const shape = [batch, height, width, channels];
        return {
          attributes: { poolSize, strides, padding, outputSize },
          x: { shape, dtype: "float32" as const, fill: { kind: fill, seed } },
          y: [batch, ...outputSize, channels],
          countPadding,
          seed: seed + 1,
        };
      },
    );
}

/** Operands and attributes of a convolution and its two gradients. */
function convolutionDraws({ attributes, x, filter, y, seed }: Convolution): ConvolutionDraws {
  return {
    conv2d: { attributes, operands: [floats(x, seed), floats(filter, seed + 1)] },
    conv2dInputGradient: {
      attributes: { ...attributes, inputShape: x },
      operands: [floats(y, seed), floats(filter, seed + 1)],
    },
    conv2dFilterGradient: {
      attributes: { ...attributes, filterShape: filter },
      operands: [floats(x, seed), floats(y, seed + 1)],
    },
  };
}

type ConvolutionKinds = "conv2d" | "conv2dInputGradient" | "conv2dFilterGradient";
type ConvolutionDraws = { readonly [K in ConvolutionKinds]: OpDraw<K> };

/** A convolution as published nets have them, larger than what is drawn. */
export function namedConvolution(
  x: readonly [number, number, number, number],
  filters: number,
  kernel: number,
  padding: "same" | "valid",
  { stride = 1, groups = 1 }: { readonly stride?: number; readonly groups?: number } = {},
): ConvolutionDraws {
  const kernelSize: Size2d = [kernel, kernel];
  const strides: Size2d = [stride, stride];
  const resolved = resolvePadding(padding, { inputSize: [x[1], x[2]], kernelSize, strides });
  const attributes: Convolution2dAttributes = { strides, padding: resolved, dilations: [1, 1], groups };
  return convolutionDraws(convolutionOf(attributes, x, kernelSize, filters, 1));
}

interface AdaptivePool {
  readonly outputSize: Size2d;
  readonly x: Shape;
  readonly seed: number;
}

/** Outputs smaller and larger than the input, and of its size. */
function adaptivePools(scale: DrawScale): fc.Arbitrary<AdaptivePool> {
  return fc
    .record({
      batch: batches(scale),
      size: pair(sides(scale)),
      channels: channelCounts(scale),
      outputSize: pair(sides(scale)),
      seed: seeds,
    })
    .map(({ batch, size, channels, outputSize, seed }) => ({
      x: [batch, ...size, channels],
      outputSize,
      seed,
    }));
}

/** Generators for convolutions and pools. */
export function imageDraws(scale: DrawScale): OpDraws<Kinds> {
  const convolutions = fc.oneof(commonConvolutions(scale), anyConvolutions(scale));
  const pooled = pools(scale);
  const adaptive = adaptivePools(scale);
  return {
    conv2d: convolutions.map((drawn) => convolutionDraws(drawn).conv2d),
    conv2dInputGradient: convolutions.map((drawn) => convolutionDraws(drawn).conv2dInputGradient),
    conv2dFilterGradient: convolutions.map((drawn) => convolutionDraws(drawn).conv2dFilterGradient),
    maxPool2d: pooled.map(({ attributes, x }) => ({ attributes, operands: [x] })),
    maxPool2dGradient: pooled.map(({ attributes, x, y, seed }) => ({
      attributes,
      operands: [x, { shape: y, dtype: "float32", fill: { kind: "maximum" } }, floats(y, seed)],
    })),
    averagePool2d: pooled.map(({ attributes, x, countPadding }) => ({
      attributes: { ...attributes, countPadding },
      operands: [x],
    })),
    averagePool2dGradient: pooled.map(({ attributes, x, y, countPadding, seed }) => ({
      attributes: { ...attributes, countPadding, inputShape: x.shape },
      operands: [floats(y, seed)],
    })),
    adaptiveAveragePool2d: adaptive.map(({ outputSize, x, seed }) => ({
      attributes: { outputSize },
      operands: [floats(x, seed)],
    })),
    adaptiveAveragePool2dGradient: adaptive.map(({ outputSize, x, seed }) => ({
      attributes: { outputSize, inputShape: x },
      operands: [floats([x[0], ...outputSize, x[3]], seed)],
    })),
  };
}
