import { isKind, type Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";

/** Input that says of each row which class it is about: float32 `[N, classes]`, 1 at the class. */
export const classesInput = "classes";

/**
 * What the model gives each row's class. A softmax at the end makes gradients small where the model is sure, and mixes the classes:
 * what goes into it counts.
 *
 * Shapes: `[N, classes]` -> `[N]`.
 */
export function classScore(build: Build, output: Node): Node {
  const scores = beforeSoftmax(build, output);
  const select = build("input", [], { name: classesInput, shape: scores.shape, dtype: "float32" });
  return build("reduceSum", [build("multiply", [scores, select], {})], { axes: [1], keepDimensions: false });
}

function beforeSoftmax(build: Build, output: Node): Node {
  let end = output;
  while (isKind(end, "reshape")) end = end.inputs[0];
  if (!isKind(end, "softmax") && !isKind(end, "logSoftmax")) return output;
  return build("reshape", [end.inputs[0]], { shape: output.shape });
}

/** What {@link classesInput} is fed; a row without a class has a score of 0. */
export function oneHot(classes: readonly (number | null)[], count: number): Tensor<"float32"> {
  const rows = Tensor.zeros("float32", [classes.length, count]);
  for (const [row, index] of classes.entries()) if (index !== null) rows.data[row * count + index] = 1;
  return rows;
}
