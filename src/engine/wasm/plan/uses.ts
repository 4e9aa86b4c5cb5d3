import { isKind, type Node, type OpKind } from "../../../graph/index.ts";
import type { Fusion } from "../lower/fused.ts";

/** The nodes that read each node's value, in order, each once. */
export function usersOf(order: readonly Node[]): Map<Node, Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of order) {
    for (const input of new Set(node.inputs)) {
      const known = users.get(input);
      if (known === undefined) users.set(input, [node]);
      else known.push(node);
    }
  }
  return users;
}

/** Who uses what in a graph, and what has been fused already. */
export class Uses {
  readonly fusions: Fusion[] = [];
  readonly #users: ReadonlyMap<Node, readonly Node[]>;
  readonly #kept: ReadonlySet<Node>;
  readonly #fusionOf = new Map<Node, Fusion>();

  constructor(order: readonly Node[], kept: ReadonlySet<Node>) {
    this.#users = usersOf(order);
    this.#kept = kept;
  }

  /** All nodes that read a node's value. */
  of(node: Node): readonly Node[] {
    return this.#users.get(node) ?? [];
  }

  /** Whether nobody but `users` needs a node's value. */
  isOnlyFor(node: Node, users: readonly Node[]): boolean {
    return !this.#kept.has(node) && this.of(node).every((user) => users.includes(user));
  }

  /** The node of some kind that alone reads a node's value. */
  soleUser<K extends OpKind>(node: Node, kind: K): Node<K> | null {
    const [user] = this.of(node);
    return user !== undefined && isKind(user, kind) && this.isOnlyFor(node, [user]) ? user : null;
  }

  /** The fusion that a node belongs to. */
  fusionOf(node: Node): Fusion | null {
    return this.#fusionOf.get(node) ?? null;
  }

  claim(fusion: Fusion): void {
    this.fusions.push(fusion);
    for (const member of fusion.members) this.#fusionOf.set(member, fusion);
  }
}
