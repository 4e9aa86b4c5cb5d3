import type { OnnxNode } from "../../../formats/index.ts";
import type { LayerBuilder } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import type { Activation, Value } from "../values.ts";

/** What rules see of the graph that is imported. */
export interface RuleContext {
  readonly builder: LayerBuilder;
  /** The value of a name, as far as it is made already. */
  valueOf(name: string): Value | undefined;
  /** The nodes that take a value; `null` when it is the model's output as well. */
  consumersOf(name: string): readonly OnnxNode[] | null;
  /** A node whose work another has done: it gives on what it takes. */
  absorb(node: OnnxNode): void;
}

/** Makes layers of a node: one value for each of its outputs that is used. */
export type Rule = (node: NodeReader, context: RuleContext) => Activation | readonly Activation[];
