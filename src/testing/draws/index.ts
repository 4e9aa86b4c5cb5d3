import { augmentDraws } from "./augment.ts";
import type { DrawScale, OpDraws } from "./draw.ts";
import { elementwiseDraws } from "./elementwise.ts";
import { imageDraws } from "./images.ts";
import { learningDraws } from "./learning.ts";
import { shapeDraws } from "./shapes.ts";
import { visionDraws } from "./vision.ts";

export { buildCase, type DrawScale, type OpCase, type OpDraw, type OpDraws } from "./draw.ts";
export { type ModelOp, modelOps } from "./models.ts";
export { type UpdateDraw, updateDraws } from "./updates.ts";

/** Generators of every kind of op: a kind without one is a compile error. */
export function opDraws(scale: DrawScale): OpDraws {
  return {
    ...elementwiseDraws(scale),
    ...shapeDraws(scale),
    ...imageDraws(scale),
    ...learningDraws(scale),
    ...visionDraws(scale),
    ...augmentDraws(scale),
  };
}
