import { isKind, type Node } from "../../../graph/index.ts";
import { lowerNormalize, type NormalizeEpilogue } from "./batch-norm.ts";
import {
  type Gate,
  lowerNormalizeGradient,
  lowerNormalizeReduce,
  type NormalizeGradientOperands,
} from "./batch-norm-gradient.ts";
import { lowerSplit } from "./columns.ts";
import { lowerConvolution, lowerInputGradient } from "./convolution.ts";
import { lowerRectifiedSum } from "./elementwise.ts";
import type { LoweringContext } from "./lowering.ts";
import { lowerProduct } from "./matrix.ts";
import { lowerRectifiedPoolGradient } from "./pool.ts";
import { lowerGatedSums } from "./reduce.ts";
import type { Epilogue } from "./riders.ts";

/** All kinds of groups of nodes that are computed in one; what they consist of is found in plan/patterns/. */
interface Fused {
  /** A product or convolution with bias, residual and rectifier, or their gradient with another added and a gate. */
  product: {
    readonly producer: Node<"matmul"> | Node<"conv2d"> | Node<"conv2dInputGradient">;
    readonly epilogue: Epilogue;
  };
  /** A normalization with residual and rectifier. */
  normalize: { readonly normalize: Node<"batchNormalize">; readonly epilogue: NormalizeEpilogue };
  /** The sums over the batch of a gradient that passes a rectifier's gate first. */
  normalizeReduce: { readonly reduce: Node<"batchNormalizeReduce">; readonly gate: Gate };
  /** Both terms of the gradient of what was normalized by its own moments. */
  normalizeGradient: { readonly operands: NormalizeGradientOperands; readonly epsilon: number };
  /** The gradient of a maximum of what a rectifier gave, through the rectifier. */
  rectifiedPoolGradient: { readonly gradient: Node<"maxPool2dGradient">; readonly target: Node };
  /** The gradient of a rectifier and its sums over all axes but the last. */
  gatedSums: { readonly gradient: Node<"reluGradient">; readonly sums: Node<"reduceSum"> };
  /** Slices of one value that are columns of it side by side. */
  split: { readonly slices: readonly Node<"slice">[] };
  /** max(0, a + b). */
  rectifiedSum: { readonly sum: Node<"add">; readonly target: Node };
}

type FusedKind = keyof Fused;

/** What every fusion has. */
interface Group<K extends FusedKind> {
  readonly kind: K;
  /** The nodes that are computed. Those whose value nobody else reads have no memory. */
  readonly members: readonly Node[];
  /** The member in whose place all are computed: what they read comes before it, what reads them behind. */
  readonly turn: Node;
}

type FusionOf<K extends FusedKind> = Group<K> & Fused[K];

/** Nodes that are computed together. */
export type Fusion = { readonly [K in FusedKind]: FusionOf<K> }[FusedKind];

const lowerings: { readonly [K in FusedKind]: (fusion: FusionOf<K>, context: LoweringContext) => void } = {
  product: ({ producer, epilogue }, context) => {
    if (isKind(producer, "matmul")) lowerProduct(producer, epilogue, context);
    else if (isKind(producer, "conv2d")) lowerConvolution(producer, epilogue, context);
    else if (isKind(producer, "conv2dInputGradient")) lowerInputGradient(producer, epilogue, context);
  },
  normalize: ({ normalize, epilogue }, context) => lowerNormalize(normalize, epilogue, context),
  normalizeReduce: ({ reduce, gate }, context) => lowerNormalizeReduce(reduce, gate, context),
  normalizeGradient: ({ operands, epsilon }, context) => lowerNormalizeGradient(operands, epsilon, context),
  rectifiedPoolGradient: ({ gradient, target }, context) =>
    lowerRectifiedPoolGradient(gradient, target, context),
  gatedSums: ({ gradient, sums }, context) => lowerGatedSums(gradient, sums, context),
  split: ({ slices }, context) => lowerSplit(slices, context),
  rectifiedSum: ({ sum, target }, context) => lowerRectifiedSum(sum, target, context),
};

/** Emits the kernel calls of a fusion. */
export function lowerFusion<K extends FusedKind>(fusion: FusionOf<K>, context: LoweringContext): void {
  lowerings[fusion.kind](fusion, context);
}
