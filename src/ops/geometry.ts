import type { Padding2d, Size2d } from "../graph/index.ts";
import { formatShape, OptionError } from "../tensor/index.ts";

/**
 * How a layer may say padding: "same" (the output has ceil(input / stride) rows), "valid" (none), one number for all
 * sides, [vertical, horizontal], or each side by name.
 */
export type PaddingOption = "same" | "valid" | number | Size2d | Padding2d;

/** No padding at all. */
export const noPadding: Padding2d = { top: 0, bottom: 0, left: 0, right: 0 };

/** Extent of a dilated window: dilation (size - 1) + 1. */
export function dilatedSize(size: number, dilation: number): number {
  return dilation * (size - 1) + 1;
}

/** Output length of a convolution along one axis: floor((input + before + after - extent) / stride) + 1. */
export function convolutionOutputSize(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number {
  return Math.floor((input + before + after - dilatedSize(kernel, dilation)) / stride) + 1;
}

/**
 * Output length of a pooling along one axis. Ceil mode rounds up instead of down, but the last window must start inside
 * the input or the padding before it (PyTorch 2.13, `pooling_output_shape`).
 */
export function poolOutputSize(
  input: number,
  pool: number,
  stride: number,
  before: number,
  after: number,
  ceilMode: boolean,
): number {
  const span = input + before + after - pool;
  if (!ceilMode) return Math.floor(span / stride) + 1;
  const size = Math.ceil(span / stride) + 1;
  return (size - 1) * stride >= input + before ? size - 1 : size;
}

/** A stretch of an axis: from `begin` to before `end`. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Window `index` when `input` positions are shared out evenly among `output` windows; they overlap where need be. */
export function spanOf(index: number, output: number, input: number): Span {
  return {
    begin: Math.floor((index * input) / output),
    end: Math.ceil(((index + 1) * input) / output),
  };
}

/** Zeros before and after one axis so that the output has ceil(input / stride) elements; the odd one goes after. */
export function samePadding(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
): readonly [before: number, after: number] {
  const output = Math.ceil(input / stride);
  const total = Math.max(0, (output - 1) * stride + dilatedSize(kernel, dilation) - input);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * Turns a layer's padding option into explicit padding. "same" is Keras's and TensorFlow's: it looks at the input size,
 * and an odd row or column goes to the bottom or right (PyTorch pads both sides alike).
 *
 * @param where - layer path, for errors
 * @throws OptionError when a number is negative or not whole
 */
export function resolvePadding(
  padding: PaddingOption,
  window: {
    readonly inputSize: Size2d;
    readonly kernelSize: Size2d;
    readonly strides: Size2d;
    readonly dilations?: Size2d;
  },
  where = "padding",
): Padding2d {
  if (padding === "valid") return noPadding;
  if (padding === "same") {
    const { inputSize, kernelSize, strides, dilations = [1, 1] } = window;
    const [top, bottom] = samePadding(inputSize[0], kernelSize[0], strides[0], dilations[0]);
    const [left, right] = samePadding(inputSize[1], kernelSize[1], strides[1], dilations[1]);
    return { top, bottom, left, right };
  }
  const explicit = explicitPadding(padding);
  const sides = [explicit.top, explicit.bottom, explicit.left, explicit.right];
  if (sides.every((side) => Number.isSafeInteger(side) && side >= 0)) return explicit;
  throw new OptionError(`padding must be whole numbers of at least 0, got ${formatShape(sides)}`, {
    where,
    hint: 'Use "same", "valid", a number, [vertical, horizontal] or { top, bottom, left, right }.',
  });
}

function explicitPadding(padding: number | Size2d | Padding2d): Padding2d {
  if (typeof padding === "number") return { top: padding, bottom: padding, left: padding, right: padding };
  if ("top" in padding) return padding;
  const [vertical, horizontal] = padding;
  return { top: vertical, bottom: vertical, left: horizontal, right: horizontal };
}
