import { layers } from "../../../layers/index.ts";
import { rowOf } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import type { Activation } from "../values.ts";
import type { RuleContext } from "./rule.ts";

const parameters = [
  ["weight", "scale"],
  ["bias", "bias"],
  ["running_mean", "mean"],
  ["running_var", "variance"],
] as const;

/** BatchNormalization over the channels (axis 1), with its statistics: fine-tuning goes on from them. */
export function batchNormalization(node: NodeReader, { builder }: RuleContext): Activation {
  if (!node.flag("spatial", true)) {
    throw node.error(
      "normalizes each pixel on its own (spatial = 0)",
      "Only statistics of channels are supported.",
    );
  }
  if (node.flag("training_mode", false)) {
    throw node.error("is in training mode", "Export the model in evaluation mode: model.eval() in PyTorch.");
  }
  const given = node.activation(0);
  const x = given.shape.length === 1 ? given : builder.withLast(node, given, 0);
  const channels = x.shape[0];
  const constants = parameters.map(([, what], index) => node.constant(index + 1, what));
  for (const [index, { data }] of constants.entries()) {
    if (data.length === channels) continue;
    throw node.error(
      `has ${data.length} numbers as its ${parameters[index][1]} for ${channels} channels`,
      "Give inputShape if the file leaves the number of channels open.",
    );
  }
  const weights = Object.fromEntries(parameters.map(([name], index) => [name, rowOf(constants[index], x)]));
  const options = { epsilon: node.float("epsilon", 1e-5), momentum: node.float("momentum", 0.9) };
  const tensor = builder.place(node, [x.tensor], (name) => layers.batchNormalization({ name, ...options }), {
    weights,
    named: constants[0],
  });
  return { ...x, tensor };
}

/** LRN across channels; ONNX's alpha is divided by the size, as ours is. */
export function localResponseNormalization(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.withLast(node, node.activation(0), 0);
  const options = {
    size: node.int("size", 1),
    alpha: node.float("alpha", 1e-4),
    beta: node.float("beta", 0.75),
    bias: node.float("bias", 1),
  };
  const tensor = builder.place(node, [x.tensor], (name) =>
    layers.localResponseNormalization({ name, ...options }),
  );
  return { ...x, tensor };
}
