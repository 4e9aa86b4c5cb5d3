import { numberField } from "../options/index.ts";
import type { LossDefinition } from "./definition.ts";

/** Options of `losses.maximumAPosteriori`. */
export interface MaximumAPosterioriOptions {
  /**
   * j, the penalty of an image that belongs to no class: classes whose own penalty is far above it are left alone. The
   * paper says that it is positive; default 1.
   */
  readonly rubbishPenalty?: number;
}

/**
 * y_label + log(exp(-j) + sum_c exp(-y_c)), where y = -output are penalties, as the squared distances in which
 * `lenet5:1998` ends (LeCun, Bottou, Bengio and Haffner 1998, equation 9): the negative logarithm of the label's share among
 * all classes and a class of rubbish whose penalty is always j. Shapes: [N, C], labels [N] -> [N].
 */
export const maximumAPosterioriLoss: LossDefinition<MaximumAPosterioriOptions> = {
  fields: { rubbishPenalty: numberField({ above: 0 }, 1) },
  perExample: ({ rubbishPenalty }, build, output, labels) => {
    // Softmax cross-entropy with one more class, whose logit is -j and which is nobody's label.
    const rubbish = build("constant", [], { value: -rubbishPenalty, shape: [output.shape[0] ?? 1, 1] });
    const logits = build("concatenate", [output, rubbish], { axis: 1 });
    return build("softmaxCrossEntropy", [logits, labels], { labelSmoothing: 0 });
  },
};
