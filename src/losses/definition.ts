import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import type { Fields, Resolved } from "../options/index.ts";

/** All that the system knows of a kind of loss. */
export interface LossDefinition<O extends object> {
  readonly fields: Fields<O>;
  /**
   * The loss of each example.
   *
   * Shapes: output [N, classes], labels int32 [N] -> [N].
   */
  readonly perExample: (options: Resolved<O>, build: Build, output: Node, labels: Node) => Node;
}
