import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { type Shape, sameShape } from "../tensor/index.ts";

/**
 * The transpose of broadcasting: sums a gradient over the axes along which a value of shape `shape` was repeated.
 * Returns the gradient itself when nothing was.
 */
export function sumDown(gradient: Node, shape: Shape, build: Build): Node {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) => {
    const repeated = axis < lead || (shape[axis - lead] === 1 && size > 1);
    return repeated ? [axis] : [];
  });
  const repeats = axes.some((axis) => gradient.shape[axis] > 1);
  const summed = repeats ? build("reduceSum", [gradient], { axes, keepDimensions: lead === 0 }) : gradient;
  return sameShape(summed.shape, shape) ? summed : build("reshape", [summed], { shape });
}
