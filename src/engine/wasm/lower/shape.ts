import type { Node } from "../../../graph/index.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/index.ts";
import { type Axis, axisTable, broadcastStrides, mergeAxes, productOf, rowsOf } from "./axes.ts";
import { type Columns, emitColumns, mostParts } from "./columns.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";

/** Where a copy reads and writes; offsets are in elements. */
interface CopyEnds {
  readonly source: Buffer;
  readonly target: Buffer;
  readonly sourceOffset?: number;
  readonly targetOffset?: number;
}

/**
 * Copies elements along `axes`, whose two strides are those of the source (0 repeats it) and of the target.
 * The innermost axis is best contiguous in both.
 */
export function emitCopy(context: LoweringContext, ends: CopyEnds, axes: readonly Axis[]): void {
  const { source, target, sourceOffset = 0, targetOffset = 0 } = ends;
  const { outer, inner } = rowsOf(axes);
  const columns = inner.size;
  const rows = productOf(outer);
  const columnsPerChunk = Math.min(columns, ELEMENTS_PER_CHUNK);
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / columns));
  const table = context.table(axisTable(outer));
  context.emit({
    kernel: "copy",
    arguments: {
      source: { buffer: source, offset: 4 * sourceOffset },
      target: { buffer: target, offset: 4 * targetOffset },
      ...{ axes: table, axisCount: outer.length, rows, columns, splat: inner.strides[0] === 0 ? 1 : 0 },
      ...{ rowsPerChunk, columnsPerChunk },
    },
    chunks: chunksFor(rows, rowsPerChunk) * chunksFor(columns, columnsPerChunk),
    reads: [source, table],
    writes: [target],
  });
}

/** Offset of the element at `position` in a value of shape `shape`. */
function offsetOf(shape: Shape, position: Shape): number {
  const strides = stridesOf(shape);
  return position.reduce((sum, index, axis) => sum + index * strides[axis], 0);
}

export const lowerSlice: Lowering<"slice"> = (node, context) => {
  const [x] = node.inputs;
  const { begin, size } = node.attributes;
  const ends = {
    source: context.buffer(x),
    target: context.buffer(node),
    sourceOffset: offsetOf(x.shape, begin),
  };
  emitCopy(context, ends, mergeAxes(size, [stridesOf(x.shape), stridesOf(size)]));
};

export const lowerConcatenate: Lowering<"concatenate"> = (node, context) => {
  const target = context.buffer(node);
  const strides = stridesOf(node.shape);
  const { axis } = node.attributes;
  if (axis > 0 && axis === node.shape.length - 1) {
    joinColumns(node, context);
    return;
  }
  let targetOffset = 0;
  for (const input of node.inputs) {
    const ends = { source: context.buffer(input), target, targetOffset };
    emitCopy(context, ends, mergeAxes(input.shape, [stridesOf(input.shape), strides]));
    targetOffset += input.shape[axis] * strides[axis];
  }
};

/** A concatenation along the last axis: runs of parts, as many as go at once, of those that do not lie there already. */
function joinColumns(node: Node<"concatenate">, context: LoweringContext): void {
  const wide = context.buffer(node);
  let first = 0;
  let parts: Columns["parts"][number][] = [];
  const flush = () => {
    if (parts.length > 0) emitColumns("joinColumns", { wide, shape: node.shape, first, parts }, context);
    first += parts.reduce((sum, { columns }) => sum + columns, 0);
    parts = [];
  };
  for (const input of node.inputs) {
    const columns = input.shape[input.shape.length - 1];
    if (context.rowStride(input) !== null) {
      flush();
      first += columns;
      continue;
    }
    parts.push({ buffer: context.buffer(input), columns });
    if (parts.length === mostParts) flush();
  }
  flush();
}

export const lowerBroadcast: Lowering<"broadcast"> = (node, context) => {
  const [x] = node.inputs;
  const strides = [broadcastStrides(x.shape, node.shape), stridesOf(node.shape)];
  const ends = { source: context.buffer(x), target: context.buffer(node) };
  emitCopy(context, ends, mergeAxes(node.shape, strides));
};

/** An axis of a padded value: elements before, of, and after the source. */
interface PaddedAxis {
  readonly before: number;
  readonly inside: number;
  readonly after: number;
}

/** An axis without padding becomes one with its outer neighbour. */
function mergePadding(axes: readonly PaddedAxis[]): PaddedAxis[] {
  const merged: PaddedAxis[] = [];
  for (const axis of axes) {
    const outer = merged.at(-1);
    if (outer === undefined || axis.before > 0 || axis.after > 0) {
      merged.push(axis);
      continue;
    }
    const { before, inside, after } = outer;
    const scaled = { before: before * axis.inside, inside: inside * axis.inside, after: after * axis.inside };
    merged[merged.length - 1] = scaled;
  }
  return merged;
}

export const lowerPad: Lowering<"pad"> = (node, context) => {
  const [x] = node.inputs;
  const { before, after, value } = node.attributes;
  const merged = mergePadding(
    x.shape.map((inside, axis) => ({ before: before[axis], inside, after: after[axis] })),
  );
  // The kernel wants an axis of rows and one of columns, whatever the shape.
  const single: PaddedAxis = { before: 0, inside: 1, after: 0 };
  const axes = [...Array<PaddedAxis>(Math.max(0, 2 - merged.length)).fill(single), ...merged];
  const source = context.buffer(x);
  const target = context.buffer(node);
  const inner = axes[axes.length - 1];
  const outer = axes.slice(0, -1);
  const columns = inner.before + inner.inside + inner.after;
  const rows = sizeOf(node.shape) / columns;
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / columns));
  const sourceStrides = stridesOf(axes.map(({ inside }) => inside));
  const words = outer.flatMap((axis, index) => [
    axis.before + axis.inside + axis.after,
    axis.before,
    axis.inside,
    4 * sourceStrides[index],
  ]);
  const table = context.table(words);
  context.emit({
    kernel: "pad",
    arguments: {
      ...{ source, target, axes: table, axisCount: outer.length, rows, columns },
      ...{ before: inner.before, inside: inner.inside, value, rowsPerChunk },
    },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: [source, table],
    writes: [target],
  });
};
