import type { Node, Pool2dAttributes } from "../graph/index.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/index.ts";
import { check, checkWholeNumbers } from "./checks.ts";
import { costOf } from "./cost.ts";
import type { Cost } from "./rule.ts";

/** The attributes that all pooling kinds share. */
export function poolWalkOf({ poolSize, strides, padding, outputSize }: Pool2dAttributes): Pool2dAttributes {
  return { poolSize, strides, padding, outputSize };
}

/**
 * Output shape of a pooling over x [N, H, W, C].
 *
 * @throws ShapeError when a window would lie wholly in the padding or beyond it, where it has no value
 */
export function poolShape(where: string, attributes: Pool2dAttributes, x: Shape): Shape {
  const { poolSize, strides, padding, outputSize } = attributes;
  const sides = [padding.top, padding.bottom, padding.left, padding.right];
  checkWholeNumbers(where, "poolSize", poolSize, 1);
  checkWholeNumbers(where, "strides", strides, 1);
  checkWholeNumbers(where, "padding", sides, 0);
  checkWholeNumbers(where, "outputSize", outputSize, 1);
  check(
    Math.max(padding.top, padding.bottom) < poolSize[0] &&
      Math.max(padding.left, padding.right) < poolSize[1],
    where,
    () => `padding ${formatShape(sides)} must be smaller than the window ${poolSize.join("x")}`,
    "A window that lies in the padding alone has no value.",
  );
  const [batch, height, width, channels] = x;
  const lastRow = (outputSize[0] - 1) * strides[0] - padding.top;
  const lastColumn = (outputSize[1] - 1) * strides[1] - padding.left;
  check(
    lastRow < height && lastColumn < width,
    where,
    () =>
      `${outputSize.join("x")} windows with strides ${strides.join("x")} reach beyond the input ${formatShape(x)}`,
    "The last window must start inside the input; poolOutputSize computes the right output size.",
  );
  return [batch, ...outputSize, channels];
}

/** A window over one axis: the input positions in it, and how many of its positions are input or padding. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly padded: number;
}

function spanOf(
  index: number,
  size: number,
  stride: number,
  before: number,
  after: number,
  input: number,
): Span {
  const start = index * stride - before;
  const stop = Math.min(start + size, input + after);
  return { begin: Math.max(start, 0), end: Math.min(stop, input), padded: stop - start };
}

/** One window over one channel. */
export interface Window {
  /** Position of the result in the output. */
  readonly result: number;
  /** Positions of its elements in the input, in row-major order. */
  readonly elements: readonly number[];
  /** Number of its positions that lie in the input or the padding: PyTorch's divisor with `count_include_pad`. */
  readonly padded: number;
}

/** Calls `visit` for each window of a pooling of x [N, H, W, C] to y [N, OH, OW, C]. */
export function forEachWindow(
  { poolSize, strides, padding }: Pool2dAttributes,
  [x, y]: readonly [Shape, Shape],
  visit: (window: Window) => void,
): void {
  const [, height, width, channels] = x;
  const [batch, outputHeight, outputWidth] = y;
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < outputHeight; i++)
      for (let j = 0; j < outputWidth; j++) {
        const rows = spanOf(i, poolSize[0], strides[0], padding.top, padding.bottom, height);
        const columns = spanOf(j, poolSize[1], strides[1], padding.left, padding.right, width);
        const padded = rows.padded * columns.padded;
        for (let c = 0; c < channels; c++) {
          const elements: number[] = [];
          for (let row = rows.begin; row < rows.end; row++)
            for (let column = columns.begin; column < columns.end; column++) {
              elements.push(((n * height + row) * width + column) * channels + c);
            }
          visit({ result: ((n * outputHeight + i) * outputWidth + j) * channels + c, elements, padded });
        }
      }
}

/** One operation for each element of each window. */
export function poolCost(node: Node<"maxPool2d" | "averagePool2d">): Cost {
  const { poolSize } = node.attributes;
  return costOf(node, sizeOf(node.shape) * poolSize[0] * poolSize[1]);
}

/** One operation for each element of each window of dy, the last input. */
export function poolGradientCost(node: Node<"maxPool2dGradient" | "averagePool2dGradient">): Cost {
  const { poolSize } = node.attributes;
  const windows = sizeOf(node.inputs[node.inputs.length - 1].shape);
  return costOf(node, windows * poolSize[0] * poolSize[1]);
}
