import { checkOperands, checkWholeNumbers } from "./checks.ts";
import { elementwiseCost, perInputElementCost } from "./cost.ts";
import { classOf } from "./labels.ts";
import type { OpRule } from "./rule.ts";

/** y[n, c] = 1 where c is the label of n, or 0. Shapes: labels int32 [N] -> [N, classes]. */
export const oneHot: OpRule<"oneHot"> = {
  shape: (context) => {
    checkOperands(context, [{ name: "labels", axes: ["N"], dtype: "int32" }]);
    checkWholeNumbers(context.where, "classes", [context.attributes.classes], 1);
    return { shape: [context.inputs[0].shape[0], context.attributes.classes], dtype: "float32" };
  },
  // Labels are whole numbers.
  gradient: null,
  reference: ({ node, inputs: [labels], output }) => {
    const { classes } = node.attributes;
    labels.forEach((_, example) => {
      output[example * classes + classOf(labels, example, classes, node.kind)] = 1;
    });
  },
  cost: elementwiseCost(0),
};

/**
 * y[n] = 1 where fewer than k classes score strictly above the label's class, or 0. Ties count for the label: scores
 * that are all equal are a hit, as with a top-k that puts the label's class first among equals.
 *
 * Shapes: scores [N, C], labels int32 [N] -> [N].
 */
export const topKHits: OpRule<"topKHits"> = {
  shape: (context) => {
    checkOperands(context, [
      { name: "scores", axes: ["N", "C"] },
      { name: "labels", axes: ["N"], dtype: "int32" },
    ]);
    checkWholeNumbers(context.where, "k", [context.attributes.k], 1);
    return { shape: [context.inputs[0].shape[0]], dtype: "float32" };
  },
  // A count does not change with a small change of the scores, so there is nothing to learn from it.
  gradient: null,
  reference: ({ node, inputs: [scores, labels], output }) => {
    const classes = node.inputs[0].shape[1];
    for (let example = 0; example < output.length; example++) {
      const row = scores.subarray(example * classes, (example + 1) * classes);
      const score = row[classOf(labels, example, classes, node.kind)];
      const above = row.reduce((count, other) => count + (other > score ? 1 : 0), 0);
      output[example] = above < node.attributes.k ? 1 : 0;
    }
  },
  cost: perInputElementCost(1),
};
