import type { LocalResponseAttributes } from "../graph/index.ts";
import type { TensorType } from "../tensor/index.ts";
import { check, checkOperand, checkWholeNumbers, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { rowsAndColumns } from "./indexing.ts";
import type { OpRule, ShapeContext } from "./rule.ts";

type Kind = "localResponseNormalization" | "localResponseNormalizationGradient";

function checkedShape(context: ShapeContext<Kind>, names: readonly string[]): TensorType {
  const { size, alpha, beta, bias } = context.attributes;
  const type = sameShapeType(context, names);
  checkOperand(context, 0, { name: "x", axes: ["...", "C"] });
  checkWholeNumbers(context.where, "size", [size], 1);
  check(
    alpha >= 0 && bias > 0 && [alpha, beta, bias].every(Number.isFinite),
    context.where,
    () => `alpha must be at least 0 and bias above 0, got alpha ${alpha}, beta ${beta} and bias ${bias}`,
    "The sum of squares is raised to the power of -beta, so it must stay positive.",
  );
  return type;
}

/** Channels before and behind a channel in its window: ONNX's rule, which matters where the size is even. */
export function windowReach(size: number): { readonly before: number; readonly behind: number } {
  return { before: Math.floor((size - 1) / 2), behind: Math.ceil((size - 1) / 2) };
}

/** Sums of `values` over the windows of all channels of one row, `before` and `behind` each. */
function windowSums(values: Float64Array, before: number, behind: number): Float64Array {
  return values.map((_, c) =>
    values.subarray(Math.max(0, c - before), c + behind + 1).reduce((sum, value) => sum + value, 0),
  );
}

/** bias + alpha / size * the sum of squares over each channel's window. */
function scales(row: Float64Array, { size, alpha, bias }: LocalResponseAttributes): Float64Array {
  const { before, behind } = windowReach(size);
  const squares = row.map((value) => value * value);
  return windowSums(squares, before, behind).map((sum) => bias + (alpha / size) * sum);
}

/**
 * y[c] = x[c] s[c]^-beta, s[c] = bias + alpha / size * the sum of x[j]^2 over the window of c: `size` channels around
 * it, cut off at the first and the last (Krizhevsky, Sutskever and Hinton 2012, section 3.3, with alpha not divided).
 *
 * Shapes: [..., C].
 */
export const localResponseNormalization: OpRule<"localResponseNormalization"> = {
  shape: (context) => checkedShape(context, ["x"]),
  gradient: ({ inputs: [x], attributes }, dy, build) => [
    build("localResponseNormalizationGradient", [x, dy], attributes),
  ],
  reference: ({ node, inputs: [x], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const values = x.subarray(row * columns, (row + 1) * columns);
      const scale = scales(values, node.attributes);
      values.forEach((value, c) => {
        output[row * columns + c] = value * scale[c] ** -node.attributes.beta;
      });
    }
  },
  cost: (node) => elementwiseCost<typeof node.kind>(2 * node.attributes.size + 8)(node),
};

/**
 * dx[c] = dy[c] s[c]^-beta - 2 beta alpha / size x[c] * the sum of dy[j] x[j] s[j]^(-beta - 1) over all j whose window
 * holds c. Shapes: x and dy [..., C].
 */
export const localResponseNormalizationGradient: OpRule<"localResponseNormalizationGradient"> = {
  shape: (context) => checkedShape(context, ["x", "dy"]),
  gradient: null,
  reference: ({ node, inputs: [x, dy], output }) => {
    const { size, alpha, beta } = node.attributes;
    const { before, behind } = windowReach(size);
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      const values = x.subarray(start, start + columns);
      const scale = scales(values, node.attributes);
      const terms = values.map((value, c) => dy[start + c] * value * scale[c] ** (-beta - 1));
      // Channel j sees c where c lies `before` to `behind` of j: then j lies `behind` to `before` of c.
      windowSums(terms, behind, before).forEach((sum, c) => {
        const direct = dy[start + c] * scale[c] ** -beta;
        output[start + c] = direct - ((2 * beta * alpha) / size) * values[c] * sum;
      });
    }
  },
  cost: (node) => elementwiseCost<typeof node.kind>(3 * node.attributes.size + 16)(node),
};
