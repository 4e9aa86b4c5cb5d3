import { isKind, type Node, type OpKind } from "../graph/index.ts";
import type { Shape } from "../tensor/index.ts";
import { type Expression, evaluateExpression, number, product, sum } from "./expression.ts";

/** A position in a tensor: a number an axis, or a letter where a formula sums over the axis. */
export type Position = readonly (number | string)[];

/** How a node is called in formulas. */
export interface NodeName {
  readonly name: string;
  /** Whether it is a partial derivative, to be marked where it is used again. */
  readonly reused: boolean;
  /** Whether the first axis is the batch of one example, which subscripts leave out. */
  readonly batched: boolean;
}

/** What formulas are written with. */
export interface Notation {
  /** Nodes with a name of their own: where a formula stops, rather than being written out further. */
  readonly names: ReadonlyMap<Node, NodeName>;
  /** For each z, the node of s'(z), as the gradient rule gives it. */
  readonly slopes: ReadonlyMap<Node, Node>;
  /** The values of a node's elements in row-major order. */
  readonly values: (node: Node) => ArrayLike<number>;
}

/** The letter of the index that sums run over. */
const summationIndex = "j";

/** An element of a node as a symbol with its number: `w2[1,2]`, or `w2` where there is only one element. */
export function symbolAt(node: Node, named: NodeName, position: Position, notation: Notation): Expression {
  return {
    kind: "symbol",
    name: named.name + subscript(node.shape, position, named.batched),
    value: valueAt(node, position, notation),
    reused: named.reused,
  };
}

/**
 * The formula of one element of a node, read off the graph: each op is written out in terms of its inputs, down to the
 * nodes that have a name. The node itself is written out even when it has one.
 *
 * @throws Error for an op that the walk's graphs do not contain
 */
export function formulaOf(node: Node, position: Position, notation: Notation): Expression {
  const write = writers[node.kind];
  if (write === undefined) throw new Error(`no formula for the op ${node.kind}`);
  return write({ node, position, notation });
}

interface WriteContext {
  readonly node: Node;
  readonly position: Position;
  readonly notation: Notation;
}

type Writer = (context: WriteContext) => Expression;

/** Ops of the walk's graph and of its gradients. Partial on purpose: convolutions have no formula of a line. */
const writers: { readonly [K in OpKind]?: Writer } = {
  constant: ({ node }) => number(isKind(node, "constant") ? node.attributes.value : Number.NaN),
  add: (context) => sum([operand(context, 0), operand(context, 1)]),
  subtract: (context) => sum([operand(context, 0), product([number(-1), operand(context, 1)])]),
  multiply: (context) => product([operand(context, 0), operand(context, 1)]),
  affine: writeAffine,
  reshape: ({ node, position, notation }) => {
    const input = inputOf(node, 0);
    return termOf(input, reshaped(node.shape, position, input.shape), notation);
  },
  broadcast: (context) => operand(context, 0),
  slice: writeSlice,
  reduceSum: writeReduceSum,
  matmul: writeMatmul,
  sigmoid: writeNonLinearity,
  tanh: writeNonLinearity,
  relu: writeNonLinearity,
  gelu: writeNonLinearity,
  sigmoidGradient: (context) => writeSlope(context, inputOf(inputOf(context.node, 0), 0)),
  tanhGradient: (context) => writeSlope(context, inputOf(inputOf(context.node, 0), 0)),
  reluGradient: (context) => writeSlope(context, inputOf(inputOf(context.node, 0), 0)),
  geluGradient: (context) => writeSlope(context, inputOf(context.node, 0)),
  softmaxCrossEntropy: writeCrossEntropy,
  softmaxCrossEntropyGradient: writeCrossEntropyGradient,
};

/** A node inside a formula: its symbol when it has a name, else its own formula. */
function termOf(node: Node, position: Position, notation: Notation): Expression {
  const named = notation.names.get(node);
  return named === undefined
    ? formulaOf(node, position, notation)
    : symbolAt(node, named, position, notation);
}

/** Input `index` of an elementwise op, at the position that broadcasting gives it. */
function operand({ node, position, notation }: WriteContext, index: number): Expression {
  const input = inputOf(node, index);
  const offset = position.length - input.shape.length;
  const own = input.shape.map((size, axis) => (size === 1 ? 0 : (position[axis + offset] ?? 0)));
  return termOf(input, own, notation);
}

function writeAffine(context: WriteContext): Expression {
  if (!isKind(context.node, "affine")) throw new Error("affine expected");
  const { factor, offset } = context.node.attributes;
  return sum([product([number(factor), operand(context, 0)]), number(offset)]);
}

function writeReduceSum({ node, position, notation }: WriteContext): Expression {
  if (!isKind(node, "reduceSum")) throw new Error("reduceSum expected");
  const { axes, keepDimensions } = node.attributes;
  const input = inputOf(node, 0);
  const kept = input.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const outer = input.shape.map<number | string>(() => 0);
  for (const [order, axis] of kept.entries()) outer[axis] = position[keepDimensions ? axis : order] ?? 0;
  const summed = axes.filter((axis) => (input.shape[axis] ?? 1) > 1);
  const [axis] = summed;
  if (axis === undefined) return termOf(input, outer, notation);
  if (summed.length > 1) throw new Error("no formula for a sum over two axes");
  return sumOver(input.shape[axis] ?? 1, (index) => termOf(input, outer.with(axis, index), notation));
}

