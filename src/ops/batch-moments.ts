import { checkOperands } from "./checks.ts";
import { perInputElementCost } from "./cost.ts";
import { rowsAndColumns } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/**
 * Mean and biased variance of each channel over all axes but the last: mean = sum x / M and
 * variance = sum (x - mean)^2 / M, where M is the number of values of a channel.
 *
 * Shapes: x [..., C] -> [2, C], means in row 0, variances in row 1.
 */
export const batchMoments: OpRule<"batchMoments"> = {
  shape: (context) => {
    checkOperands(context, [{ name: "x", axes: ["...", "M", "C"] }]);
    return { shape: [2, context.inputs[0].shape.at(-1) ?? 1], dtype: "float32" };
  },
  gradient: (node, dMoments, build) => [build("batchMomentsGradient", [node.inputs[0], node, dMoments], {})],
  reference: ({ node, inputs: [x], output }) => {
    const { rows, columns } = rowsAndColumns(node.inputs[0].shape);
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += x[row * columns + c];
      const mean = sum / rows;
      let squares = 0;
      for (let row = 0; row < rows; row++) squares += (x[row * columns + c] - mean) ** 2;
      output[c] = mean;
      output[columns + c] = squares / rows;
    }
  },
  cost: perInputElementCost(4),
};

/**
 * dx of {@link batchMoments}: dMean / M + dVariance 2 (x - mean) / M.
 *
 * Shapes: x [..., C], moments [2, C], dMoments [2, C] -> [..., C].
 */
export const batchMomentsGradient: OpRule<"batchMomentsGradient"> = {
  shape: (context) => {
    checkOperands(context, [
      { name: "x", axes: ["...", "M", "C"] },
      { name: "moments", axes: [2, "C"] },
      { name: "dMoments", axes: [2, "C"] },
    ]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  // Second derivatives of batch normalization are not needed to train; each piece would take several ops.
  gradient: null,
  reference: ({ node, inputs: [x, moments, dMoments], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let index = 0; index < output.length; index++) {
      const c = index % columns;
      output[index] = (dMoments[c] + 2 * dMoments[columns + c] * (x[index] - moments[c])) / rows;
    }
  },
  cost: perInputElementCost(4),
};
