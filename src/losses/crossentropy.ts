import { isKind, type Node } from "../graph/index.ts";
import { booleanField, numberField } from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import type { LossDefinition } from "./definition.ts";

/** Options of both cross-entropies. */
export interface CrossentropyOptions {
  /**
   * Whether the model ends in logits; default true (Keras's is false). With false the model must end in a softmax:
   * the loss is then computed from what goes into it, which is the same number without its rounding.
   */
  readonly fromLogits?: boolean;
  /** Share s of the target that is spread evenly over all C classes, in [0, 1): t (1 - s) + s / C; default 0. */
  readonly labelSmoothing?: number;
}

const fields = {
  fromLogits: booleanField(true),
  labelSmoothing: numberField({ minimum: 0, below: 1 }, 0),
};

/**
 * -log p(label) in nats, with p the softmax of the logits. Shapes: [N, C], labels [N] -> [N].
 */
export const sparseCategoricalCrossentropyLoss: LossDefinition<CrossentropyOptions> = {
  fields,
  perExample: ({ fromLogits, labelSmoothing }, build, output, labels) =>
    build("softmaxCrossEntropy", [logitsOf(output, fromLogits), labels], { labelSmoothing }),
};

/**
 * -sum_c t_c log p_c in nats, with one-hot targets t made from the labels. The same numbers as
 * {@link sparseCategoricalCrossentropyLoss}; Keras has both names. Shapes: [N, C], labels [N] -> [N].
 */
export const categoricalCrossentropyLoss: LossDefinition<CrossentropyOptions> = {
  fields,
  perExample: ({ fromLogits, labelSmoothing }, build, output, labels) => {
    const targets = build("oneHot", [labels], { classes: output.shape[1] ?? 1 });
    return build("softmaxCrossEntropy", [logitsOf(output, fromLogits), targets], { labelSmoothing });
  },
};

/** @throws OptionError when `fromLogits` is not what the model ends in */
function logitsOf(output: Node, fromLogits: boolean): Node {
  const endsInSoftmax = isKind(output, "softmax");
  if (fromLogits && endsInSoftmax) {
    throw new OptionError("the loss takes logits, but the model ends in a softmax", {
      where: "compile",
      hint: "Drop the softmax, or give the loss { fromLogits: false }.",
    });
  }
  if (!fromLogits && !endsInSoftmax) {
    throw new OptionError("the loss takes probabilities, but the model does not end in a softmax", {
      where: "compile",
      hint: "Give the loss { fromLogits: true }, or end the model in a softmax.",
    });
  }
  return endsInSoftmax ? output.inputs[0] : output;
}
