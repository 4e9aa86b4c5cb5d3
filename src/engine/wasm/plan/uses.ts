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

/** max(x, 0), or min(max(x, 0), ceiling) as ReLU6 is. */
export interface Rectifier {
  readonly node: Node;
  /** Infinity where there is none. */
  readonly ceiling: number;
}

/** A node as a rectifier, if it is one. */
export function rectifierOf(node: Node): Rectifier | null {
  if (isKind(node, "relu")) return { node, ceiling: Infinity };
  if (!isKind(node, "clip")) return null;
  const { minimum, maximum } = node.attributes;
  return minimum === 0 && maximum > 0 ? { node, ceiling: maximum } : null;
}

/** The gradient of a rectifier: dy where y, the rectifier's result, is positive and below the ceiling. */
export interface RectifierGate {
  readonly node: Node;
  readonly y: Node;
  readonly dy: Node;
  readonly ceiling: number;
}

/** A node as the gradient of a rectifier, if it is one. */
export function gateOf(node: Node): RectifierGate | null {
  const [y, dy] = node.inputs;
  if (isKind(node, "reluGradient")) return { node, y, dy, ceiling: Infinity };
  if (!isKind(node, "clipGradient")) return null;
  const { minimum, maximum } = node.attributes;
  return minimum === 0 && maximum > 0 ? { node, y, dy, ceiling: maximum } : null;
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

  /** The rectifier, with or without a ceiling, that alone reads a node's value. */
  soleRectifier(node: Node): Rectifier | null {
    const [user] = this.of(node);
    return user !== undefined && this.isOnlyFor(node, [user]) ? rectifierOf(user) : null;
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
