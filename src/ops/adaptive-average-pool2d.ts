import { formatShape, type Shape } from "../tensor/index.ts";
import { check, checkCount, checkOperand, checkOperands, checkWholeNumbers } from "./checks.ts";
import { costOf } from "./cost.ts";
import { type Span, spanOf } from "./geometry.ts";
import type { OpRule } from "./rule.ts";

/** Spans of all windows along one axis. */
function spansOf(output: number, input: number): readonly Span[] {
  return Array.from({ length: output }, (_, index) => spanOf(index, output, input));
}

/** Calls `visit` for each pair of an output and an input pixel in its window, with the window's number of pixels. */
function forEachPair(
  [batch, height, width, channels]: Shape,
  [, outputHeight, outputWidth]: Shape,
  visit: (result: number, element: number, windowSize: number) => void,
): void {
  const [rows, columns] = [spansOf(outputHeight, height), spansOf(outputWidth, width)];
  for (let n = 0; n < batch; n++)
    for (const [i, { begin: top, end: bottom }] of rows.entries())
      for (const [j, { begin: left, end: right }] of columns.entries())
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++)
            for (let c = 0; c < channels; c++) {
              const result = ((n * outputHeight + i) * outputWidth + j) * channels + c;
              const element = ((n * height + row) * width + column) * channels + c;
              visit(result, element, (bottom - top) * (right - left));
            }
}

/** One operation for each pair of an output and an input element in its window. */
function pairsOf([batch, height, width, channels]: Shape, [, outputHeight, outputWidth]: Shape): number {
  const along = (output: number, input: number) =>
    spansOf(output, input).reduce((sum, { begin, end }) => sum + end - begin, 0);
  return batch * channels * along(outputHeight, height) * along(outputWidth, width);
}

/**
 * The mean over windows that share an image out as evenly as whole pixels allow, so that the output has the size asked
 * for, larger than the input or smaller: output row i covers the input rows from floor(i H / OH) to
 * ceil((i + 1) H / OH), columns alike (PyTorch 2.13's `adaptive_avg_pool2d`).
 *
 * Shapes: x [N, H, W, C] -> [N, outputSize, C].
 */
export const adaptiveAveragePool2d: OpRule<"adaptiveAveragePool2d"> = {
  shape: (context) => {
    const { where, attributes, inputs } = context;
    const hint = "Images are [batch, height, width, channels].";
    checkOperands(context, [{ name: "x", axes: ["N", "H", "W", "C"], hint }]);
    checkWholeNumbers(where, "outputSize", attributes.outputSize, 1);
    const [batch, , , channels] = inputs[0].shape;
    return { shape: [batch, ...attributes.outputSize, channels], dtype: "float32" };
  },
  gradient: ({ inputs: [x], attributes }, dy, build) => [
    build("adaptiveAveragePool2dGradient", [dy], { ...attributes, inputShape: x.shape }),
  ],
  reference: ({ node, inputs: [x], output }) => {
    forEachPair(node.inputs[0].shape, node.shape, (result, element, windowSize) => {
      output[result] += x[element] / windowSize;
    });
  },
  cost: (node) => costOf(node, pairsOf(node.inputs[0].shape, node.shape)),
};

/**
 * dx of {@link adaptiveAveragePool2d}, linear in dy: each element of a window gets dy / the window's size.
 *
 * Shapes: dy [N, outputSize, C] -> attributes.inputShape.
 */
export const adaptiveAveragePool2dGradient: OpRule<"adaptiveAveragePool2dGradient"> = {
  shape: (context) => {
    const { inputShape, outputSize } = context.attributes;
    checkCount(context, ["dy"]);
    check(
      inputShape.length === 4,
      context.where,
      () => `inputShape must be [N, H, W, C], got ${formatShape(inputShape)}`,
    );
    checkOperand(context, 0, { name: "dy", axes: [inputShape[0], ...outputSize, inputShape[3]] });
    return { shape: inputShape, dtype: "float32" };
  },
  gradient: ({ attributes: { outputSize } }, gradient, build) => [
    build("adaptiveAveragePool2d", [gradient], { outputSize }),
  ],
  reference: ({ node, inputs: [dy], output }) => {
    forEachPair(node.shape, node.inputs[0].shape, (result, element, windowSize) => {
      output[element] += dy[result] / windowSize;
    });
  },
  cost: (node) => costOf(node, pairsOf(node.shape, node.inputs[0].shape)),
};
