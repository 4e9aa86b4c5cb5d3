import { sizeOf } from "../tensor/index.ts";
import { checkOperands } from "./checks.ts";
import { bytesOf } from "./cost.ts";
import { rowOf } from "./load.ts";
import type { OpRule } from "./rule.ts";

/**
 * Each example blended with another of the batch: y[n] = shares[n] x[n] + (1 - shares[n]) x[partners[n]].
 *
 * Shapes: x [N, ...], partners int32 [N], shares [N] -> [N, ...].
 */
export const mixExamples: OpRule<"mixExamples"> = {
  shape: (context) => {
    const [x] = context.inputs;
    const count = x?.shape[0] ?? "N";
    checkOperands(context, [
      { name: "x", axes: x === undefined || x.shape.length === 0 ? ["N"] : x.shape },
      { name: "partners", axes: [count], dtype: "int32" },
      { name: "shares", axes: [count] },
    ]);
    return { shape: x.shape, dtype: "float32" };
  },
  // Images and labels are data.
  gradient: null,
  reference: ({ node, inputs: [x, partners, shares], output }) => {
    const [batch, ...rest] = node.shape;
    const size = sizeOf(rest);
    for (let n = 0; n < batch; n++) {
      const partner = rowOf(partners, n, batch, node.kind);
      for (let index = 0; index < size; index++) {
        const [own, other] = [x[n * size + index], x[partner * size + index]];
        output[n * size + index] = shares[n] * own + (1 - shares[n]) * other;
      }
    }
  },
  cost: (node) => ({ flops: 3 * sizeOf(node.shape), bytes: 3 * bytesOf(node) }),
};
