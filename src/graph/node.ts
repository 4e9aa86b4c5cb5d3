import type { DType, Shape, TensorType } from "../tensor/index.ts";
import type { OpAttributes, OpKind, UpdateAttributes, UpdateKind } from "./kinds.ts";

/**
 * One op of a graph and its single result. Nodes are immutable and are their own identity: a graph is whatever can be
 * reached from its outputs. Build them with `ops` (which checks shapes), never by hand.
 */
export interface Node<K extends OpKind = OpKind> extends TensorType {
  readonly kind: K;
  readonly attributes: OpAttributes[K];
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** Path of the layer that made it (`features/conv1`), for errors and profiles; "" outside layers. */
  readonly scope: string;
}

/** A node of any kind as a discriminated union: `switch (node.kind)` narrows its attributes. */
export type AnyNode = { [K in OpKind]: Node<K> }[OpKind];

/** A change of state at the end of a step. */
export interface Update<K extends UpdateKind = UpdateKind> {
  readonly kind: K;
  readonly attributes: UpdateAttributes[K];
  /** What changes. */
  readonly variable: Node<"variable">;
  /** The gradient, or the new value of a moving average; same shape as the variable. */
  readonly value: Node;
  /** The update's own state, same shape as the variable. */
  readonly slots: readonly Node<"variable">[];
  /** Numbers that change from step to step; none for a moving average. */
  readonly hyper: Node | null;
}

export type AnyUpdate = { [K in UpdateKind]: Update<K> }[UpdateKind];

/** What an engine compiles: named results and changes of state, all in one step. */
export interface Graph {
  readonly outputs: Readonly<Record<string, Node>>;
  readonly updates: readonly Update[];
}

/** Narrows a node to one kind. */
export function isKind<K extends OpKind>(node: Node, kind: K): node is Node<K> {
  return node.kind === kind;
}