function writeMatmul({ node, position, notation }: WriteContext): Expression {
  if (!isKind(node, "matmul")) throw new Error("matmul expected");
  const { transposeA, transposeB } = node.attributes;
  const a = inputOf(node, 0);
  const b = inputOf(node, 1);
  const [row = 0, column = 0] = position;
  const depth = a.shape[transposeA ? 0 : 1] ?? 1;
  // A weight is written before what it weighs, and a derivative before all else, as textbooks have it.
  return sumOver(depth, (index) => {
    const left = termOf(a, transposeA ? [index, row] : [row, index], notation);
    const right = termOf(b, transposeB ? [column, index] : [index, column], notation);
    const weightFirst = isKind(b, "variable") && !isReused(left);
    return product(weightFirst || isReused(right) ? [right, left] : [left, right]);
  });
}

function isReused(expression: Expression): boolean {
  return expression.kind === "symbol" && expression.reused;
}

function writeNonLinearity(context: WriteContext): Expression {
  const { node, position, notation } = context;
  const value = valueAt(node, position, notation);
  return { kind: "call", name: "s", argument: operand(context, 0), value, opaque: false };
}

function writeSlope(context: WriteContext, z: Node): Expression {
  return product([operand(context, 1), slopeAt(z, context.position, context.notation)]);
}

/** s'(z) at an element of z, with the number that the gradient rule gives it. */
export function slopeAt(z: Node, position: Position, notation: Notation): Expression {
  const slope = notation.slopes.get(z);
  if (slope === undefined) throw new Error("no slope for a non-linearity");
  const value = valueAt(slope, position, notation);
  return { kind: "call", name: "s'", argument: termOf(z, position, notation), value, opaque: true };
}

function writeSlice({ node, position, notation }: WriteContext): Expression {
  if (!isKind(node, "slice")) throw new Error("slice expected");
  const { begin } = node.attributes;
  const from = position.map((index, axis) => (typeof index === "number" ? index + begin[axis] : index));
  return termOf(inputOf(node, 0), from, notation);
}

/** -t ln(σ(y)) - (1 - t) ln(1 - σ(y)): the walk's cross-entropy has two classes, with the logits y and 0. */
function writeCrossEntropy({ node, position: [row], notation }: WriteContext): Expression {
  const { p, t } = yesOrNo(node, row, notation);
  const otherwise = (value: Expression) => sum([number(1), product([number(-1), value])]);
  return sum([
    product([number(-1), t, logarithm(p)]),
    product([number(-1), otherwise(t), logarithm(otherwise(p))]),
  ]);
}

/** The gradient by y is σ(y) - t. */
function writeCrossEntropyGradient({ node, position: [row], notation }: WriteContext): Expression {
  const { p, t } = yesOrNo(node, row, notation);
  const outer = termOf(inputOf(node, 2), [row], notation);
  return product([outer, sum([p, product([number(-1), t])])]);
}

/** The probability of a yes, and what it should be, of a row of two classes. */
function yesOrNo(node: Node, row: number | string, notation: Notation) {
  const y = termOf(inputOf(inputOf(node, 0), 0), [row, 0], notation);
  const t = termOf(inputOf(inputOf(node, 1), 0), [row, 0], notation);
  const value = 1 / (1 + Math.exp(-evaluateExpression(y)));
  return { p: { kind: "call", name: "σ", argument: y, value, opaque: false }, t } as const;
}

function logarithm(argument: Expression): Expression {
  const value = Math.log(evaluateExpression(argument));
  return { kind: "call", name: "ln", argument, value, opaque: false };
}

function sumOver(size: number, term: (index: number | string) => Expression): Expression {
  const terms = Array.from({ length: size }, (_, index) => term(index));
  return sum(terms, size === 1 ? null : { index: summationIndex, term: term(summationIndex) });
}

/** The position in another shape of the same elements; only axes of size 1 may come or go. */
function reshaped(from: Shape, position: Position, to: Shape): Position {
  const kept = position.filter((_, axis) => (from[axis] ?? 1) > 1);
  if (kept.length !== to.filter((size) => size > 1).length) throw new Error("no formula for this reshape");
  return to.map((size) => (size > 1 ? (kept.shift() ?? 0) : 0));
}

/** `[2,j]`, counted from 1; nothing where there is one element. */
function subscript(shape: Shape, position: Position, batched: boolean): string {
  if (shape.every((size) => size === 1)) return "";
  const shown = batched ? position.slice(1) : position;
  return `[${shown.map((index) => (typeof index === "number" ? index + 1 : index)).join(",")}]`;
}

function valueAt(node: Node, position: Position, notation: Notation): number {
  let flat = 0;
  for (const [axis, size] of node.shape.entries()) {
    const index = position[axis] ?? 0;
    if (typeof index === "string") return Number.NaN;
    flat = flat * size + index;
  }
  return notation.values(node)[flat] ?? Number.NaN;
}

function inputOf(node: Node, index: number): Node {
  const input = node.inputs[index];
  if (input === undefined) throw new Error(`${node.kind} has no input ${index}`);
  return input;
}
