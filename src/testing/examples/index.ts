import type { OpExamples } from "../op-values.ts";
import { augmentExamples } from "./augment.ts";
import { elementwiseExamples } from "./elementwise.ts";
import { imageExamples } from "./images.ts";
import { learningExamples } from "./learning.ts";
import { shapeExamples } from "./shapes.ts";
import { visionExamples } from "./vision.ts";

/** Examples of all kinds, worked out by hand. */
export const opExamples: OpExamples = {
  ...elementwiseExamples,
  ...shapeExamples,
  ...imageExamples,
  ...learningExamples,
  ...visionExamples,
  ...augmentExamples,
};
