import type { Node } from "../graph/index.ts";
import { OptionError, type TensorType } from "../tensor/index.ts";
import { check, checkOperand, checkOperands, type OperandPattern } from "./checks.ts";
import { costOf } from "./cost.ts";
import { classOf } from "./labels.ts";
import type { OpRule, ShapeContext } from "./rule.ts";
import { logSumExp } from "./softmax.ts";

type Kind = "softmaxCrossEntropy" | "softmaxCrossEntropyGradient";

/** Checks logits [N, C] with labels int32 [N] or targets float32 [N, C], and what follows them. */
function checkLoss(context: ShapeContext<Kind>, rest: readonly OperandPattern[]): TensorType {
  const { labelSmoothing } = context.attributes;
  const sparse = context.inputs[1]?.dtype === "int32";
  const hint = "Labels are int32[N], or the targets of all classes are float32[N, C].";
  checkOperands(context, [
    { name: "logits", axes: ["N", "C"], hint: "One row of scores for each example." },
    sparse
      ? { name: "labels", axes: ["N"], dtype: "int32", hint }
      : { name: "targets", axes: ["N", "C"], hint },
    ...rest,
  ]);
  check(
    labelSmoothing >= 0 && labelSmoothing <= 1,
    context.where,
    () => `labelSmoothing must be from 0 to 1, got ${labelSmoothing}`,
  );
  return context.inputs[0];
}

/** Targets t (1 - s) + s / C of one example, with t one-hot for a label. */
function smoothedTargets(node: Node<Kind>, labels: Float64Array, example: number): Float64Array {
  const classes = node.inputs[0].shape[1];
  const smoothing = node.attributes.labelSmoothing;
  const targets = new Float64Array(classes);
  if (node.inputs[1].dtype === "int32") targets[classOf(labels, example, classes, node.kind)] = 1;
  else targets.set(labels.subarray(example * classes, (example + 1) * classes));
  return targets.map((target) => target * (1 - smoothing) + smoothing / classes);
}

/**
 * Loss of each example: -sum over c of target_c log softmax(logits)_c, in nats. Targets are t (1 - s) + s / C with label
 * smoothing s (Szegedy et al. 2016, as PyTorch and Keras do it).
 *
 * Shapes: logits [N, C], labels int32 [N] or targets float32 [N, C] -> [N]. Labels must be from 0 to C - 1.
 */
export const softmaxCrossEntropy: OpRule<"softmaxCrossEntropy"> = {
  shape: (context) => ({ shape: [checkLoss(context, []).shape[0]], dtype: "float32" }),
  gradient: ({ inputs: [logits, labels], attributes, kind, scope }, dLoss, build, wanted) => {
    if (wanted[1]) {
      throw new OptionError("there is no gradient with respect to the targets", {
        where: scope === "" ? kind : `${kind} in ${scope}`,
        hint: "Targets must not depend on what is trained.",
      });
    }
    return [build("softmaxCrossEntropyGradient", [logits, labels, dLoss], attributes), null];
  },
  reference: ({ node, inputs: [logits, labels], output }) => {
    const classes = node.inputs[0].shape[1];
    for (let example = 0; example < output.length; example++) {
      const start = example * classes;
      const logarithm = logSumExp(logits, start, classes);
      smoothedTargets(node, labels, example).forEach((target, c) => {
        output[example] -= target * (logits[start + c] - logarithm);
      });
    }
  },
  cost: (node) => costOf(node, 6 * node.shape[0] * node.inputs[0].shape[1]),
};

/**
 * dLogits of {@link softmaxCrossEntropy}: dLoss (softmax(logits) sum(target) - target). The sum is 1 for labels.
 *
 * Shapes: logits [N, C], labels int32 [N] or targets float32 [N, C], dLoss [N] -> [N, C].
 */
export const softmaxCrossEntropyGradient: OpRule<"softmaxCrossEntropyGradient"> = {
  shape: (context) => {
    const { shape } = checkLoss(context, [{ name: "dLoss", axes: ["N"] }]);
    checkOperand(context, 2, { name: "dLoss", axes: [shape[0]] });
    return { shape, dtype: "float32" };
  },
  // Only second derivatives of a loss would need it.
  gradient: null,
  reference: ({ node, inputs: [logits, labels, dLoss], output }) => {
    const [examples, classes] = node.shape;
    for (let example = 0; example < examples; example++) {
      const start = example * classes;
      const logarithm = logSumExp(logits, start, classes);
      const targets = smoothedTargets(node, labels, example);
      const total = targets.reduce((sum, target) => sum + target, 0);
      targets.forEach((target, c) => {
        output[start + c] = dLoss[example] * (Math.exp(logits[start + c] - logarithm) * total - target);
      });
    }
  },
  cost: (node) => costOf(node, 7 * node.shape[0] * node.shape[1]),
};
