import type { Node, OpAttributes, OpKind } from "../graph/index.ts";
import type { Build } from "./rule.ts";
import { opTable } from "./table.ts";

/**
 * A function that builds nodes, checking shapes as it goes.
 *
 * @param scope - path of the layer that builds, for errors and profiles
 */
export function createBuild(scope = ""): Build {
  return <K extends OpKind>(kind: K, inputs: readonly Node[], attributes: OpAttributes[K]): Node<K> => {
    const where = scope === "" ? kind : `${kind} in ${scope}`;
    const { shape, dtype } = opTable[kind].shape({ inputs, attributes, where });
    return Object.freeze({ kind, attributes, inputs, shape, dtype, scope });
  };
}
