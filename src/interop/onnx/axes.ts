import { formatShape, type Shape, sizeOf } from "../../tensor/index.ts";
import type { NodeReader } from "./node.ts";
import { batch, type Constant, type Element, range } from "./values.ts";

/** An axis counted from 0, where -1 is the last. */
export function axisOf(node: NodeReader, axis: number, rank: number): number {
  const position = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(position) && position >= 0 && position < rank) return position;
  throw node.error(
    `names axis ${axis} of a value with ${rank} axes`,
    "The file is damaged: export it again.",
  );
}

/** An axis of a value that depends on the examples, counted without the batch. */
export function exampleAxis(node: NodeReader, axis: number, shape: Shape): number {
  const position = axisOf(node, axis, shape.length + 1);
  if (position > 0) return position - 1;
  throw node.error("works along the batch (axis 0)", "No layer mixes the examples of a batch.");
}

/** The part of an axis that a slice takes. */
export interface Cut {
  readonly axis: number;
  readonly begin: number;
  readonly step: number;
  readonly count: number;
}

/** What `Slice` takes of each axis that it names: attributes before operator set 10, inputs since. */
export function cutsOf(node: NodeReader, sizeOfAxis: (axis: number) => number, rank: number): readonly Cut[] {
  const starts = node.numbersOf("starts", 1, 10) ?? [];
  const ends = node.numbersOf("ends", 2, 10) ?? [];
  const axes = node.numbersOf("axes", 3, 10) ?? range(starts.length);
  const steps = (node.opset >= 10 ? node.numbers(4, "steps") : undefined) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw node.error(
      `has ${starts.length} starts, ${ends.length} ends, ${axes.length} axes and ${steps.length} steps`,
      "There must be as many of each: the file is damaged.",
    );
  }
  return axes.map((named, index) => {
    const axis = axisOf(node, named, rank);
    const size = sizeOfAxis(axis);
    const step = steps[index];
    if (step === 0) throw node.error("has a step of 0", "The file is damaged: export it again.");
    // Bounds count from the end where negative, and are drawn in to the axis, before its beginning for steps back.
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const drawnIn = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, low), high);
    const begin = drawnIn(starts[index]);
    // The least integer means "before the beginning" for steps back.
    const end = drawnIn(ends[index]);
    return { axis, begin, step, count: Math.max(0, Math.ceil((end - begin) / step)) };
  });
}

/**
 * The shape that `Reshape` asks for: 0 copies a size of the input (unless allowzero says otherwise), -1 is worked out.
 *
 * @param input - sizes of the input; the batch may be among them
 * @returns sizes of a constant
 */
export function reshapeTarget(node: NodeReader, target: Constant, input: readonly number[]): Shape {
  const copies = node.opset < 14 || !node.flag("allowzero", false);
  const sizes = Array.from(target.data, (element, axis): number => {
    if (element === batch)
      throw node.error("reshapes a constant to the size of the batch", "No layer does so.");
    return element === 0 && copies ? (input[axis] ?? 0) : element;
  });
  const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const shape = sizes.map((size) => (size === -1 ? sizeOf(input) / known : size));
  if (sizeOf(shape) === sizeOf(input) && shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    return shape;
  throw cannotReshape(node, formatShape(input), Array.from(target.data));
}

/** The error of a reshape that does not come out. */
export function cannotReshape(node: NodeReader, input: string, target: readonly Element[]): Error {
  const sizes = target.map((size) => (size === batch ? "batch" : size));
  return node.error(
    `cannot reshape ${input} to [${sizes.join(", ")}]`,
    "The batch must stay the first axis, and all sizes must be those of the model's input: give inputShape if it has others.",
  );
}
