import { sizeOf } from "../tensor/index.ts";
import { checkOperands } from "./checks.ts";
import { costOf } from "./cost.ts";
import type { OpRule } from "./rule.ts";

/**
 * y[m, n] = sum over k of a[m, k] b[k, n], where a and b stand for their transposes if so asked.
 *
 * Shapes: a [M, K] (or [K, M]), b [K, N] (or [N, K]) -> [M, N].
 *
 * Gradients, with op() the transposition asked for: d op(a) = dy op(b)^T and d op(b) = op(a)^T dy, each computed in the
 * order that gives a and b as they lie, so that no transposed copy is made.
 */
export const matmul: OpRule<"matmul"> = {
  shape: (context) => {
    const { transposeA, transposeB } = context.attributes;
    const hint = "The inner sizes of a matrix product must agree.";
    checkOperands(context, [
      { name: "a", axes: transposeA ? ["K", "M"] : ["M", "K"], hint: "Flatten it to two axes first." },
      { name: "b", axes: transposeB ? ["N", "K"] : ["K", "N"], hint },
    ]);
    const [a, b] = context.inputs;
    return { shape: [a.shape[transposeA ? 1 : 0], b.shape[transposeB ? 0 : 1]], dtype: "float32" };
  },
  gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB } }, dy, build, wanted) => {
    const product = (left: typeof dy, right: typeof dy, transposeLeft: boolean, transposeRight: boolean) =>
      build("matmul", [left, right], { transposeA: transposeLeft, transposeB: transposeRight });
    const forA = () => (transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB));
    const forB = () => (transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false));
    return [wanted[0] ? forA() : null, wanted[1] ? forB() : null];
  },
  reference: ({ node, inputs: [a, b], output }) => {
    const [rows, columns] = node.shape;
    const { transposeA, transposeB } = node.attributes;
    const inner = node.inputs[0].shape[transposeA ? 0 : 1];
    const [rowStepA, innerStepA] = transposeA ? [1, rows] : [inner, 1];
    const [innerStepB, columnStepB] = transposeB ? [1, inner] : [columns, 1];
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          sum += a[m * rowStepA + k * innerStepA] * b[k * innerStepB + n * columnStepB];
        }
        output[m * columns + n] = sum;
      }
    }
  },
  cost: (node) => {
    const inner = node.inputs[0].shape[node.attributes.transposeA ? 0 : 1];
    return costOf(node, 2 * inner * sizeOf(node.shape));
  },
};
