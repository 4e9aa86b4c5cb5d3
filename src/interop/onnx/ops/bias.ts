import type { NodeReader } from "../node.ts";
import { type Constant, numbersOf } from "../values.ts";
import type { RuleContext } from "./rule.ts";

/**
 * The bias that a node of its own adds: writers that know no bias of MatMul or Conv put an `Add` behind. It becomes the
 * layer's, and the `Add` gives on what it takes.
 *
 * @param trailing - axes behind the channels: 2 for images, 0 for rows
 */
export function followingBias(
  node: NodeReader,
  context: RuleContext,
  channels: number,
  trailing: number,
): Constant | undefined {
  const [consumer, ...others] = context.consumersOf(node.output) ?? [];
  if (consumer === undefined || others.length > 0 || consumer.opType !== "Add") return undefined;
  const name = consumer.input.find((input) => input !== node.output);
  const bias = name === undefined ? undefined : context.valueOf(name);
  if (bias?.kind !== "constant" || bias.data.length !== channels || numbersOf(bias) === null)
    return undefined;
  // [..., 1, channels, 1, 1]: one number a channel and nothing that adds axes.
  const axis = bias.shape.length - 1 - trailing;
  const isRow = bias.shape.every((size, index) => size === (index === axis ? channels : 1));
  if (axis < 0 || !isRow || bias.shape.length > trailing + 2) return undefined;
  context.absorb(consumer);
  return bias;
}
