import { check, checkOperands, type OperandPattern } from "./checks.ts";
import { costOf, elementwiseCost, perInputElementCost } from "./cost.ts";
import { rowsAndColumns } from "./indexing.ts";
import type { Build, OpRule, ShapeContext } from "./rule.ts";

const channels: OperandPattern = { name: "x", axes: ["...", "C"] };
const moments: OperandPattern = {
  name: "moments",
  axes: [2, "C"],
  hint: "Row 0 is the means, row 1 the variances.",
};
const gamma: OperandPattern = { name: "gamma", axes: ["C"] };
const beta: OperandPattern = { name: "beta", axes: ["C"] };

type Kind =
  | "batchNormalize"
  | "batchNormalizeReduce"
  | "batchNormalizeInputGradient"
  | "batchNormalizeMomentsGradient";

function checkNormalization(context: ShapeContext<Kind>, patterns: readonly OperandPattern[]): void {
  const { epsilon } = context.attributes;
  checkOperands(context, patterns);
  check(
    epsilon >= 0 && Number.isFinite(epsilon),
    context.where,
    () => `epsilon must be at least 0, got ${epsilon}`,
  );
}

/** 1 / sqrt(variance + epsilon) of each channel. */
function inverseDeviations(values: Float64Array, columns: number, epsilon: number): Float64Array {
  return values.subarray(columns).map((variance) => 1 / Math.sqrt(variance + epsilon));
}

/** Row `row` of a [2, C] node as [C]. */
function rowOf(build: Build, pair: ReturnType<Build>, row: number) {
  const columns = pair.shape[1];
  const part = build("slice", [pair], { begin: [row, 0], size: [1, columns] });
  return build("reshape", [part], { shape: [columns] });
}

/**
 * y = gamma xHat + beta with xHat = (x - mean) / sqrt(variance + epsilon) (Ioffe and Szegedy 2015). The moments are an
 * input, so that training feeds `batchMoments` of x and inference the running averages; the part of the gradient that
 * goes through the batch's own moments follows from the chain rule alone.
 *
 * Shapes: x [..., C], moments [2, C], gamma [C], beta [C] -> [..., C].
 */
export const batchNormalize: OpRule<"batchNormalize"> = {
  shape: (context) => {
    checkNormalization(context, [channels, moments, gamma, beta]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  gradient: ({ inputs: [x, stats, scale], attributes: { epsilon } }, dy, build, wanted) => {
    const summed = wanted[1] || wanted[2] || wanted[3];
    const reduced = summed ? build("batchNormalizeReduce", [x, stats, dy], { epsilon }) : null;
    return [
      wanted[0] ? build("batchNormalizeInputGradient", [dy, stats, scale], { epsilon }) : null,
      wanted[1] && reduced
        ? build("batchNormalizeMomentsGradient", [stats, scale, reduced], { epsilon })
        : null,
      wanted[2] && reduced ? rowOf(build, reduced, 1) : null,
      wanted[3] && reduced ? rowOf(build, reduced, 0) : null,
    ];
  },
  reference: ({ node, inputs: [x, stats, scale, offset], output }) => {
    const { columns } = rowsAndColumns(node.shape);
    const inverse = inverseDeviations(stats, columns, node.attributes.epsilon);
    for (let index = 0; index < output.length; index++) {
      const c = index % columns;
      output[index] = scale[c] * (x[index] - stats[c]) * inverse[c] + offset[c];
    }
  },
  cost: elementwiseCost(4),
};

/**
 * The two sums over a batch that all gradients of {@link batchNormalize} but dx need: sum of dy (which is dBeta) and
 * sum of dy xHat (which is dGamma).
 *
 * Shapes: x [..., C], moments [2, C], dy as x -> [2, C].
 */
export const batchNormalizeReduce: OpRule<"batchNormalizeReduce"> = {
  shape: (context) => {
    checkNormalization(context, [channels, moments, { name: "dy", axes: context.inputs[0]?.shape ?? [] }]);
    return { shape: context.inputs[1].shape, dtype: "float32" };
  },
  // Second derivatives of batch normalization are not needed to train; each piece would take several ops.
  gradient: null,
  reference: ({ node, inputs: [x, stats, dy], output }) => {
    const columns = node.shape[1];
    const inverse = inverseDeviations(stats, columns, node.attributes.epsilon);
    for (let index = 0; index < x.length; index++) {
      const c = index % columns;
      output[c] += dy[index];
      output[columns + c] += dy[index] * (x[index] - stats[c]) * inverse[c];
    }
  },
  cost: perInputElementCost(5),
};

/**
 * dx of {@link batchNormalize} with the moments held fixed: gamma dy / sqrt(variance + epsilon).
 *
 * Shapes: dy [..., C], moments [2, C], gamma [C] -> [..., C].
 */
export const batchNormalizeInputGradient: OpRule<"batchNormalizeInputGradient"> = {
  shape: (context) => {
    checkNormalization(context, [{ ...channels, name: "dy" }, moments, gamma]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  // See batchNormalizeReduce.
  gradient: null,
  reference: ({ node, inputs: [dy, stats, scale], output }) => {
    const { columns } = rowsAndColumns(node.shape);
    const inverse = inverseDeviations(stats, columns, node.attributes.epsilon);
    for (let index = 0; index < output.length; index++) {
      const c = index % columns;
      output[index] = scale[c] * inverse[c] * dy[index];
    }
  },
  cost: elementwiseCost(1),
};

/**
 * dMoments of {@link batchNormalize}: dMean = -gamma inverse sum(dy) and
 * dVariance = -gamma inverse^2 sum(dy xHat) / 2, with inverse = 1 / sqrt(variance + epsilon).
 *
 * Shapes: moments [2, C], gamma [C], reduced [2, C] -> [2, C].
 */
export const batchNormalizeMomentsGradient: OpRule<"batchNormalizeMomentsGradient"> = {
  shape: (context) => {
    checkNormalization(context, [moments, gamma, { name: "reduced", axes: [2, "C"] }]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  // See batchNormalizeReduce.
  gradient: null,
  reference: ({ node, inputs: [stats, scale, reduced], output }) => {
    const columns = node.shape[1];
    const inverse = inverseDeviations(stats, columns, node.attributes.epsilon);
    for (let c = 0; c < columns; c++) {
      output[c] = -scale[c] * inverse[c] * reduced[c];
      output[columns + c] = -0.5 * scale[c] * inverse[c] ** 2 * reduced[columns + c];
    }
  },
  cost: (node) => costOf(node, 8 * node.shape[1]),
};
