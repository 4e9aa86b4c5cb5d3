import type { Node, OpAttributes, OpKind, UpdateAttributes, UpdateKind } from "../graph/index.ts";
import type { TensorType } from "../tensor/index.ts";

/**
 * Builds a node of any kind. Gradient rules get it as an argument, so that no rule's file imports the table
 * that imports it.
 */
export type Build = <K extends OpKind>(
  kind: K,
  inputs: readonly Node[],
  attributes: OpAttributes[K],
) => Node<K>;

/** What a rule knows of a node whose shape is not known yet. */
export interface ShapeContext<K extends OpKind> {
  readonly inputs: readonly TensorType[];
  readonly attributes: OpAttributes[K];
  /** Op and layer path, as errors name it. */
  readonly where: string;
}

/** What the float64 reference of an op computes from. Every value is a Float64Array, integers too. */
export interface ReferenceContext<K extends OpKind> {
  readonly node: Node<K>;
  readonly inputs: readonly Float64Array[];
  /** To be filled; it holds zeros. */
  readonly output: Float64Array;
}

/** Work of one op: multiply and add count as two floating-point operations; bytes are those read and written once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/**
 * The gradient of a scalar with respect to each input of `node`, given the one with respect to its output.
 * One entry an input, `null` where not differentiable. The entries may have the broadcast shape: the reverse walk
 * sums them down. `wanted[i]` is false where nobody needs the entry: a rule then may return `null`.
 */
export type GradientRule<K extends OpKind> = (
  node: Node<K>,
  outputGradient: Node,
  build: Build,
  wanted: readonly boolean[],
) => readonly (Node | null)[];

/** All that the system knows of an op. */
export interface OpRule<K extends OpKind> {
  /** Type of the result. Throws a ShapeError that says what was expected, what came and how to mend it. */
  readonly shape: (context: ShapeContext<K>) => TensorType;
  /** `null` for ops that have no gradient: leaves, integer results, and gradients that are not differentiated again. */
  readonly gradient: GradientRule<K> | null;
  /** Float64 computation by the formula, as plain as can be; the other engines are held against it. */
  readonly reference: (context: ReferenceContext<K>) => void;
  readonly cost: (node: Node<K>) => Cost;
}

/** Names of an update's slots, and its float64 reference, which changes `variable` and `slots` in place. */
export interface UpdateRule<K extends UpdateKind> {
  readonly slots: readonly string[];
  /** Length of the `hyper` vector. */
  readonly hyperLength: number;
  readonly reference: (
    attributes: UpdateAttributes[K],
    variable: Float64Array,
    value: Float64Array,
    slots: readonly Float64Array[],
    hyper: Float64Array,
  ) => void;
}
