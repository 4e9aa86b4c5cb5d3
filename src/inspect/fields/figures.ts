/**
 * How receptive fields of a layer lie, whatever the image's size (Araujo, Norris and Sim: "Computing receptive fields of convolutional
 * neural networks", Distill, 2019). Unit i of an axis looks at the pixels from start + stride i on, size of them, those in the
 * padding included. Behind a window of k, d apart, that moves by s from p before the edge:
 *
 *   size' = size + (k - 1) d stride,   start' = start - p stride,   stride' = s stride
 */
import { type AnyNode, isKind, type Node } from "../../graph/index.ts";

/** Of one axis, in pixels of the input. */
export interface AxisFigures {
  readonly size: number;
  /** From the field of one unit to that of the next. */
  readonly stride: number;
  /** Where the field of the first unit begins; negative where it begins in the padding. */
  readonly start: number;
}

/** Of rows and columns. */
export type Figures = readonly [rows: AxisFigures, columns: AxisFigures];

/** The input itself. */
export const pixels: Figures = [0, 1].map(() => ({ size: 1, stride: 1, start: 0 })) as [
  AxisFigures,
  AxisFigures,
];

/** How a window moves along an axis, each of rows and columns. */
interface Step {
  readonly size: number;
  readonly stride: number;
  readonly before: number;
}

/**
 * The figures of a node behind those of the operands that depend on the image; `null` where there are none: where rows and columns
 * are mixed, and where branches of different strides meet.
 */
export function figuresBehind(node: Node, operands: readonly (Figures | null)[]): Figures | null {
  const [first = null, ...others] = operands;
  const joined = others.reduce((sum, next) => sum && next && joinedFigures(sum, next), first);
  if (joined === null || node.shape.length !== 4) return null;
  const steps = stepsOf(node as AnyNode);
  return steps && [behind(joined[0], steps[0]), behind(joined[1], steps[1])];
}

function behind({ size, stride, start }: AxisFigures, step: Step): AxisFigures {
  return {
    size: size + (step.size - 1) * stride,
    stride: step.stride * stride,
    start: start - step.before * stride,
  };
}

/** The field of a sum or a concatenation is that of its branches together. */
function joinedFigures(a: Figures, b: Figures): Figures | null {
  if (a.some(({ stride }, axis) => stride !== b[axis].stride)) return null;
  return [joinedAxis(a[0], b[0]), joinedAxis(a[1], b[1])];
}

function joinedAxis(a: AxisFigures, b: AxisFigures): AxisFigures {
  const start = Math.min(a.start, b.start);
  const end = Math.max(a.start + a.size, b.start + b.size);
  return { size: end - start, stride: a.stride, start };
}

const still = { size: 1, stride: 1, before: 0 };

/** How the window of an op moves; `null` where it has none that moves evenly. */
function stepsOf(node: AnyNode): readonly [Step, Step] | null {
  switch (node.kind) {
    case "conv2d": {
      const { strides, dilations, padding } = node.attributes;
      const [height = 1, width = 1] = node.inputs[1].shape;
      const extent = (taps: number, axis: 0 | 1) => (taps - 1) * dilations[axis] + 1;
      return [
        { size: extent(height, 0), stride: strides[0], before: padding.top },
        { size: extent(width, 1), stride: strides[1], before: padding.left },
      ];
    }
    case "maxPool2d":
    case "averagePool2d": {
      const { poolSize, strides, padding } = node.attributes;
      return [
        { size: poolSize[0], stride: strides[0], before: padding.top },
        { size: poolSize[1], stride: strides[1], before: padding.left },
      ];
    }
    case "pad": {
      const [, top = 0, left = 0] = node.attributes.before;
      return [
        { ...still, before: top },
        { ...still, before: left },
      ];
    }
    case "slice": {
      const [, top = 0, left = 0] = node.attributes.begin;
      return [
        { ...still, before: -top },
        { ...still, before: -left },
      ];
    }
    default:
      return keepsPlaces(node) ? [still, still] : null;
  }
}

/** Whether every element is computed from those of its own row and column. */
function keepsPlaces(node: Node): boolean {
  const [, height, width] = node.shape;
  const mixing = ["reshape", "transpose", "resample2d", "conv2dInputGradient", "adaptiveAveragePool2d"];
  if (mixing.includes(node.kind)) return false;
  if (isKind(node, "concatenate") && node.attributes.axis !== 3) return false;
  return node.inputs.every(({ shape }) => shape.length !== 4 || (shape[1] === height && shape[2] === width));
}
