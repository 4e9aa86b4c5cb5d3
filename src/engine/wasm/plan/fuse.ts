import { isKind, type Node, type OpKind } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { usersOf } from "./users.ts";

/** A product or convolution together with the bias and the rectifier that ride on it. */
export interface Fusion {
  readonly producer: Node<"matmul"> | Node<"conv2d">;
  readonly bias: Node | null;
  readonly rectify: boolean;
  /** The node whose value the fused kernel writes; the other members have no buffer. */
  readonly target: Node;
  readonly members: readonly Node[];
  /** The member in whose place all are computed: what they read comes before it, what reads them behind. */
  readonly turn: Node;
}

/**
 * Finds the chains product -> add of a bias -> relu whose inner values nobody else reads.
 *
 * @param order - all nodes of the graph in topological order
 * @param kept - nodes whose value is needed as such: outputs, and what updates read
 */
export function findFusions(order: readonly Node[], kept: ReadonlySet<Node>): Fusion[] {
  const users = usersOf(order);
  const soleUser = <K extends OpKind>(node: Node, kind: K): Node<K> | null => {
    const own = users.get(node) ?? [];
    const [user] = own;
    return own.length === 1 && !kept.has(node) && isKind(user, kind) ? user : null;
  };

  const fusions: Fusion[] = [];
  for (const producer of order) {
    if (!isKind(producer, "matmul") && !isKind(producer, "conv2d")) continue;
    const added = soleUser(producer, "add");
    const bias = added === null ? null : biasOf(added, producer);
    const biased = added !== null && bias !== null ? added : producer;
    const rectified = soleUser(biased, "relu");
    const target = rectified ?? biased;
    if (target === producer) continue;
    const members = [...new Set([producer, biased, target])];
    fusions.push({ producer, bias, rectify: rectified !== null, target, members, turn: target });
  }
  return fusions;
}

/** The other operand of `added` if it is one number for each column of the product. */
function biasOf(added: Node<"add">, producer: Node): Node | null {
  const [left, right] = added.inputs;
  const other = left === producer ? right : left;
  const columns = producer.shape.at(-1);
  const isRow = other !== producer && other.shape.at(-1) === columns && sizeOf(other.shape) === columns;
  return isRow && other.dtype === "float32" && added.shape.length === producer.shape.length ? other : null;
}
