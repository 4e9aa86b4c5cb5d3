import type { SymbolicTensor } from "../../../layers/index.ts";
import type { OpContext } from "../builder.ts";
import type { Value } from "../values.ts";

/** Makes layers of a node: what they give, or what is known of its output. */
export type OpImporter = (context: OpContext) => SymbolicTensor | Value;
